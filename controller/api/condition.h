// metav1.Condition, and the one way to change a list of them.
//
// Thread safety: values and pure functions. Source: Kubernetes API conventions, "Typical status properties".
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "engine/report/report.h"

namespace borgop::api {

enum class Truth { kTrue, kFalse, kUnknown };
std::string_view ToString(Truth truth);  // "True", "False", "Unknown"

struct Condition {
  std::string type;
  Truth status = Truth::kUnknown;
  std::string reason;   // CamelCase, never empty
  std::string message;  // at most kMaxMessage bytes
  std::int64_t observed_generation = 0;
  WallTime last_transition;
  bool operator==(const Condition&) const = default;

  static constexpr std::size_t kMaxMessage = 1024;
};
using Conditions = std::vector<Condition>;

const Condition* Find(const Conditions& conditions, std::string_view type);  // null: there is none
bool IsTrue(const Conditions& conditions, std::string_view type);
// Puts `condition` in the place of the one of its type. last_transition becomes `now` only where the status changes.
void Set(Conditions& conditions, Condition condition, WallTime now);
void Remove(Conditions& conditions, std::string_view type);

nlohmann::json ToJson(const Conditions& conditions);
// What is no condition is left out.
Conditions ReadConditions(const nlohmann::json* list);

}  // namespace borgop::api
