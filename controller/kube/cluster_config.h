// Which API server to talk to, how it is recognised and who we are there.
//
// Thread safety: pure but for the files that are read. Errors: kConfig, and they hold no credentials.
// Sources: "Accessing the Kubernetes API from a Pod"; controller-runtime's order of looking (flag, KUBECONFIG, in-cluster, home).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/kube/clock.h"
#include "controller/kube/credentials.h"
#include "controller/kube/error.h"

namespace borgop::kube {

struct ClusterConfig {
  std::string server;           // https://host[:port][/path]
  std::string authority_pem;    // empty: the system's CAs
  std::string tls_server_name;  // empty: the server's host
  std::string ns;               // where the context, or our pod, is; may be empty
  std::shared_ptr<CredentialSource> credentials;
};

struct ConfigSources {
  std::string kubeconfig;  // a path from the command line; empty: none
  std::string context;     // of a kubeconfig; empty: its current one
  std::function<std::optional<std::string>(const char*)> environment;
  std::string service_account = "/var/run/secrets/kubernetes.io/serviceaccount";
};

// What the process was given: the path, KUBECONFIG, the pod's service account, ~/.kube/config, in this order. Whoever names a context
// means one of a kubeconfig, in a pod too.
Result<ClusterConfig> FindClusterConfig(const ConfigSources& sources, Clock& clock = Clock::Real());
Result<ClusterConfig> InClusterConfig(const ConfigSources& sources, Clock& clock);
// Of several files as KUBECONFIG names them.
Result<ClusterConfig> KubeconfigConfig(const std::vector<std::string>& paths, std::string_view context, Clock& clock);
// For ConfigSources: the process's own. Call it before threads are started.
std::optional<std::string> ProcessEnvironment(const char* name);

}  // namespace borgop::kube
