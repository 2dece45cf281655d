// Which cluster: the options that every verb has, and what comes of them.
#pragma once

#include <memory>
#include <string>

#include "controller/kube/cluster_config.h"
#include "controller/kube/http.h"
#include "engine/command_line/completion.h"

namespace borgop::cli {

struct ClusterOptions {
  std::string kubeconfig, context;
};

void AddClusterOptions(CLI::App& verb, ClusterOptions& options);

// Of values on the command line: what is wrong, or empty.
std::string NamespaceProblem(const std::string& name);
std::string ImageProblem(const std::string& image);

struct Cluster {
  std::string ns;  // where the context, or our pod, is; "default" where neither says
  std::string server;
  std::unique_ptr<kube::HttpClient> http;
};
kube::Result<Cluster> Connect(const ClusterOptions& options);

// "borg-operator VERB: SERVER: what" on standard error; returns the exit code for it. `server` may be empty.
int ReportClusterError(const char* verb, const std::string& server, const kube::ApiError& error);

}  // namespace borgop::cli
