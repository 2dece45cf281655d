// JSON that T or B wrote: bounded in size and depth, never an exception.
//
// Python writes bytes of file names that are not UTF-8 as lone surrogates (\udc80 to \udcff), which are no valid JSON text. They
// come through: TextOf gives the bytes themselves.
//
// Thread safety: pure functions. Private to engine/borg.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace borgop {

// Nothing for what is no JSON object, is longer than `max_bytes` or nested deeper than 16.
std::optional<nlohmann::json> ParseForeignObject(std::string_view text, std::size_t max_bytes);

// A member of an object; null where it is missing.
const nlohmann::json* Member(const nlohmann::json& object, const char* name);
// The bytes of a string member; nothing if it is missing or no string.
std::optional<std::string> TextOf(const nlohmann::json& object, const char* name);
// The same of a value itself.
std::optional<std::string> TextIn(const nlohmann::json& string);
std::optional<std::uint64_t> CountOf(const nlohmann::json& object, const char* name);

}  // namespace borgop
