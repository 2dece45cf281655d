#include "controller/cli/cluster_options.h"

#include <algorithm>
#include <iostream>
#include <utility>

#include "controller/api/borg_server.h"
#include "controller/kube/cpprest_http.h"
#include "engine/report/printable.h"
#include "engine/report/report.h"

namespace borgop::cli {

void AddClusterOptions(CLI::App& verb, ClusterOptions& options) {
  verb.add_option("--kubeconfig", options.kubeconfig,
                  "The cluster's configuration; without it, KUBECONFIG, the pod's service account or ~/.kube/config")
      ->type_name("FILE");
  verb.add_option("--context", options.context, "A context of the kubeconfig other than its current one")->type_name("NAME");
}

std::string NamespaceProblem(const std::string& name) {
  const bool good = api::ObjectNameProblem(name).empty() && name.size() <= 63 && name.find('.') == std::string::npos;
  return good ? std::string() : '`' + Printable(name) + "` is no name of a namespace (lower case letters, digits and '-' inside)";
}

std::string ImageProblem(const std::string& image) {
  const bool good = !image.empty() && std::ranges::all_of(image, [](char c) { return c > ' ' && c < 0x7F; });
  return good ? std::string() : '`' + Printable(image) + "` is no name of an image, such as registry.example/borg-engine:1.0";
}

kube::Result<Cluster> Connect(const ClusterOptions& options) {
  kube::ConfigSources sources;
  sources.kubeconfig = options.kubeconfig;
  sources.context = options.context;
  sources.environment = kube::ProcessEnvironment;
  kube::Result<kube::ClusterConfig> config = kube::FindClusterConfig(sources);
  if (!config) return kube::Fail(config.error());
  Cluster cluster;
  cluster.ns = config->ns.empty() ? "default" : config->ns;
  cluster.server = config->server;
  kube::Result<std::unique_ptr<kube::CpprestHttp>> http = kube::CpprestHttp::Make(std::move(*config));
  if (!http) return kube::Fail(http.error());
  cluster.http = std::move(*http);
  return cluster;
}

int ReportClusterError(const char* verb, const std::string& server, const kube::ApiError& error) {
  const bool config = error.code == kube::ApiError::Code::kConfig;
  std::cerr << "borg-operator " << verb << ": " << (server.empty() ? "" : server + ": ")
            << Printable(config ? error.message : kube::Describe(error)) << "\n";
  return config ? exit_code::kConfig : exit_code::kFailed;
}

}  // namespace borgop::cli
