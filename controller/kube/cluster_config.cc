#include "controller/kube/cluster_config.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "controller/kube/client_certificate.h"
#include "controller/kube/exec_plugin.h"
#include "controller/kube/kubeconfig.h"
#include "engine/plan/base64.h"

namespace borgop::kube {
namespace {

using Code = ApiError::Code;

std::string ClusterInfo(const ClusterConfig& config, const ExecPlugin& exec) {
  nlohmann::json info = {{"server", config.server}};
  if (!config.authority_pem.empty()) info["certificate-authority-data"] = EncodeBase64(config.authority_pem);
  if (!config.tls_server_name.empty()) info["tls-server-name"] = config.tls_server_name;
  if (!exec.cluster_config.empty()) info["config"] = nlohmann::json::parse(exec.cluster_config, nullptr, false);
  return info.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string Trimmed(std::string_view text) {
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  return end == std::string_view::npos ? std::string() : std::string(text.substr(0, end + 1));
}

bool IsPort(const std::string& text) {
  return !text.empty() && text.size() <= 5 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<std::string> ProcessEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Result<ClusterConfig> InClusterConfig(const ConfigSources& sources, Clock& clock) {
  std::string host = sources.environment("KUBERNETES_SERVICE_HOST").value_or("");
  const std::string port = sources.environment("KUBERNETES_SERVICE_PORT").value_or("443");
  if (host.empty()) return Fail(Code::kConfig, "KUBERNETES_SERVICE_HOST is not set: this is no pod");
  if (!IsPort(port)) return Fail(Code::kConfig, "KUBERNETES_SERVICE_PORT is no port");
  if (host.find(':') != std::string::npos && !host.starts_with('[')) host = "[" + host + "]";
  ClusterConfig config;
  config.server = "https://" + host + ":" + port;
  Result<std::string> authority = LoadMaterial({{}, sources.service_account + "/ca.crt"});
  if (!authority) return Fail(authority.error());
  config.authority_pem = *std::move(authority);
  if (const Result<Secret> ns = ReadSecretFile(sources.service_account + "/namespace")) config.ns = Trimmed(ns->Reveal());
  config.credentials = std::make_shared<TokenFileCredentials>(sources.service_account + "/token", clock);
  if (const auto credential = config.credentials->Get({}); !credential) return Fail(credential.error());
  return config;
}

Result<ClusterConfig> KubeconfigConfig(const std::vector<std::string>& paths, std::string_view context_name, Clock& clock) {
  Result<KubeContext> context = LoadKubeconfig(paths, context_name);
  if (!context) return Fail(context.error());
  ClusterConfig config;
  config.server = context->server;
  config.tls_server_name = context->tls_server_name;
  config.ns = context->ns;
  if (!context->authority.empty()) {
    Result<std::string> authority = LoadMaterial(context->authority);
    if (!authority) return Fail(authority.error());
    config.authority_pem = *std::move(authority);
  }
  if (context->exec) {
    const std::string info = ClusterInfo(config, *context->exec);
    config.credentials = std::make_shared<ExecCredentials>(*std::move(context->exec), info, clock);
  } else if (!context->token_file.empty()) {
    config.credentials = std::make_shared<TokenFileCredentials>(context->token_file, clock);
  } else {
    config.credentials = std::make_shared<FixedCredentials>(Credential{std::move(context->token), {}, {}, {}});
  }
  if (context->certificate.empty()) return config;
  auto with = ClientCertificate::Make(config.credentials, std::move(context->certificate), std::move(context->key), clock);
  if (!with) return Fail(with.error());
  config.credentials = *std::move(with);
  return config;
}

Result<ClusterConfig> FindClusterConfig(const ConfigSources& sources, Clock& clock) {
  if (!sources.kubeconfig.empty()) return KubeconfigConfig({sources.kubeconfig}, sources.context, clock);
  if (const std::string list = sources.environment("KUBECONFIG").value_or(""); !list.empty())
    return KubeconfigConfig(SplitKubeconfigList(list), sources.context, clock);
  if (sources.context.empty() && !sources.environment("KUBERNETES_SERVICE_HOST").value_or("").empty())
    return InClusterConfig(sources, clock);
  const std::string home = sources.environment("HOME").value_or("") + "/.kube/config";
  std::error_code error;
  if (std::filesystem::exists(home, error)) return KubeconfigConfig({home}, sources.context, clock);
  if (!sources.context.empty())
    return Fail(Code::kConfig, "a context is named, but there is no kubeconfig: KUBECONFIG is not set, and there is no " + home);
  return Fail(Code::kConfig, "no cluster to talk to: this is no pod, KUBECONFIG is not set, and there is no " + home);
}

}  // namespace borgop::kube
