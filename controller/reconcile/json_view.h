// Looks into documents that the API server wrote. What is missing, or of another type, is as if it were not there.
//
// Thread safety: pure functions. Ownership: pointers and references go into the document.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "engine/report/report.h"

namespace borgop::controller {

using JsonPath = std::initializer_list<const char*>;

const nlohmann::json* Find(const nlohmann::json& document, JsonPath path);  // null: not there
const nlohmann::json& ListAt(const nlohmann::json& document, JsonPath path);
std::string TextAt(const nlohmann::json& document, JsonPath path);
bool TrueAt(const nlohmann::json& document, JsonPath path);
std::optional<std::int64_t> IntegerAt(const nlohmann::json& document, JsonPath path);
std::optional<std::uint64_t> CountAt(const nlohmann::json& document, JsonPath path);
std::optional<WallTime> TimeAt(const nlohmann::json& document, JsonPath path);

// Somebody deleted the object, and it waits for its finalizers or its grace period.
bool IsDeleting(const nlohmann::json& object);

// The entry of status.conditions that is of `type` and "True"; null: there is none.
const nlohmann::json* TrueCondition(const nlohmann::json& document, std::string_view type);

}  // namespace borgop::controller
