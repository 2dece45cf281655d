// What an earlier version of the project installed: its CRDs, its chart and its kustomizations. They are made from today's: without the fields,
// the rules and the columns that came later, with another version and another image.
//
// Threading: one thread. Errors: std::runtime_error, also where what is to be taken out is not there any more.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tests/api/control_plane.h"

namespace borgop::api_tests {

inline constexpr std::string_view kOlderVersion = "0.0.9";

std::vector<Json> OlderCrds(const ControlPlane& plane);
// As `kubectl apply -f -` takes them.
Json ListOf(const std::vector<Json>& objects);

// The chart, in `folder`/chart.
std::string OlderChart(const ControlPlane& plane, const std::filesystem::path& folder);
// Those of deploy/ and crds/, in `folder`, where they keep their names.
void OlderKustomizations(const ControlPlane& plane, const std::filesystem::path& folder);

}  // namespace borgop::api_tests
