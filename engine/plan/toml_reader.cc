#include "engine/plan/toml_reader.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "engine/base/utf8.h"
#include "engine/plan/byte_escape.h"
#include "engine/plan/document.h"
#include "engine/plan/field.h"
#include "engine/plan/other_form.h"
#include "engine/plan/prune_setting.h"
#include "engine/plan/rules.h"
#include "engine/plan/toml_document.h"
#include "engine/plan/validate.h"

namespace borgop {
namespace {

// The Go program joins RootDir and SubDir by path.Join, for which `/web`, `./web` and `web/` are one. A `..` is left to be refused.
std::string AsJoined(std::string_view path) {
  std::string joined;
  while (!path.empty()) {
    const std::string_view component = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(component.size() + 1, path.size()));
    if (component.empty() || component == ".") continue;
    if (!joined.empty()) joined += '/';
    joined += component;
  }
  return joined;
}

// Absolute where it is.
std::string JoinedRoot(std::string_view path) { return (path.starts_with('/') ? "/" : "") + AsJoined(path); }

std::string JoinedRootProblem(std::string_view path) { return RootDirProblem(path.empty() ? std::string() : JoinedRoot(path)); }

// To the Go program a name is only for people: it may be missing, and there may be two of it. Here it tells targets apart.
void NameAll(std::vector<Target>& targets) {
  std::set<std::string> taken;
  std::vector<Target*> rest;
  for (Target& target : targets) {
    if (target.name.empty() || !taken.insert(target.name).second) rest.push_back(&target);
  }
  for (Target* target : rest) {
    const std::string& path = target->repository.path;
    const std::string& own = NameProblem(path).empty() ? path : target->connection.host;
    const std::string name = target->name.empty() ? own : target->name + " (" + own + ')';
    target->name = name;
    for (int i = 2; !taken.insert(target->name).second; ++i) target->name = name + ' ' + std::to_string(i);
  }
}

// `[Borg]` and `[borg.server]` are one table to the Go program, and two to TOML.
void MergeTables(Node& node) {
  std::vector<Node> merged;
  std::map<std::string, std::size_t> tables;  // by their names in lower case: where they are in `merged`
  for (Node& child : node.children) {
    if (node.kind == Node::Kind::kMap && child.kind == Node::Kind::kMap) {
      std::string name = AsciiLower(child.key);
      const auto [first, inserted] = tables.emplace(std::move(name), merged.size());
      if (!inserted) {
        std::move(child.children.begin(), child.children.end(), std::back_inserter(merged[first->second].children));
        continue;
      }
    }
    merged.push_back(std::move(child));
  }
  node.children = std::move(merged);
  for (Node& child : node.children) MergeTables(child);
}

struct HostAndPort {
  std::string host;
  std::uint16_t port = 22;
};

// "name", "name:port", "[address]", "[address]:port" or a bare IPv6 address.
std::optional<HostAndPort> ReadHost(const Field& field) {
  const std::optional<std::string> text = field.Text();
  if (!text) return std::nullopt;
  HostAndPort result;
  std::string_view port;
  bool has_port = false;
  in6_addr address{};
  if (text->find('/') != std::string::npos && !text->starts_with('[')) {  // a URL, whose colon stands before no port
    field.Problem(HostProblem(*text));
    return std::nullopt;
  }
  if (text->starts_with('[')) {
    const std::size_t end = text->find(']');
    const std::string_view rest = std::string_view(*text).substr(std::min(end, text->size() - 1) + 1);
    if (end == std::string::npos || (!rest.empty() && rest[0] != ':')) {
      field.Problem("has brackets that do not match (write `[address]:port`)");
      return std::nullopt;
    }
    result.host = text->substr(1, end - 1);
    has_port = !rest.empty();
    port = has_port ? rest.substr(1) : rest;
  } else if (text->find(':') == std::string::npos || inet_pton(AF_INET6, text->substr(0, text->find('%')).c_str(), &address) == 1) {
    result.host = *text;
  } else {
    const std::size_t colon = text->rfind(':');
    result.host = text->substr(0, colon);
    has_port = true;
    port = std::string_view(*text).substr(colon + 1);
  }
  if (has_port) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), result.port);
    if (error != std::errc() || end != port.data() + port.size() || result.port == 0) {
      field.Problem("has the port " + Quoted(port) + " (use a number from 1 to 65535, or leave out the colon for 22)");
      return std::nullopt;
    }
  }
  if (const std::string problem = HostProblem(result.host); !problem.empty()) {
    field.Problem(problem);
    return std::nullopt;
  }
  return result;
}

std::string TextOrEmpty(const Field& field) { return field.Text().value_or(""); }

SshEndpoint ReadConnection(const Section& section) {
  const Field host_field = section["Host"];
  const Field jump_field = section["ProxyJumpHost"];
  const Field known_field = section["KnownHost"];
  const Field jump_known_field = section["ProxyJumpKnownHost"];
  const Field key_field = section["PrivateKey"];
  SshEndpoint endpoint;
  const std::optional<HostAndPort> host = ReadHost(host_field.Required("say which host to connect to"));
  endpoint.user = RequiredText(section["Username"], UserProblem, "say which user logs in");
  if (std::optional<Secret> key = key_field.Required("give the private key to log in with").SecretText()) {
    endpoint.private_key = *std::move(key);
    CheckKey(key_field, endpoint.private_key, endpoint.key_passphrase);
  }

  const std::string known = TextOrEmpty(known_field);
  const std::string jump_known = TextOrEmpty(jump_known_field);
  const bool known_good = CheckKnownHostsText(known_field, known);
  const bool jump_known_good = CheckKnownHostsText(jump_known_field, jump_known);
  endpoint.known_hosts = known.empty() || jump_known.empty() ? known + jump_known : known + '\n' + jump_known;
  const bool checkable = known_good && jump_known_good;
  if (!known_field.present() && jump_known.empty()) {
    known_field.Required("give the output of ssh-keyscan for this host");
  } else if (host && checkable) {
    CheckHostIsPinned(known_field, endpoint.known_hosts, host->host, host->port);
  }

  // The Go program takes an empty one for none.
  const Node* jump_node = jump_field.node();
  if (jump_node != nullptr && !(jump_node->kind == Node::Kind::kText && jump_node->text.empty())) {
    const std::optional<HostAndPort> jump = ReadHost(jump_field);
    if (jump && checkable && !endpoint.known_hosts.empty()) {
      CheckHostIsPinned(jump_known_field, endpoint.known_hosts, jump->host, jump->port);
    }
    endpoint.jump_host = std::make_unique<SshEndpoint>();
    endpoint.jump_host->user = endpoint.user;
    endpoint.jump_host->private_key = endpoint.private_key.Clone();
    endpoint.jump_host->known_hosts = endpoint.known_hosts;
    if (jump) {
      endpoint.jump_host->host = jump->host;
      endpoint.jump_host->port = jump->port;
    }
  }
  if (host) {
    endpoint.host = host->host;
    endpoint.port = host->port;
  }
  return endpoint;
}

Section ConnectionSection(const Field& field) {
  std::vector<std::string_view> keys = {"Host", "KnownHost", "ProxyJumpHost", "ProxyJumpKnownHost", "Username", "PrivateKey"};
  return {field, std::move(keys), KeyCase::kFolded};
}

void ReadRepository(const Section& section, const Server& server, Target& target) {
  const Field path_field = section["SubDir"].Required("give the repository's path below RootDir");
  if (const std::optional<std::string> path = path_field.Text()) {
    target.repository.path = AsJoined(*path);
    const std::string problem = RepositoryPathProblem(target.repository.path);
    path_field.Problem(problem);
    if (problem.empty()) CheckLocation(path_field, server, target.repository);
  }
  const Field passphrase_field = section["Passphrase"].Required("give the repository's passphrase");
  if (std::optional<Secret> passphrase = passphrase_field.SecretText()) {
    target.repository.passphrase = *std::move(passphrase);
    passphrase_field.Problem(target.repository.passphrase.empty() ? "is empty (give the repository's passphrase)"
                                                                  : PassphraseProblem(target.repository.passphrase.Reveal()));
  }
}

void CheckRead(const Section& section, std::string_view what_to_do) { section.field().Required(what_to_do); }

class TomlPlanReader {
 public:
  explicit TomlPlanReader(const std::string& file_name) : problems_(file_name) {}

  Result<Plan> Read(const Node& root) {
    Plan plan;
    const Section top(Field(&root, 1, "", &problems_), {"Borg", "Servers"}, KeyCase::kFolded);
    const PruneSetting prune = ReadBorg(Section(top["Borg"], {"Server", "RootDir", "PruneSetting"}, KeyCase::kFolded), plan.server);
    const Field servers = top["Servers"].Required("add a [[Servers]] block for each machine to back up");
    const std::vector<Field> items = servers.List();
    if (servers.present() && servers.node()->kind == Node::Kind::kList && items.empty()) {
      servers.Problem("is empty (add a [[Servers]] block for each machine to back up)");
    }
    for (const Field& item : items) plan.targets.push_back(ReadTarget(item, plan.server, prune));
    if (!problems_.empty()) return Fail(problems_.ToError());
    NameAll(plan.targets);
    return plan;
  }

 private:
  static PruneSetting ReadBorg(const Section& section, Server& server) {
    CheckRead(section, "add a [Borg] block with RootDir, PruneSetting and Server");
    if (!section.present()) return {};
    server.root_dir =
        JoinedRoot(RequiredText(section["RootDir"], JoinedRootProblem, "give the absolute path that all repositories are below"));
    const Section connection = ConnectionSection(section["Server"]);
    CheckRead(connection, "add a [Borg.Server] block that says how to log in");
    if (connection.present()) server.connection = ReadConnection(connection);
    const Field prune_field = section["PruneSetting"];
    PruneSetting prune = ParsePruneSetting(TextOrEmpty(prune_field));
    for (const std::string& problem : prune.problems) prune_field.Problem(problem);
    return prune;
  }

  Target ReadTarget(const Field& field, const Server& server, const PruneSetting& prune) {
    Target target;
    const Section section(field, {"Name", "SourcePaths", "Excludes", "Connection", "BorgTarget"}, KeyCase::kFolded);
    if (!section.present()) return target;
    if (std::optional<std::string> name = section["Name"].Text(); name && !name->empty()) {
      section["Name"].Problem(NameProblem(*name));
      target.name = *std::move(name);
    }
    const Field paths = section["SourcePaths"].Required("list the paths to back up");
    target.source.paths = CheckedTexts(paths, SourcePathProblem);
    if (paths.present() && paths.node()->kind == Node::Kind::kList && target.source.paths.empty()) {
      paths.Problem("is empty (list the paths to back up)");
    }
    paths.Problem(SourcePathsProblem(target.source.paths));
    target.source.excludes = CheckedTexts(section["Excludes"], ExcludeProblem);

    const Section repository(section["BorgTarget"], {"SubDir", "Passphrase"}, KeyCase::kFolded);
    CheckRead(repository, "add a [Servers.BorgTarget] block with SubDir and Passphrase");
    if (repository.present()) {
      ReadRepository(repository, server, target);
      paths_.Add(repository["SubDir"], target.repository.path);
    }
    const Section connection = ConnectionSection(section["Connection"]);
    CheckRead(connection, "add a [Servers.Connection] block that says how to log in");
    if (connection.present()) target.connection = ReadConnection(connection);
    target.retention = prune.retention;
    if (prune.lock_wait) target.limits.lock_wait = *prune.lock_wait;
    return target;
  }

  Problems problems_;
  RepositoryPaths paths_;
};

}  // namespace

Result<Plan> ReadToml(std::string_view text, const std::string& file_name) {
  if (text.size() > kMaxInputSize) return Fail(Reason::kInvalidConfig, file_name + ": is larger than 16 MiB (split it)");
  Result<std::string> escaped = EscapeBytes(text);
  if (!escaped) return Fail(Reason::kInvalidConfig, file_name + ':' + escaped.error().message);
  Result<Node> root = ParseToml(*escaped, file_name);
  const bool yaml = !root && LooksLikeYaml(*escaped);
  Wipe(*escaped);
  if (yaml) {
    return Fail(Reason::kInvalidConfig, file_name +
                                            ": looks like a plan in YAML, and without --plan TOML is read (give a plan on "
                                            "standard input with `--plan -`)");
  }
  if (!root) return Fail(root.error());
  MergeTables(*root);
  return TomlPlanReader(file_name).Read(*root);
}

}  // namespace borgop
