// JSON from a peer, read with limits: nesting is checked before anything is built, since a deep document costs stack when it is written
// or destroyed.
//
// Objects of the API lose fields on the way, before anything of them is kept: as a tree they would be many times as large as they are as text.
//
// Thread safety: pure functions. Errors: nullopt; no exception leaves.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace borgop::kube {

constexpr std::size_t kMaxJsonDepth = 128;

// The document, or nullopt where `text` is not exactly one JSON value or nests deeper than kMaxJsonDepth.
std::optional<nlohmann::json> ParseBoundedJson(std::string_view text);
// From an object's root: {"spec", "template"}. Not empty.
using FieldPath = std::vector<std::string>;
// The same of an object of the API, a list of them, or an event of a watch: without these fields of each object, and without
// metadata.managedFields. That is as long as all the rest; nobody here asks who owns which field, and an update without it leaves it as it is.
std::optional<nlohmann::json> ParseApiObject(std::string_view text, const std::vector<FieldPath>& without = {});

// The string at `object[key]`; empty where there is none.
std::string TextAt(const nlohmann::json& object, std::string_view key);
// What is at `object[first][second]…`; nullptr where something is missing on the way.
const nlohmann::json* Find(const nlohmann::json& object, std::initializer_list<std::string_view> path);
std::string TextAt(const nlohmann::json& object, std::initializer_list<std::string_view> path);

}  // namespace borgop::kube
