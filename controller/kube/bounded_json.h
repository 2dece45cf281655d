// JSON from a peer, read with limits: nesting is checked before anything is built, since a deep document costs stack when it is written
// or destroyed.
//
// Thread safety: pure functions. Errors: nullopt; no exception leaves.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace borgop::kube {

constexpr std::size_t kMaxJsonDepth = 128;

// The document, or nullopt where `text` is not exactly one JSON value or nests deeper than kMaxJsonDepth.
std::optional<nlohmann::json> ParseBoundedJson(std::string_view text);

// The string at `object[key]`; empty where there is none.
std::string TextAt(const nlohmann::json& object, std::string_view key);
// What is at `object[first][second]…`; nullptr where something is missing on the way.
const nlohmann::json* Find(const nlohmann::json& object, std::initializer_list<std::string_view> path);
std::string TextAt(const nlohmann::json& object, std::initializer_list<std::string_view> path);

}  // namespace borgop::kube
