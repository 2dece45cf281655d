#include "controller/kube/cluster_config.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "controller/kube/exec_plugin.h"
#include "controller/kube/kubeconfig.h"
#include "engine/plan/base64.h"

namespace borgop::kube {
namespace {

using Code = ApiError::Code;

Result<std::string> Load(const Material& material) {
  if (material.path.empty()) return std::string(material.data.Reveal());
  const Result<Secret> file = ReadSecretFile(material.path);
  if (!file) return Fail(file.error());
  if (file->empty()) return Fail(Code::kConfig, material.path + ": is empty");
  return std::string(file->Reveal());
}

Status LoadInto(const Material& material, std::string& into) {
  Result<std::string> loaded = Load(material);
  if (!loaded) return Fail(loaded.error());
  into = *std::move(loaded);
  return {};
}

std::string ClusterInfo(const ClusterConfig& config) {
  nlohmann::json info = {{"server", config.server}};
  if (!config.authority_pem.empty()) info["certificate-authority-data"] = EncodeBase64(config.authority_pem);
  if (!config.tls_server_name.empty()) info["tls-server-name"] = config.tls_server_name;
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
  if (const Status status = LoadInto({{}, sources.service_account + "/ca.crt"}, config.authority_pem); !status)
    return Fail(status.error());
  if (const Result<Secret> ns = ReadSecretFile(sources.service_account + "/namespace")) config.ns = Trimmed(ns->Reveal());
  config.credentials = std::make_shared<TokenFileCredentials>(sources.service_account + "/token", Credential{}, clock);
  if (const auto credential = config.credentials->Get(); !credential) return Fail(credential.error());
  return config;
}

Result<ClusterConfig> KubeconfigConfig(std::string_view list, std::string_view context_name, Clock& clock) {
  Result<KubeContext> context = LoadKubeconfig(list, context_name);
  if (!context) return Fail(context.error());
  ClusterConfig config;
  config.server = context->server;
  config.tls_server_name = context->tls_server_name;
  config.ns = context->ns;
  if (!context->authority.empty()) {
    if (const Status status = LoadInto(context->authority, config.authority_pem); !status) return Fail(status.error());
  }
  if (context->exec) {
    config.credentials = std::make_shared<ExecCredentials>(*std::move(context->exec), ClusterInfo(config), clock);
    return config;
  }
  Credential credential{std::move(context->token), {}, {}, {}};
  if (!context->certificate.empty()) {
    if (const Status status = LoadInto(context->certificate, credential.certificate_pem); !status) return Fail(status.error());
    std::string key;
    if (const Status status = LoadInto(context->key, key); !status) return Fail(status.error());
    credential.key_pem = Secret::Consume(std::move(key));
  }
  if (context->token_file.empty()) {
    config.credentials = std::make_shared<FixedCredentials>(std::move(credential));
  } else {
    config.credentials = std::make_shared<TokenFileCredentials>(context->token_file, std::move(credential), clock);
  }
  return config;
}

Result<ClusterConfig> FindClusterConfig(const ConfigSources& sources, Clock& clock) {
  if (!sources.kubeconfig.empty()) return KubeconfigConfig(sources.kubeconfig, sources.context, clock);
  if (const std::string list = sources.environment("KUBECONFIG").value_or(""); !list.empty())
    return KubeconfigConfig(list, sources.context, clock);
  if (!sources.environment("KUBERNETES_SERVICE_HOST").value_or("").empty()) return InClusterConfig(sources, clock);
  const std::string home = sources.environment("HOME").value_or("") + "/.kube/config";
  std::error_code error;
  if (std::filesystem::exists(home, error)) return KubeconfigConfig(home, sources.context, clock);
  return Fail(Code::kConfig, "no cluster to talk to: this is no pod, KUBECONFIG is not set, and there is no " + home);
}

}  // namespace borgop::kube
