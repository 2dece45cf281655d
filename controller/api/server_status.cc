#include "controller/api/server_status.h"

namespace borgop::api {
namespace {

using nlohmann::json;

std::uint64_t Count(const json& status, const char* key) {
  const auto found = status.find(key);
  return found != status.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

}  // namespace

json ToJson(const ServerStatus& status) {
  return {{"observedGeneration", status.observed_generation},
          {"conditions", ToJson(status.conditions)},
          {"targets", status.targets},
          {"running", status.running},
          {"waiting", status.waiting}};
}

ServerStatus ReadServerStatus(const json& object) {
  ServerStatus status;
  const auto found = object.is_object() ? object.find("status") : object.end();
  if (found == object.end() || !found->is_object()) return status;
  if (const auto generation = found->find("observedGeneration"); generation != found->end() && generation->is_number_integer())
    status.observed_generation = generation->get<std::int64_t>();
  if (const auto conditions = found->find("conditions"); conditions != found->end())
    status.conditions = ReadConditions(&*conditions);
  status.targets = Count(*found, "targets");
  status.running = Count(*found, "running");
  status.waiting = Count(*found, "waiting");
  return status;
}

}  // namespace borgop::api
