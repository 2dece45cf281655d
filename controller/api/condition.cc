#include "controller/api/condition.h"

#include <algorithm>
#include <utility>

#include "controller/api/object_meta.h"
#include "engine/base/rfc3339.h"
#include "engine/report/printable.h"

namespace borgop::api {

using nlohmann::json;

std::string_view ToString(Truth truth) {
  switch (truth) {
    case Truth::kTrue: return "True";
    case Truth::kFalse: return "False";
    case Truth::kUnknown: return "Unknown";
  }
  return "Unknown";
}

const Condition* Find(const Conditions& conditions, std::string_view type) {
  const auto found = std::find_if(conditions.begin(), conditions.end(), [type](const Condition& c) { return c.type == type; });
  return found == conditions.end() ? nullptr : &*found;
}

bool IsTrue(const Conditions& conditions, std::string_view type) {
  const Condition* found = Find(conditions, type);
  return found != nullptr && found->status == Truth::kTrue;
}

void Set(Conditions& conditions, Condition condition, WallTime now) {
  condition.message = Printable(condition.message, Condition::kMaxMessage);
  const auto found =
      std::find_if(conditions.begin(), conditions.end(), [&](const Condition& c) { return c.type == condition.type; });
  if (found == conditions.end()) {
    condition.last_transition = now;
    conditions.push_back(std::move(condition));
    return;
  }
  condition.last_transition = found->status == condition.status ? found->last_transition : now;
  *found = std::move(condition);
}

void Remove(Conditions& conditions, std::string_view type) {
  std::erase_if(conditions, [type](const Condition& c) { return c.type == type; });
}

json ToJson(const Conditions& conditions) {
  json list = json::array();
  for (const Condition& condition : conditions) {
    list.push_back({{"type", condition.type},
                    {"status", ToString(condition.status)},
                    {"reason", condition.reason},
                    {"message", condition.message},
                    {"observedGeneration", condition.observed_generation},
                    {"lastTransitionTime", KubeTime(condition.last_transition)}});
  }
  return list;
}

Conditions ReadConditions(const json* list) {
  Conditions conditions;
  if (list == nullptr || !list->is_array()) return conditions;
  for (const json& item : *list) {
    const auto text = [&item](const char* key) {
      const auto found = item.is_object() ? item.find(key) : item.end();
      return found != item.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    Condition condition;
    condition.type = text("type");
    if (condition.type.empty() || Find(conditions, condition.type) != nullptr) continue;
    const std::string status = text("status");
    condition.status = status == "True" ? Truth::kTrue : status == "False" ? Truth::kFalse : Truth::kUnknown;
    condition.reason = text("reason");
    condition.message = text("message");
    condition.last_transition = ParseRfc3339(text("lastTransitionTime")).value_or(WallTime{});
    if (const auto generation = item.find("observedGeneration"); generation != item.end() && generation->is_number_integer())
      condition.observed_generation = generation->get<std::int64_t>();
    conditions.push_back(std::move(condition));
  }
  return conditions;
}

}  // namespace borgop::api
