// The plan: everything that one run of the engine needs to know. Both input forms (the TOML on stdin, the YAML plan) become this,
// and nothing below the readers knows which one it was.
//
// A Plan that a reader returned has been validated (validate.h): no field is empty that must not be, paths are absolute where they
// must be, names are unique, keys and known_hosts parse. Strings that reach borg or a file system are bytes, not text: they may
// hold anything but NUL.
//
// Thread safety: values. Ownership: a Plan owns its secrets; it is moved, never copied.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/secret.h"
#include "engine/plan/hooks.h"

namespace borgop {

// How to log in to a machine. The host key is always pinned: `known_hosts` is text in the format of sshd(8),
// "SSH_KNOWN_HOSTS FILE FORMAT", and must hold a key for host and port.
struct SshEndpoint {
  std::string host;  // name, IPv4 or IPv6 address, without brackets
  std::uint16_t port = 22;
  std::string user;
  Secret private_key;     // OpenSSH or PEM format
  Secret key_passphrase;  // empty: the key is not encrypted
  std::string known_hosts;
  std::unique_ptr<SshEndpoint> jump_host;  // null: connect directly
};

// B.
struct Server {
  SshEndpoint connection;
  std::string root_dir;       // absolute
  std::string borg = "borg";  // the program there: a name on PATH or an absolute path
};

struct Repository {
  std::string path;  // below Server::root_dir, relative, no "." or ".." component
  Secret passphrase;
  std::string encryption = "repokey-blake2";  // for init only
  std::string key_file;                       // on C, absolute: where a copy of its key is kept; empty: nowhere
  std::string ledger_file;                    // on C, absolute: what is known of it; read, and never written; empty: none is given
  std::string lock_owner;   // no other run that has it is at work as long as this one is; empty: that is not known
  std::string acknowledge;  // the finding (FindingId) that a person takes for good; empty: none
  bool adopt = false;       // what it has when there is no ledger yet is taken for good
};

struct Source {
  std::vector<std::string> paths;     // at least one
  std::vector<std::string> excludes;  // borg patterns, as for borg create --exclude
  std::string compression;            // empty: borg's default
  bool one_file_system = false;
};

// The options of borg prune, with borg's own meaning; -1 is "all", an absent one is not given.
struct Retention {
  std::optional<std::int64_t> keep_last, keep_minutely, keep_hourly, keep_daily, keep_weekly, keep_monthly, keep_yearly;
  std::string keep_within;    // such as 48H, 2d; empty: not given
  std::string glob_archives;  // only archives that match are considered; empty: all
  std::string time_zone;      // of days, weeks and so on: a name of the tz database; empty: UTC
  bool empty() const {
    return !keep_last && !keep_minutely && !keep_hourly && !keep_daily && !keep_weekly && !keep_monthly && !keep_yearly &&
           keep_within.empty();
  }
};

// kVerifyData: as kFull, and every chunk is read, decrypted and compared with its id.
enum class CheckMode { kNone, kRepository, kArchives, kFull, kVerifyData };

// What is done on C after a backup, in this order. Pruning happens when `Target::retention` is not empty; compact is skipped
// unless a check passed, so also where there is none.
struct Maintenance {
  CheckMode check = CheckMode::kFull;
  std::chrono::seconds check_max_duration{0};  // of one check, with kRepository only; the next one goes on from there; 0: no limit
  bool compact = true;
  std::chrono::hours compact_after{0};  // how long an archive that may go stays first; needs a ledger
};

struct Limits {
  std::chrono::seconds deadline{0};          // the whole target; 0: none
  std::chrono::seconds lock_wait{600};       // how long borg waits for the repository's lock
  std::chrono::seconds socket_timeout{120};  // how long the single-use socket waits for borg on T
  std::chrono::seconds connect_timeout{30};  // one TCP connection, all addresses together
  std::chrono::seconds login_timeout{60};    // SSH handshake and authentication
  std::uint32_t upload_rate_kib = 0;         // borg create --upload-ratelimit, KiB/s; 0: no limit
  std::uint64_t max_new_bytes = 0;           // that a backup may add to the repository; 0: no limit
};

// T, and its repository.
struct Target {
  std::string name;  // for people; unique in a plan
  SshEndpoint connection;
  std::string borg = "borg";
  Repository repository;
  Source source;
  std::string archive_name = "snapshot-{utcnow}";  // borg's placeholders are expanded on T
  Retention retention;
  Maintenance maintenance;
  Hooks hooks;
  Limits limits;
};

struct Plan {
  Server server;
  std::vector<Target> targets;  // at least one
};

// The repository's path on B: root_dir, a slash, and the repository's path.
std::string RepositoryPath(const Server& server, const Repository& repository);

}  // namespace borgop
