// An Error as the reports of list, restore and verify have it, with the fields that it has in the report of a run.
#pragma once

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/report/printable.h"

namespace borgop {

inline nlohmann::ordered_json ErrorJson(const Error& error) {
  return {{"kind", ToString(error.kind())},
          {"reason", error.name()},
          {"message", ValidUtf8(error.message)},
          {"action", ValidUtf8(error.what_to_do())}};
}

}  // namespace borgop
