// Every borg command line and environment of the project.
//
// Read from and tried with borg 1.2.4 and 1.4.5 (archiver.py, helpers/parseformat.py, remote.py, crypto/key.py). The passphrase is
// in none of them: every client reads it from its standard input (BORG_PASSPHRASE_FD=0) up to the end of input.
//
// Thread safety: pure functions on values.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/plan/plan.h"

namespace borgop {

struct Command {
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> env;  // set on top of what is inherited
  std::string before = {};                               // sh text that ScriptFor has run first
};

enum class Machine { kTarget, kHere };  // T, C

// Who runs a borg client, and how it reaches `borg serve`.
struct Client {
  Machine machine = Machine::kHere;
  std::string borg = "borg";  // a name on PATH or an absolute path
  std::string rsh;  // BORG_RSH: a command that borg splits as a POSIX shell splits words; borg adds "borg-server borg serve ..."
  std::string base_dir;  // BORG_BASE_DIR; empty: the account's own (T, whose caches are worth keeping)
  std::chrono::seconds lock_wait{600};
  bool unencrypted = false;  // the plan asks for a repository that borg does not encrypt (IsUnencrypted)
};

// What borg is told of the repository's path on B: the path itself. One that is not UTF-8 cannot be told, as borg keeps its command line in
// the archive as text: then it is the name of a link to it, in the directory that `borg serve` runs in (remote.py, _resolve_path).
inline constexpr std::string_view kRepositoryLink = "repository";
std::string SpokenPath(std::string_view absolute_path);

// What borg calls the repository at `absolute_path` on B, with the placeholders that borg would expand in it written so that they
// stay as they are. The host's name stands in the location only, BORG_RSH decides where it leads.
std::string RepositoryUrl(std::string_view absolute_path);

Command Init(const Client& client, std::string_view repository_path, std::string_view encryption);
// `without_lock`: while another session holds it.
Command List(const Client& client, std::string_view repository_path, bool without_lock = false);
Command Create(const Client& client, std::string_view repository_path, std::string_view archive_name, const Source& source,
               std::uint32_t upload_rate_kib);
// To standard output.
Command KeyExport(const Client& client, std::string_view repository_path);
// `retention` is not empty().
Command Prune(const Client& client, std::string_view repository_path, const Retention& retention);
// `names` is not empty.
Command Delete(const Client& client, std::string_view repository_path, std::span<const std::string> names);
// `maintenance.check` is not kNone.
Command Check(const Client& client, std::string_view repository_path, const Maintenance& maintenance);
Command Compact(const Client& client, std::string_view repository_path);
// Whoever holds it: see repository_lock.h.
Command BreakLock(const Client& client, std::string_view repository_path);

// Which items of an archive are meant: borg patterns, each with its style ("pp:etc", "sh:srv/**"); none: all. `archive` is taken as it is:
// placeholders are none.
struct ArchiveItems {
  std::string archive;
  std::vector<std::string> patterns;
};
// A line an item, for ItemListReader (item_list.h).
Command ListItems(const Client& client, std::string_view repository_path, const ArchiveItems& items);
// Into the working directory; borg replaces what is in the way.
Command Extract(const Client& client, std::string_view repository_path, const ArchiveItems& items);
// A tar to standard output.
Command ExportTar(const Client& client, std::string_view repository_path, const ArchiveItems& items);
// `command` in the working directory `directory`, which is absolute, by the sh of this machine.
Command InDirectory(std::string_view directory, Command command);

// What B runs.
Command Serve(std::string_view borg, std::string_view repository_path, bool append_only);
Command Version(std::string_view borg);

// Variables of an account's login environment that would change what borg does here; ScriptFor unsets them, and C keeps them out of
// its borg's environment.
std::span<const std::string_view> VariablesToUnset();

// POSIX sh text that becomes the command: unset ..., export ..., exec ... . The last line has no newline. Exit status 127: there is
// no such program, 126: it cannot be run.
std::string ScriptFor(const Command& command);

}  // namespace borgop
