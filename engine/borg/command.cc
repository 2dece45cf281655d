#include "engine/borg/command.h"

#include <array>
#include <optional>

#include "engine/borg/exclude.h"
#include "engine/borg/shell_quote.h"
#include "engine/report/printable.h"

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

constexpr std::size_t kShownBytes = 200;

tl::unexpected<Error> Refuse(std::string_view what, std::string_view text, std::string_view why, std::string_view advice) {
  std::string message(what);
  message += " \"" + Printable(text, kShownBytes) + "\" ";
  message += why;
  return Fail(Reason::kInvalidConfig, std::move(message), std::string(advice));
}

std::vector<std::pair<std::string, std::string>> EnvironmentOf(const Client& client) {
  std::vector<std::pair<std::string, std::string>> env = {
      {"BORG_PASSPHRASE_FD", "0"},
      {"BORG_RSH", client.rsh},
      // The location's text is made here, by C alone, and says nothing about where BORG_RSH leads. An account on T that was backed up
      // in another way before has another text recorded and would be asked. C starts from an empty directory and is never asked.
      {"BORG_RELOCATED_REPO_ACCESS_IS_OK", client.machine == Machine::kTarget ? "yes" : "no"},
      {"BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK", "no"},
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

void AddRepository(Command& command, std::string_view repository_path) {
  command.argv.emplace_back("--");
  command.argv.push_back(RepositoryUrl(repository_path));
}

}  // namespace

std::string RepositoryUrl(std::string_view absolute_path) {
  std::string url = "ssh://borg-server";
  for (const char c : absolute_path) {
    url += c;
    if (c == '{' || c == '}') url += c;
  }
  return url;
}

Status CheckRepositoryPath(std::string_view path) {
  const auto refuse = [&](std::string_view why, std::string_view advice) { return Refuse("repository path", path, why, advice); };
  if (path.empty() || path.front() != '/') return refuse("is not absolute", "Give rootDir with a leading slash.");
  if (path == "/") return refuse("is the root directory", "Name a directory below it.");
  if (path.find('\0') != std::string_view::npos) return refuse("holds a NUL byte", "Remove it.");
  if (!IsUtf8(path)) return refuse("is not UTF-8, which borg create cannot use", "Rename the directory on the repository server.");
  if (path.substr(1, 1) == "~")
    return refuse("begins with ~, which borg reads as a home directory", "Name the directory from the root, or rename it.");
  if (path.find("::") != std::string_view::npos || path.back() == ':') {
    return refuse("holds \"::\" or ends in a colon, where borg expects the archive's name", "Rename the directory.");
  }
  if (path.find_first_of("{}") != std::string_view::npos)
    return refuse("holds a brace, which borg serve reads as a placeholder", "Rename the directory.");
  for (std::size_t begin = 1; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view component = path.substr(begin, end - begin);
    if (component.empty() || component == "." || component == "..") {
      return refuse("holds an empty component, \".\" or \"..\"", "Write it in its shortest form, without a slash at the end.");
    }
    begin = end + 1;
  }
  return {};
}

Status CheckSourceText(std::string_view what, std::string_view text) {
  if (text.empty()) return Refuse(what, text, "is empty", "Remove it or fill it in.");
  if (text.find('\0') != std::string_view::npos) return Refuse(what, text, "holds a NUL byte", "Remove it.");
  if (what != "exclude" && !IsUtf8(text)) {
    return Refuse(what, text, "is not UTF-8: borg keeps its command line in the archive and fails on such bytes",
                  "Name the nearest directory above it; files below a source path may have any name.");
  }
  return {};
}

Status CheckArchiveName(std::string_view name) {
  const auto refuse = [&](std::string_view why) { return Refuse("archive name", name, why, "Choose another name."); };
  if (name.empty()) return refuse("is empty");
  if (name.find('\0') != std::string_view::npos) return refuse("holds a NUL byte");
  if (!IsUtf8(name)) return refuse("is not UTF-8");
  if (name.find('/') != std::string_view::npos) return refuse("holds a slash");
  if (name.find("::") != std::string_view::npos) return refuse("holds \"::\"");
  return {};
}

Command Init(const Client& client, std::string_view repository_path, std::string_view encryption) {
  Command command = Begin(client, "init");
  command.argv.push_back("--encryption=" + std::string(encryption));
  command.argv.emplace_back("--make-parent-dirs");
  AddRepository(command, repository_path);
  return command;
}

Command List(const Client& client, std::string_view repository_path) {
  Command command = Begin(client, "list");
  command.argv.emplace_back("--json");
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
  for (const std::string& pattern : source.excludes) argv.push_back("--exclude=" + SpeakableExclude(pattern));
  argv.emplace_back("--");
  argv.push_back(RepositoryUrl(repository_path) + "::" + std::string(archive_name));
  for (const std::string& path : source.paths) {
    // Python's argparse drops a second "--", and borg looks for outdated options among all words; "./" is normalized away again.
    argv.push_back(path.starts_with('-') ? "./" + path : path);
  }
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
  AddRepository(command, repository_path);
  return command;
}

Command Check(const Client& client, std::string_view repository_path, CheckMode mode) {
  Command command = Begin(client, "check");
  command.argv.emplace_back("--progress");
  if (mode == CheckMode::kRepository) command.argv.emplace_back("--repository-only");
  if (mode == CheckMode::kArchives) command.argv.emplace_back("--archives-only");
  AddRepository(command, repository_path);
  return command;
}

Command Compact(const Client& client, std::string_view repository_path) {
  Command command = Begin(client, "compact");
  command.argv.emplace_back("--progress");
  AddRepository(command, repository_path);
  return command;
}

Command Serve(std::string_view borg, std::string_view repository_path, bool append_only) {
  Command command{{std::string(borg), "serve"}, {}};
  if (append_only) command.argv.emplace_back("--append-only");
  // One word: a path that begins with a dash cannot be taken for an option, and a forced command sees the same text.
  command.argv.push_back("--restrict-to-repository=" + std::string(repository_path));
  return command;
}

Command Version(std::string_view borg) { return {{std::string(borg), "--version"}, {}}; }

std::span<const std::string_view> VariablesToUnset() { return kUnset; }

std::string ScriptFor(const Command& command) {
  std::string script = "unset";
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
