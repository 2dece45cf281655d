// What tools/cluster/programs.sh --gitops builds: Flux's controllers, sops and age-keygen, Argo CD's own comparison (tests/cluster/gitops), and
// the definitions of their resources.
//
// Threading: one thread. Errors: std::runtime_error.
#pragma once

#include <string>
#include <vector>

#include "tests/api/control_plane.h"

namespace borgop::api_tests {

class GitOpsPrograms {
 public:
  static const std::string& WhyNot();  // why there are none; empty if there are
  static std::string Path(const std::string& name);
};

// The definitions, applied and served, once for each control plane; and the folder deploy/gitops.
void ServeGitOpsKinds(const ControlPlane& plane);
std::filesystem::path GitOpsTree();
// The objects that a kustomization renders to.
std::vector<Json> Kustomized(const ControlPlane& plane, const std::filesystem::path& folder);

}  // namespace borgop::api_tests

#define BORGOP_NEEDS_GITOPS()                                                                                                  \
  do {                                                                                                                         \
    if (!::borgop::api_tests::GitOpsPrograms::WhyNot().empty()) GTEST_SKIP() << ::borgop::api_tests::GitOpsPrograms::WhyNot(); \
  } while (false)
