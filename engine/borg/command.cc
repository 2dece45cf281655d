#include "engine/borg/command.h"

#include <array>
#include <optional>
#include <utility>

#include "engine/base/utf8.h"
#include "engine/borg/shell_quote.h"
#include "engine/borg/sources.h"

namespace borgop {
namespace {

// Passphrases that would win over the one on standard input (crypto/key.py, Passphrase.env_passphrase), a repository or a remote
// program other than ours, a log format other than JSON, a key in a file.
constexpr auto kUnset = std::to_array<std::string_view>({
    "BORG_PASSPHRASE",
    "BORG_PASSCOMMAND",
    "BORG_NEW_PASSPHRASE",
    "BORG_DEBUG_PASSPHRASE",
    "BORG_REPO",
    "BORG_REMOTE_PATH",
    "BORG_KEY_FILE",
    "BORG_LOGGING_CONF",
    "BORG_JSON_INDENT",
});

std::vector<std::pair<std::string, std::string>> EnvironmentOf(const Client& client) {
  std::vector<std::pair<std::string, std::string>> env = {
      {"BORG_PASSPHRASE_FD", "0"},
      {"BORG_RSH", client.rsh},
      // The location's text is made here, by C alone, and says nothing about where BORG_RSH leads. An account on T that was backed up
      // in another way before has another text recorded and would be asked. C starts from an empty directory and is never asked.
      {"BORG_RELOCATED_REPO_ACCESS_IS_OK", client.machine == Machine::kTarget ? "yes" : "no"},
      // What a hostile B puts in the place of an encrypted repository is not written to. Where the plan itself asks for none, C, which
      // starts from an empty directory, and the first run on T would be asked for ever.
      {"BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK", client.unencrypted ? "yes" : "no"},
      {"BORG_DISPLAY_PASSPHRASE", "no"},
      {"BORG_EXIT_CODES", "modern"},  // 1.4 only
      // File names are bytes that borg keeps as they are under UTF-8 only; the system's error texts stay in English.
      {"LC_ALL", "C.UTF-8"},
  };
  if (!client.base_dir.empty()) env.emplace_back("BORG_BASE_DIR", client.base_dir);
  return env;
}

Command Begin(const Client& client, std::string_view verb) {
  return {{client.borg, std::string(verb), "--log-json", "--lock-wait", std::to_string(client.lock_wait.count())},
          EnvironmentOf(client)};
}

// Times that borg prints are local ones, without an offset.
constexpr std::pair<const char*, const char*> kUtc{"TZ", "UTC"};

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    escaped += c;
    if (c == '{' || c == '}') escaped += c;
  }
  return escaped;
}

void AddItems(Command& command, std::string_view repository_path, const ArchiveItems& items) {
  command.argv.emplace_back("--");
  command.argv.push_back(RepositoryUrl(repository_path) + "::" + Escaped(items.archive));
  command.argv.insert(command.argv.end(), items.patterns.begin(), items.patterns.end());
}

void AddRepository(Command& command, std::string_view repository_path) {
  command.argv.emplace_back("--");
  command.argv.push_back(RepositoryUrl(repository_path));
}

}  // namespace

std::string SpokenPath(std::string_view absolute_path) {
  return IsUtf8(absolute_path) ? std::string(absolute_path) : "/./" + std::string(kRepositoryLink);
}

std::string RepositoryUrl(std::string_view absolute_path) { return "ssh://borg-server" + Escaped(SpokenPath(absolute_path)); }

Command Init(const Client& client, std::string_view repository_path, std::string_view encryption) {
  Command command = Begin(client, "init");
  command.argv.push_back("--encryption=" + std::string(encryption));
  command.argv.emplace_back("--make-parent-dirs");
  AddRepository(command, repository_path);
  return command;
}

Command List(const Client& client, std::string_view repository_path, bool without_lock) {
  Command command = Begin(client, "list");
  command.env.emplace_back(kUtc);
  command.argv.insert(command.argv.end(), {"--json", "--consider-checkpoints"});
  if (without_lock) command.argv.emplace_back("--bypass-lock");
  AddRepository(command, repository_path);
  return command;
}

Command Create(const Client& client, std::string_view repository_path, std::string_view archive_name, const Source& source,
               std::uint32_t upload_rate_kib) {
  Command command = Begin(client, "create");
  std::vector<std::string>& argv = command.argv;
  argv.insert(argv.end(), {"--json", "--progress", "--files-cache=ctime,size", "--noctime", "--noflags"});
  if (!source.compression.empty()) argv.push_back("--compression=" + source.compression);
  if (source.one_file_system) argv.emplace_back("--one-file-system");
  if (upload_rate_kib != 0) argv.push_back("--upload-ratelimit=" + std::to_string(upload_rate_kib));
  SpokenSources sources = SpeakSources(source);
  argv.insert(argv.end(), sources.options.begin(), sources.options.end());
  argv.emplace_back("--");
  argv.push_back(RepositoryUrl(repository_path) + "::" + std::string(archive_name));
  for (const std::string& path : sources.roots) {
    // Python's argparse drops a second "--", and borg looks for outdated options among all words; "./" is normalized away again.
    argv.push_back(path.starts_with('-') ? "./" + path : path);
  }
  command.before = std::move(sources.checks);
  return command;
}

Command KeyExport(const Client& client, std::string_view repository_path) {
  Command command = Begin(client, "key");
  command.argv.insert(command.argv.begin() + 2, "export");
  AddRepository(command, repository_path);
  return command;
}

Command Prune(const Client& client, std::string_view repository_path, const Retention& retention) {
  Command command = Begin(client, "prune");
  command.argv.emplace_back("--list");
  const std::pair<const char*, const std::optional<std::int64_t>&> counts[] = {
      {"--keep-last=", retention.keep_last},     {"--keep-minutely=", retention.keep_minutely},
      {"--keep-hourly=", retention.keep_hourly}, {"--keep-daily=", retention.keep_daily},
      {"--keep-weekly=", retention.keep_weekly}, {"--keep-monthly=", retention.keep_monthly},
      {"--keep-yearly=", retention.keep_yearly},
  };
  for (const auto& [option, count] : counts) {
    if (count) command.argv.push_back(option + std::to_string(*count));
  }
  if (!retention.keep_within.empty()) command.argv.push_back("--keep-within=" + retention.keep_within);
  if (!retention.glob_archives.empty()) command.argv.push_back("--glob-archives=" + retention.glob_archives);
  // By whose days; borg takes those of its process.
  command.env.emplace_back("TZ", retention.time_zone.empty() ? "UTC" : retention.time_zone);
  AddRepository(command, repository_path);
  return command;
}

Command Delete(const Client& client, std::string_view repository_path, std::span<const std::string> names) {
  Command command = Begin(client, "delete");
  AddRepository(command, repository_path);
  command.argv.insert(command.argv.end(), names.begin(), names.end());
  return command;
}

Command Check(const Client& client, std::string_view repository_path, const Maintenance& maintenance) {
  Command command = Begin(client, "check");
  command.argv.emplace_back("--progress");
  if (maintenance.check == CheckMode::kRepository) command.argv.emplace_back("--repository-only");
  if (maintenance.check == CheckMode::kArchives) command.argv.emplace_back("--archives-only");
  if (maintenance.check == CheckMode::kVerifyData) command.argv.emplace_back("--verify-data");
  if (const auto longest = maintenance.check_max_duration.count(); longest > 0)
    command.argv.push_back("--max-duration=" + std::to_string(longest));
  AddRepository(command, repository_path);
  return command;
}

Command Compact(const Client& client, std::string_view repository_path) {
  Command command = Begin(client, "compact");
  command.argv.emplace_back("--progress");
  AddRepository(command, repository_path);
  return command;
}

Command BreakLock(const Client& client, std::string_view repository_path) {
  Command command = Begin(client, "break-lock");
  AddRepository(command, repository_path);
  return command;
}

Command ListItems(const Client& client, std::string_view repository_path, const ArchiveItems& items) {
  Command command = Begin(client, "list");
  command.env.emplace_back(kUtc);
  // Not as JSON: neither form says bytes that are not UTF-8, and this one is half as long.
  command.argv.emplace_back("--format={mode} {size} {isomtime} {health} {path}{NUL}");
  AddItems(command, repository_path, items);
  return command;
}

Command Extract(const Client& client, std::string_view repository_path, const ArchiveItems& items) {
  Command command = Begin(client, "extract");
  command.argv.emplace_back("--progress");
  AddItems(command, repository_path, items);
  return command;
}

Command ExportTar(const Client& client, std::string_view repository_path, const ArchiveItems& items) {
  Command command = Begin(client, "export-tar");
  command.argv.emplace_back("--progress");
  command.argv.emplace_back("--");
  command.argv.push_back(RepositoryUrl(repository_path) + "::" + Escaped(items.archive));
  command.argv.emplace_back("-");
  command.argv.insert(command.argv.end(), items.patterns.begin(), items.patterns.end());
  return command;
}

Command InDirectory(std::string_view directory, Command command) {
  std::vector<std::string> argv = {"sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "sh", std::string(directory)};
  argv.insert(argv.end(), command.argv.begin(), command.argv.end());
  command.argv = std::move(argv);
  return command;
}

Command Serve(std::string_view borg, std::string_view repository_path, bool append_only) {
  Command command{{std::string(borg), "serve"}, {}};
  if (append_only) command.argv.emplace_back("--append-only");
  // One word: a path that begins with a dash cannot be taken for an option, and a forced command sees the same text.
  command.argv.push_back("--restrict-to-repository=" + std::string(IsUtf8(repository_path) ? repository_path : kRepositoryLink));
  return command;
}

Command Version(std::string_view borg) { return {{std::string(borg), "--version"}, {}}; }

std::span<const std::string_view> VariablesToUnset() { return kUnset; }

std::string ScriptFor(const Command& command) {
  std::string script = command.before + "unset";
  for (const std::string_view name : kUnset) {
    script += ' ';
    script += name;
  }
  script += '\n';
  for (const auto& [name, value] : command.env) script += "export " + name + "=" + ShellQuote(value) + "\n";
  script += "exec " + ShellJoin(command.argv);
  return script;
}

}  // namespace borgop
