#include "engine/plan/yaml_reader.h"

#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "engine/plan/byte_escape.h"
#include "engine/plan/document.h"
#include "engine/plan/field.h"
#include "engine/plan/input_file.h"
#include "engine/plan/other_form.h"
#include "engine/plan/plan_words.h"
#include "engine/plan/rules.h"
#include "engine/plan/validate.h"
#include "engine/plan/yaml_document.h"

namespace borgop {
namespace {

constexpr std::size_t kMaxHops = 4;
constexpr std::size_t kMaxSecretFile = 65'536;
constexpr std::size_t kMaxKnownHostsFile = std::size_t{1} << 20;
constexpr std::int64_t kMaxSeconds = 10LL * 365 * 24 * 3600;
constexpr std::int64_t kMaxKeep = 1'000'000'000;

// Something that stands in the plan or in a file. `field` is where, for what is checked later.
struct Given {
  Field field;
  std::optional<Secret> value;
};

enum class Newline { kKept, kDropped };

struct Inlined {
  std::string_view name;
  std::string_view file_name;
  std::size_t size_limit;
  Newline newline;
};
constexpr Inlined kPrivateKey{"privateKey", "privateKeyFile", kMaxSecretFile, Newline::kKept};
constexpr Inlined kKeyPassphrase{"keyPassphrase", "keyPassphraseFile", kMaxSecretFile, Newline::kDropped};
constexpr Inlined kKnownHosts{"knownHosts", "knownHostsFile", kMaxKnownHostsFile, Newline::kKept};
constexpr Inlined kPassphrase{"passphrase", "passphraseFile", kMaxSecretFile, Newline::kDropped};

void DropNewline(std::string& text) {
  if (!text.empty() && text.back() == '\n') text.pop_back();
  if (!text.empty() && text.back() == '\r') text.pop_back();
}

class YamlPlanReader {
 public:
  explicit YamlPlanReader(const std::string& file_name) : problems_(file_name) {
    const std::size_t slash = file_name.rfind('/');
    if (slash != std::string::npos) directory_ = file_name.substr(0, slash + 1);
  }

  Result<Plan> Read(const Node& root) {
    Plan plan;
    const Section top(Field(&root, 1, "", &problems_), {"version", "server", "targets"}, KeyCase::kExact);
    if (top.present()) ReadTop(top, plan);
    if (!problems_.empty()) return Fail(problems_.ToError());
    return plan;
  }

 private:
  void ReadTop(const Section& top, Plan& plan) {
    const Field version = top["version"].Required("write `version: 1`");
    if (version.node() != nullptr && version.node()->kind == Node::Kind::kWord && version.node()->text != "1") {
      version.Problem("is " + Quoted(version.node()->text) + " (only version 1 is known: write `version: 1`)");
    } else {
      version.Integer(1, 1);
    }
    const Field server = top["server"].Required("say where the repositories are, and how to log in there");
    plan.server = ReadServer(server);
    const Field targets = top["targets"].Required("list the machines to back up");
    for (const Field& item : targets.List()) plan.targets.push_back(ReadTarget(item, plan.server));
    ReportEmptyList(targets, "list the machines to back up");
  }

  static void ReportEmptyList(const Field& field, const std::string& what_to_do) {
    const Node* node = field.node();
    if (node != nullptr && node->kind == Node::Kind::kList && node->children.empty())
      field.Problem("is empty (" + what_to_do + ")");
  }

  Server ReadServer(const Field& field) {
    Server server;
    const Section section(field, WithEndpointKeys({"rootDir", "borg"}), KeyCase::kExact);
    if (!section.present()) return server;
    server.root_dir =
        NormalizedPath(RequiredText(section["rootDir"], RootDirProblem, "give the absolute path that all repositories are below"));
    server.borg = CheckedText(section["borg"], ProgramProblem, "borg");
    server.connection = ReadEndpoint(section, kMaxHops);
    return server;
  }

  static std::vector<std::string_view> WithEndpointKeys(std::vector<std::string_view> keys) {
    for (const std::string_view key : {"host", "port", "user", "privateKey", "privateKeyFile", "keyPassphrase", "keyPassphraseFile",
                                       "knownHosts", "knownHostsFile", "jumpHost"}) {
      keys.push_back(key);
    }
    return keys;
  }

  SshEndpoint ReadEndpoint(const Section& section, std::size_t hops_left) {
    SshEndpoint endpoint;
    endpoint.host = RequiredText(section["host"], HostProblem, "say which host to connect to");
    const std::optional<std::int64_t> port = section["port"].Integer(1, 65'535);
    if (port) endpoint.port = static_cast<std::uint16_t>(*port);
    endpoint.user = RequiredText(section["user"], UserProblem, "say which user logs in");

    Given passphrase = ReadGiven(section, kKeyPassphrase, "");
    if (passphrase.value) endpoint.key_passphrase = *std::move(passphrase.value);
    Given key = ReadGiven(section, kPrivateKey, "give privateKey or privateKeyFile");
    if (key.value) {
      endpoint.private_key = *std::move(key.value);
      CheckKey(key.field, endpoint.private_key, endpoint.key_passphrase);
    }
    const Given known = ReadGiven(section, kKnownHosts, "give the output of ssh-keyscan, or a file with it as knownHostsFile");
    if (known.value) {
      endpoint.known_hosts = known.value->Reveal();
      const bool good = CheckKnownHostsText(known.field, endpoint.known_hosts);
      const bool port_is_known = port.has_value() || !section["port"].present();
      if (good && port_is_known && !endpoint.host.empty())
        CheckHostIsPinned(known.field, endpoint.known_hosts, endpoint.host, endpoint.port);
    }

    const Field jump = section["jumpHost"];
    if (!jump.present()) return endpoint;
    if (hops_left == 0) {
      jump.Problem("is one jump host too many (use at most " + std::to_string(kMaxHops) + ")");
      return endpoint;
    }
    const Section jump_section(jump, WithEndpointKeys({}), KeyCase::kExact);
    if (jump_section.present()) endpoint.jump_host = std::make_unique<SshEndpoint>(ReadEndpoint(jump_section, hops_left - 1));
    return endpoint;
  }

  // `what_to_do` is empty where neither has to be there.
  Given ReadGiven(const Section& section, const Inlined& what, std::string_view what_to_do) {
    const Field inlined = section[what.name];
    const Field file = section[what.file_name];
    if (inlined.present() && file.present()) {
      file.Problem("is given beside `" + std::string(what.name) + "` (keep one of them)");
      return {file, std::nullopt};
    }
    if (file.present()) return {file, ReadFile(file, what)};
    if (!what_to_do.empty()) inlined.Required(what_to_do);
    std::optional<Secret> value = inlined.SecretText();
    if (value && value->empty()) {
      inlined.Problem(what_to_do.empty() ? "is empty (give it, or remove the key)" : "is empty (" + std::string(what_to_do) + ")");
      value.reset();
    }
    return {inlined, std::move(value)};
  }

  std::optional<Secret> ReadFile(const Field& field, const Inlined& what) {
    const std::optional<std::string> name = field.Text();
    if (!name) return std::nullopt;
    if (name->empty()) {
      field.Problem("is empty (name a file)");
      return std::nullopt;
    }
    Result<std::string> text = ReadInputFile(name->starts_with('/') ? *name : directory_ + *name, what.size_limit);
    if (!text) {
      field.Problem("names the file " + Quoted(*name) + ", which " + text.error().message);
      return std::nullopt;
    }
    if (what.newline == Newline::kDropped) DropNewline(*text);
    Secret secret = Secret::Consume(*std::move(text));
    std::string_view problem;
    if (secret.empty()) problem = "is empty";
    if (secret.Reveal().find('\0') != std::string_view::npos) problem = "has a NUL byte in it";
    if (problem.empty()) return secret;
    field.Problem("names the file " + Quoted(*name) + ", which " + std::string(problem));
    return std::nullopt;
  }

  Target ReadTarget(const Field& field, const Server& server) {
    Target target;
    const Section section(
        field, {"name", "connection", "borg", "repository", "source", "archiveName", "retention", "maintenance", "hooks", "limits"},
        KeyCase::kExact);
    if (!section.present()) return target;
    target.name = RequiredText(section["name"], NameProblem, "give the target a name");
    names_.Add(section["name"], target.name);
    target.borg = CheckedText(section["borg"], ProgramProblem, "borg");
    target.archive_name = CheckedText(section["archiveName"], ArchiveNameProblem, target.archive_name);
    const Field connection = section["connection"].Required("say how to log in to the target");
    if (const Section endpoint(connection, WithEndpointKeys({}), KeyCase::kExact); endpoint.present()) {
      target.connection = ReadEndpoint(endpoint, kMaxHops);
    }
    ReadRepository(section["repository"].Required("give the repository's path and passphrase"), server, target.repository);
    ReadSource(section["source"].Required("list the paths to back up"), target.source);
    ReadRetention(section["retention"], target.retention);
    ReadMaintenance(section["maintenance"], target.maintenance);
    ReadHooks(section["hooks"], target.hooks);
    ReadLimits(section["limits"], target.limits);
    return target;
  }

  void ReadRepository(const Field& field, const Server& server, Repository& repository) {
    const Section section(
        field, {"path", "passphrase", "passphraseFile", "encryption", "keyFile", "ledgerFile", "lockOwner", "acknowledge", "adopt"},
        KeyCase::kExact);
    if (!section.present()) return;
    repository.path = RequiredText(section["path"], RepositoryPathProblem, "give the repository's path below server.rootDir");
    // Also of a path that has been reported, as that may be mended in more than one way.
    if (const Field path = section["path"]; path.node() != nullptr) paths_.Add(path, NormalizedPath(path.node()->text));
    CheckLocation(section["path"], server, repository);
    repository.encryption = CheckedText(section["encryption"], EncryptionProblem, repository.encryption);
    ReadKeyFile(section["keyFile"], repository);
    repository.ledger_file = CheckedText(section["ledgerFile"], LocalFileProblem);
    repository.lock_owner = CheckedText(section["lockOwner"], LockOwnerProblem);
    repository.acknowledge = CheckedText(section["acknowledge"], AcknowledgeProblem);
    repository.adopt = section["adopt"].Boolean().value_or(false);
    Given passphrase = ReadGiven(section, kPassphrase, repository.encryption == "none" ? "" : "give passphrase or passphraseFile");
    if (!passphrase.value) return;
    passphrase.field.Problem(PassphraseProblem(passphrase.value->Reveal()));
    repository.passphrase = *std::move(passphrase.value);
  }

  static void ReadSource(const Field& field, Source& source) {
    const Section section(field, {"paths", "excludes", "compression", "oneFileSystem"}, KeyCase::kExact);
    if (!section.present()) return;
    const Field paths = section["paths"].Required("list the paths to back up");
    source.paths = CheckedTexts(paths, SourcePathProblem);
    ReportEmptyList(paths, "list the paths to back up");
    paths.Problem(SourcePathsProblem(source.paths));
    source.excludes = CheckedTexts(section["excludes"], ExcludeProblem);
    source.compression = CheckedText(section["compression"], CompressionProblem);
    source.one_file_system = section["oneFileSystem"].Boolean().value_or(false);
  }

  void ReadKeyFile(const Field& field, Repository& repository) {
    repository.key_file = CheckedText(field, LocalFileProblem);
    if (repository.key_file.empty()) return;
    if (repository.encryption == "none") field.Problem("needs a repository that is encrypted: this one has no key (remove it)");
    key_files_.Add(field, NormalizedPath(repository.key_file));
  }

  static void ReadRetention(const Field& field, Retention& retention) {
    const Section section(field,
                          {"keepLast", "keepMinutely", "keepHourly", "keepDaily", "keepWeekly", "keepMonthly", "keepYearly",
                           "keepWithin", "globArchives", "timeZone"},
                          KeyCase::kExact);
    if (!section.present()) return;
    const auto count = [&](std::string_view name) -> std::optional<std::int64_t> {
      const std::optional<std::int64_t> value = section[name].Integer(-kMaxKeep, kMaxKeep);
      if (value) section[name].Problem(KeepCountProblem(*value));
      return value;
    };
    for (const auto& [name, member] : kKeepCounts) retention.*member = count(name);
    retention.keep_within = CheckedText(section["keepWithin"], KeepWithinProblem);
    retention.glob_archives = CheckedText(section["globArchives"], GlobArchivesProblem);
    retention.time_zone = CheckedText(section["timeZone"], TimeZoneProblem);
    const bool keep_within_is_known = !section["keepWithin"].present() || !retention.keep_within.empty();
    if (keep_within_is_known) field.Problem(RetentionProblem(retention));
  }

  static void ReadMaintenance(const Field& field, Maintenance& maintenance) {
    const Section section(field, {"check", "checkMaxDurationSeconds", "compact", "compactAfter"}, KeyCase::kExact);
    if (!section.present()) return;
    maintenance.compact = section["compact"].Boolean().value_or(maintenance.compact);
    ReadCheckMode(section["check"], maintenance.check);
    const Field longest = section["checkMaxDurationSeconds"];
    maintenance.check_max_duration = std::chrono::seconds(longest.Integer(1, kMaxSeconds).value_or(0));
    longest.Problem(CheckMaxDurationProblem(maintenance));
    maintenance.compact_after = CompactAfterOf(CheckedText(section["compactAfter"], CompactAfterProblem));
  }

  static void ReadCheckMode(const Field& check, CheckMode& result) {
    const std::optional<std::string> mode = check.Text();
    if (!mode) return;
    const std::optional<CheckMode> known = CheckModeOf(*mode);
    if (!known) check.Problem("is " + Quoted(*mode) + " (use full, verifyData, repository, archives or none)");
    result = known.value_or(result);
  }

  static std::vector<HookCommand> ReadHookList(const Field& field) {
    std::vector<HookCommand> commands;
    for (const Field& item : field.List()) {
      const std::vector<Field> words = item.List();
      HookCommand command;
      for (std::size_t i = 0; i < words.size(); ++i) {
        // As it is written, as on a command line: `[sleep, 5]`, `[true]`.
        const std::optional<std::string> word = words[i].Word();
        if (i == 0 && word) words[i].Problem(HookProgramProblem(*word));
        command.push_back(word.value_or(""));
      }
      const bool is_list = item.node() != nullptr && item.node()->kind == Node::Kind::kList;
      if (is_list) item.Problem(HookProblem(command));
      commands.push_back(std::move(command));
    }
    field.Problem(HookListProblem(commands.size()));
    return commands;
  }

  static void ReadHooks(const Field& field, Hooks& hooks) {
    const Section section(field, {"before", "after", "timeoutSeconds"}, KeyCase::kExact);
    if (!section.present()) return;
    hooks.before = ReadHookList(section["before"]);
    hooks.after = ReadHookList(section["after"]);
    const std::optional<std::int64_t> timeout = section["timeoutSeconds"].Integer(1, kMaxHookSeconds);
    if (timeout) hooks.timeout = std::chrono::seconds(*timeout);
  }

  static void ReadLimits(const Field& field, Limits& limits) {
    const Section section(field,
                          {"deadlineSeconds", "lockWaitSeconds", "socketTimeoutSeconds", "connectTimeoutSeconds",
                           "loginTimeoutSeconds", "uploadRateKiBps", "maxNewBytes"},
                          KeyCase::kExact);
    if (!section.present()) return;
    const auto seconds = [&](std::string_view name, std::int64_t low, std::chrono::seconds& value) {
      if (const std::optional<std::int64_t> given = section[name].Integer(low, kMaxSeconds)) value = std::chrono::seconds(*given);
    };
    seconds("deadlineSeconds", 0, limits.deadline);
    seconds("lockWaitSeconds", 0, limits.lock_wait);
    seconds("socketTimeoutSeconds", 1, limits.socket_timeout);
    seconds("connectTimeoutSeconds", 1, limits.connect_timeout);
    seconds("loginTimeoutSeconds", 1, limits.login_timeout);
    const std::optional<std::int64_t> rate = section["uploadRateKiBps"].Integer(0, std::numeric_limits<std::int32_t>::max());
    if (rate) limits.upload_rate_kib = static_cast<std::uint32_t>(*rate);
    const std::optional<std::int64_t> bytes = section["maxNewBytes"].Integer(0, std::numeric_limits<std::int64_t>::max());
    if (bytes) limits.max_new_bytes = static_cast<std::uint64_t>(*bytes);
  }

  Problems problems_;
  std::string directory_;
  Unique names_{kNamesAreUnique};
  Unique key_files_{" (give each repository's key a file of its own)"};
  RepositoryPaths paths_;
};

}  // namespace

Result<Plan> ReadYaml(std::string_view text, const std::string& file_name) {
  if (text.size() > kMaxInputSize) return Fail(Reason::kInvalidConfig, file_name + ": is larger than 16 MiB (split it)");
  Result<std::string> escaped = EscapeBytes(text);
  if (!escaped) return Fail(Reason::kInvalidConfig, file_name + ':' + escaped.error().message);
  const Result<Node> root = ParseYaml(*escaped, file_name);
  const bool toml = (!root || root->kind != Node::Kind::kMap) && LooksLikeToml(*escaped);
  Wipe(*escaped);
  if (toml) {
    return Fail(Reason::kInvalidConfig, file_name +
                                            ": looks like TOML, and a plan is YAML (give TOML on standard input, without "
                                            "--plan, or make a plan of it by `borg-engine convert`)");
  }
  if (!root) return Fail(root.error());
  return YamlPlanReader(file_name).Read(*root);
}

}  // namespace borgop
