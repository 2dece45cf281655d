// kubeconfig files, read and merged as kubectl does it.
//
// Of several files the first that sets a value wins: current-context, and each cluster, user and context by its name. Paths are relative to
// the directory of the file that names them; *-data wins over the file of the same name. What would lower security or is not supported
// is refused when the context that is used needs it: insecure-skip-tls-verify, http:// servers, proxy-url, passwords, auth-provider,
// impersonation. What is set to nothing is not set. A context without a user is nobody's.
//
// Thread safety: pure functions; only LoadKubeconfig reads files. Errors: kConfig, and they hold no credentials.
// Source: Kubernetes client configuration (v1) API reference.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controller/kube/error.h"
#include "engine/base/secret.h"

namespace borgop::kube {

// Data as it stands in the file, or where to read it; both empty: not given.
struct Material {
  Secret data;
  std::string path;
  bool empty() const { return data.empty() && path.empty(); }
};

struct ExecPlugin {
  std::string api_version;
  std::string command;  // absolute where it holds a slash
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;
  std::string install_hint;
  bool provide_cluster_info = false;
  std::string cluster_config;  // the cluster's extension for such programs, as JSON; empty: none
};

// What one context comes to.
struct KubeContext {
  std::string name;
  std::string server;  // https://…, without a slash at its end
  std::string tls_server_name;
  std::string ns;
  Material authority;  // empty: the system's
  Material certificate;
  Material key;
  Secret token;
  std::string token_file;
  std::optional<ExecPlugin> exec;
};

struct KubeconfigText {
  std::string path;  // for messages and relative paths
  Secret text;
};

// `context` is empty for the files' current-context.
Result<KubeContext> ReadKubeconfig(const std::vector<KubeconfigText>& files, std::string_view wanted = {});
// Files that do not exist are left out, but one must be there.
Result<KubeContext> LoadKubeconfig(const std::vector<std::string>& paths, std::string_view context = {});
// KUBECONFIG: paths with colons between them.
std::vector<std::string> SplitKubeconfigList(std::string_view list);

}  // namespace borgop::kube
