-- How Argo CD is to judge a BorgBackupTarget or a BorgServer: obj is the resource.
-- Stalled waits for a person; Reconciling and an older generation go on by themselves.
local health = {status = "Progressing", message = "waiting for borg-operator"}
if obj.status == nil or obj.status.conditions == nil then
  return health
end
if obj.status.observedGeneration ~= obj.metadata.generation then
  return health
end
local seen = {}
for _, condition in ipairs(obj.status.conditions) do
  seen[condition.type] = condition
end
local ready = seen["Ready"]
if ready == nil then
  return health
end
health.message = ready.message
if ready.status == "True" then
  health.status = "Healthy"
elseif seen["Stalled"] ~= nil and seen["Stalled"].status == "True" then
  health.status = "Degraded"
end
return health
