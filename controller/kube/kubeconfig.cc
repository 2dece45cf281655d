#include "controller/kube/kubeconfig.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "controller/kube/credentials.h"
#include "engine/plan/base64.h"
#include "engine/plan/byte_escape.h"
#include "engine/plan/yaml_document.h"

namespace borgop::kube {
namespace {

auto Refuse(const std::string& message) { return Fail(ApiError::Code::kConfig, message); }

const Node* Child(const Node* map, std::string_view key) {
  if (map == nullptr || map->kind != Node::Kind::kMap) return nullptr;
  const auto found = std::find_if(map->children.begin(), map->children.end(), [&](const Node& node) { return node.key == key; });
  return found == map->children.end() || found->kind == Node::Kind::kNull ? nullptr : &*found;
}

bool IsScalar(const Node& node) { return node.kind == Node::Kind::kWord || node.kind == Node::Kind::kText; }

std::string Text(const Node* map, std::string_view key) {
  const Node* node = Child(map, key);
  return node != nullptr && IsScalar(*node) ? node->text : std::string();
}

bool IsSet(const Node* map, std::string_view key) {
  const Node* node = Child(map, key);
  return node != nullptr && (IsScalar(*node) ? !node->text.empty() : !node->children.empty());
}

bool IsTrue(const Node* map, std::string_view key) { return Text(map, key) == "true"; }

// An entry of a list of named things, and the directory that its paths are relative to.
struct Entry {
  const Node* body = nullptr;
  std::filesystem::path directory;
};

struct Merged {
  std::string current;
  std::map<std::string, Entry, std::less<>> clusters;
  std::map<std::string, Entry, std::less<>> users;
  std::map<std::string, Entry, std::less<>> contexts;
};

void AddNamed(const Node& root, std::string_view list, std::string_view body, const std::filesystem::path& directory,
              std::map<std::string, Entry, std::less<>>& into) {
  const Node* entries = Child(&root, list);
  if (entries == nullptr || entries->kind != Node::Kind::kList) return;
  for (const Node& entry : entries->children) {
    const std::string name = Text(&entry, "name");
    if (!name.empty()) into.try_emplace(name, Entry{Child(&entry, body), directory});
  }
}

std::string Resolve(const std::filesystem::path& directory, const std::string& path) {
  if (path.empty()) return {};
  return (directory / path).lexically_normal().string();
}

Result<Material> ReadMaterial(const Entry& entry, const std::string& key) {
  Material material;
  std::string encoded = Text(entry.body, key + "-data");
  if (encoded.empty()) {
    material.path = Resolve(entry.directory, Text(entry.body, key));
    return material;
  }
  std::optional<std::string> bytes = DecodeBase64(encoded);
  Wipe(encoded);
  if (!bytes || bytes->empty()) return Refuse(key + "-data is not base64");
  material.data = Secret::Consume(*std::move(bytes));
  return material;
}

Result<ExecPlugin> ReadExec(const Node* exec, const Entry& user) {
  ExecPlugin plugin;
  plugin.api_version = Text(exec, "apiVersion");
  if (plugin.api_version != "client.authentication.k8s.io/v1" && plugin.api_version != "client.authentication.k8s.io/v1beta1")
    return Refuse("exec.apiVersion must be client.authentication.k8s.io/v1 or v1beta1");
  plugin.command = Text(exec, "command");
  if (plugin.command.empty()) return Refuse("exec.command is missing");
  if (plugin.command.find('/') != std::string::npos) plugin.command = Resolve(user.directory, plugin.command);
  if (Text(exec, "interactiveMode") == "Always") return Refuse("exec.interactiveMode is Always, but nobody is here to answer it");
  plugin.install_hint = Text(exec, "installHint");
  plugin.provide_cluster_info = IsTrue(exec, "provideClusterInfo");
  if (const Node* args = Child(exec, "args")) {
    for (const Node& arg : args->children) {
      if (!IsScalar(arg)) return Refuse("exec.args must be strings");
      plugin.args.push_back(arg.text);
    }
  }
  if (const Node* env = Child(exec, "env")) {
    for (const Node& variable : env->children) {
      const std::string name = Text(&variable, "name");
      if (name.empty() || name.find('=') != std::string::npos) return Refuse("exec.env has a variable without a proper name");
      plugin.env.emplace_back(name, Text(&variable, "value"));
    }
  }
  return plugin;
}

// As YAML's core schema has it.
nlohmann::json ToJson(const Node& node) {
  nlohmann::json value;
  switch (node.kind) {
    case Node::Kind::kMap:
      value = nlohmann::json::object();
      for (const Node& child : node.children) value[child.key] = ToJson(child);
      return value;
    case Node::Kind::kList:
      value = nlohmann::json::array();
      for (const Node& child : node.children) value.push_back(ToJson(child));
      return value;
    case Node::Kind::kNull: return value;
    case Node::Kind::kText: return node.text;
    default: break;
  }
  // Numbers and booleans are written in both alike.
  value = nlohmann::json::parse(node.text, nullptr, false);
  return value.is_number() || value.is_boolean() ? value : nlohmann::json(node.text);
}

// What the cluster has to tell a program, under the name that is reserved for it.
std::string ExecConfig(const Entry& cluster) {
  const Node* extensions = Child(cluster.body, "extensions");
  if (extensions == nullptr || extensions->kind != Node::Kind::kList) return {};
  for (const Node& each : extensions->children) {
    const Node* extension = Child(&each, "extension");
    if (extension == nullptr || Text(&each, "name") != "client.authentication.k8s.io/exec") continue;
    return ToJson(*extension).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  return {};
}

Status ReadCluster(const Entry& entry, KubeContext& context) {
  context.server = Text(entry.body, "server");
  while (context.server.ends_with('/')) context.server.pop_back();
  if (context.server.empty()) return Refuse("server is missing");
  if (!context.server.starts_with("https://")) return Refuse("server must begin with https://: the API is never used without TLS");
  if (IsTrue(entry.body, "insecure-skip-tls-verify"))
    return Refuse(
        "insecure-skip-tls-verify is set, but the server's certificate is always verified: give certificate-authority-data");
  if (IsSet(entry.body, "proxy-url")) return Refuse("proxy-url is not supported");
  context.tls_server_name = Text(entry.body, "tls-server-name");
  Result<Material> authority = ReadMaterial(entry, "certificate-authority");
  if (!authority) return Fail(authority.error());
  context.authority = *std::move(authority);
  return {};
}

Status ReadUser(const Entry& entry, KubeContext& context) {
  for (const char* key : {"username", "password", "auth-provider", "as", "as-uid", "as-groups", "as-user-extra"})
    if (IsSet(entry.body, key)) return Refuse(std::string(key) + " is not supported");
  for (const auto& [key, into] : {std::pair{"client-certificate", &context.certificate}, {"client-key", &context.key}}) {
    Result<Material> material = ReadMaterial(entry, key);
    if (!material) return Fail(material.error());
    *into = *std::move(material);
  }
  if (context.certificate.empty() != context.key.empty())
    return Refuse("client-certificate and client-key go together, but one is missing");
  std::string token = Text(entry.body, "token");
  context.token = Secret::Consume(std::move(token));
  context.token_file = Resolve(entry.directory, Text(entry.body, "tokenFile"));
  if (const Node* exec = Child(entry.body, "exec")) {
    if (!context.token.empty() || !context.token_file.empty()) return Refuse("exec and a token are both given: keep one");
    Result<ExecPlugin> plugin = ReadExec(exec, entry);
    if (!plugin) return Fail(plugin.error());
    context.exec = *std::move(plugin);
  }
  return {};
}

Result<Node> Parse(const KubeconfigText& file) {
  if (file.text.size() > kMaxInputSize) return Refuse(file.path + ": too large");
  borgop::Result<std::string> escaped = EscapeBytes(file.text.Reveal());
  if (!escaped) return Refuse(file.path + ": " + escaped.error().message);
  borgop::Result<Node> root = ParseYaml(*escaped, file.path);
  Wipe(*escaped);
  if (!root) return Refuse(root.error().message);
  if (root->kind != Node::Kind::kMap) return Refuse(file.path + ": is no kubeconfig");
  return *std::move(root);
}

}  // namespace

Result<KubeContext> ReadKubeconfig(const std::vector<KubeconfigText>& files, std::string_view wanted) {
  std::vector<Node> roots;
  roots.reserve(files.size());  // Merged points into them
  Merged merged;
  for (const KubeconfigText& file : files) {
    if (file.text.Reveal().find_first_not_of(" \t\r\n") == std::string_view::npos) continue;
    Result<Node> root = Parse(file);
    if (!root) return Fail(root.error());
    roots.push_back(*std::move(root));
    const std::filesystem::path directory = std::filesystem::path(file.path).parent_path();
    if (merged.current.empty()) merged.current = Text(&roots.back(), "current-context");
    AddNamed(roots.back(), "clusters", "cluster", directory, merged.clusters);
    AddNamed(roots.back(), "users", "user", directory, merged.users);
    AddNamed(roots.back(), "contexts", "context", directory, merged.contexts);
  }
  KubeContext context;
  context.name = wanted.empty() ? merged.current : std::string(wanted);
  if (context.name.empty()) return Refuse("the kubeconfig has no current-context, and none was chosen");
  const auto found = merged.contexts.find(context.name);
  if (found == merged.contexts.end()) return Refuse("the kubeconfig has no context " + Quoted(context.name));
  const Node* body = found->second.body;
  context.ns = Text(body, "namespace");
  const std::string cluster_name = Text(body, "cluster");
  const auto cluster = merged.clusters.find(cluster_name);
  if (cluster == merged.clusters.end()) return Refuse("the kubeconfig has no cluster " + Quoted(cluster_name));
  const std::string user_name = Text(body, "user");
  const auto user = merged.users.find(user_name);
  if (!user_name.empty() && user == merged.users.end()) return Refuse("the kubeconfig has no user " + Quoted(user_name));
  if (const Status status = ReadCluster(cluster->second, context); !status)
    return Refuse("cluster " + Quoted(cluster_name) + " of the kubeconfig: " + status.error().message);
  if (user_name.empty()) return context;
  if (const Status status = ReadUser(user->second, context); !status)
    return Refuse("user " + Quoted(user_name) + " of the kubeconfig: " + status.error().message);
  if (context.exec) context.exec->cluster_config = ExecConfig(cluster->second);
  return context;
}

std::vector<std::string> SplitKubeconfigList(std::string_view list) {
  std::vector<std::string> paths;
  while (!list.empty()) {
    const std::size_t end = list.find(':');
    paths.emplace_back(list.substr(0, end));
    list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
  }
  return paths;
}

Result<KubeContext> LoadKubeconfig(const std::vector<std::string>& paths, std::string_view context) {
  std::string given;
  std::vector<KubeconfigText> files;
  for (const std::string& path : paths) {
    given += (given.empty() ? "" : ":") + path;
    std::error_code error;
    if (path.empty() || !std::filesystem::exists(path, error)) continue;
    Result<Secret> text = ReadSecretFile(path);
    if (!text) return Fail(text.error());
    const std::filesystem::path absolute = std::filesystem::absolute(path, error);
    files.push_back({error ? path : absolute.string(), *std::move(text)});
  }
  if (files.empty()) return Refuse("no kubeconfig file is there: " + given);
  return ReadKubeconfig(files, context);
}

}  // namespace borgop::kube
