// BorgServer's status, to and from JSON.
//
// Thread safety: values and pure functions. Errors: none. What cannot be read is as if it were not there, and is written anew.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

#include "controller/api/condition.h"

namespace borgop::api {

struct ServerStatus {
  std::int64_t observed_generation = 0;
  Conditions conditions;
  std::uint64_t targets = 0, running = 0, waiting = 0;
  bool operator==(const ServerStatus&) const = default;
};

nlohmann::json ToJson(const ServerStatus& status);
// Of a whole object.
ServerStatus ReadServerStatus(const nlohmann::json& object);

}  // namespace borgop::api
