// The operator as its users have it: installed by helm on a node, from the images that ./dev images made, with the lab's T and B as machines
// outside of the cluster that pods find by the names t.lab and b.lab.
//
// One serves all tests of a process. Threading and errors as for NodeCluster.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/version.h"
#include "tests/lab/lab.h"
#include "tests/node/node_cluster.h"

namespace borgop::node_tests {

inline constexpr std::string_view kOperatorNamespace = "borg-operator";
inline constexpr std::string_view kPassphrase = "correct horse battery staple";

// "borg-operator" or "borg-engine".
inline std::string ImageOf(std::string_view program) { return "localhost/" + std::string(program) + ':' + std::string(kVersion); }

class InstalledOperator {
 public:
  // Why there can be none here: no node, no isolated lab, no helm, no images; empty if there can. Tests begin with BORGOP_NEEDS_OPERATOR().
  static const std::string& WhyNot();
  static InstalledOperator& Shared();

  NodeCluster& cluster() const { return cluster_; }
  const lab::LabHost& target() const { return lab_.target(); }
  const lab::LabHost& server() const { return lab_.server(); }
  const lab::Lab& lab() const { return lab_; }
  // helm VERB borg-operator …, with the cluster's kubeconfig; throws if it fails.
  std::string RunHelm(std::string_view verb, const std::vector<std::string>& arguments) const;
  // Installed anew where a test has uninstalled it.
  void EnsureInstalled();
  void Uninstalled() { is_installed_ = false; }
  std::string Log() const;  // of all its pods

 private:
  InstalledOperator();

  NodeCluster& cluster_;
  lab::Lab& lab_;
  bool is_installed_ = false;
};

// A namespace with a BorgServer, and a folder of its own on T and on B. Its pods pass restricted Pod Security.
class Backups {
 public:
  explicit Backups(std::string_view name);

  const std::string& ns() const { return ns_; }
  std::string source() const { return dir_ + "/source"; }
  std::string repositories() const { return dir_ + "/repositories"; }
  void MakeSecret(const std::string& name, const Json& data) const;
  void AddPassphrase() const { MakeSecret("passphrase", {{"passphrase", kPassphrase}}); }
  Json SshSecret(const lab::LabHost& host, std::string_view host_name) const;  // what its data are
  // Another BorgServer, on the same machine, with `spec` laid over it.
  void AddServer(const std::string& name, const Json& spec) const;
  // A target with `spec` laid over what it needs. AddPassphrase() makes the Secret that it names.
  void Add(const std::string& name, const Json& spec = Json::object()) const;
  void RunNow(const std::string& name, const std::string& value) const;
  Json Status(const std::string& name) const;
  // Whether the status has what came of the run that `value` asked for.
  bool HasEnded(const std::string& name, const std::string& value) const;
  // The status once it has what came of the run that `value` asked for.
  Json Ended(const std::string& name, const std::string& value) const;
  std::vector<Json> Jobs(const std::string& name, const std::string& value) const;   // that `value` asked for
  std::string RunBorg(const std::string& name, const std::string& arguments) const;  // on B, as its owner
  Json Condition(const std::string& name, const std::string& type) const;
  Json Pods(const std::string& name) const;

 private:
  std::string ns_, dir_;
};

}  // namespace borgop::node_tests

#define BORGOP_NEEDS_OPERATOR()                                          \
  do {                                                                   \
    if (!::borgop::node_tests::InstalledOperator::WhyNot().empty())      \
      GTEST_SKIP() << ::borgop::node_tests::InstalledOperator::WhyNot(); \
  } while (false)
