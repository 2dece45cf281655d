// A real Kubernetes cluster with one node for tests: pods run. tools/cluster.sh --node makes it; this is its face in C++.
//
// One serves all tests of a process: NodeCluster::Shared(). With BORGOP_NODE_CLUSTER=NAME in the environment the tests use the one that
// `./dev cluster up NAME --node` started, and leave it running. Threading, ownership and errors as for ControlPlane.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tests/api/control_plane.h"
#include "tests/api/helm.h"

namespace borgop::node_tests {

using api_tests::kSource;

using api_tests::Eventually;
using api_tests::Helm;
using api_tests::Json;

class NodeCluster : public api_tests::ControlPlane {
 public:
  // Why there can be none here (not root, programs missing); empty if there can. Tests begin with BORGOP_NEEDS_NODE().
  static const std::string& WhyNot();
  static NodeCluster& Shared();

  NodeCluster() : ControlPlane("BORGOP_NODE_CLUSTER", {"--node"}) {}

  // Its end on this machine's network, which pods' addresses become on their way to other machines.
  std::string address() const;
  // The first process of the node's namespaces.
  pid_t process() const;
  // In the node's namespaces.
  lab::Ended Run(const std::vector<std::string>& command) const;
  // Gives the node the images of an archive.
  void Load(const std::filesystem::path& archive) const;
  // A name that pods find, for an address outside of the cluster.
  void AddHost(std::string_view ip, std::string_view name) const;
  // A namespace as NewNamespace makes it, where Pod Security admits restricted pods only.
  std::string NewRestrictedNamespace(std::string_view prefix) const;
  // An image with nothing but bash in it (kBashImage); done once.
  const NodeCluster& WithBash();

 private:
  bool has_bash_ = false;
};

inline constexpr std::string_view kBashImage = "localhost/bash:1";

// A pod's spec that passes restricted Pod Security: bash runs `script` once.
Json RestrictedPod(const std::string& script);

}  // namespace borgop::node_tests

#define BORGOP_NEEDS_NODE()                                                                                                \
  do {                                                                                                                     \
    if (!::borgop::node_tests::NodeCluster::WhyNot().empty()) GTEST_SKIP() << ::borgop::node_tests::NodeCluster::WhyNot(); \
  } while (false)
