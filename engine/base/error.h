// What went wrong, in words that a person and a program can both act on.
//
// An Error is made once, at the adapter that met the foreign failure (libssh2, borg, the kernel, a parser), and is passed up
// unchanged. `Reason` is the closed list of causes; the table behind it (error.cc) says what kind each is and what to do about it,
// so that policy (retry or not) and documentation have one source.
//
// Thread safety: values; no shared state.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace borgop {

// What a caller may do about a failure.
enum class ErrorKind {
  kTransient,  // the same run may succeed later: retry with backoff
  kWaiting,    // something outside must change first (space, a lock held by somebody): retry seldom
  kTerminal,   // the same run will fail again until a person changes something
  kCancelled,  // somebody asked us to stop
};

enum class Reason {
  kInvalidConfig,
  // Reaching a machine.
  kNameNotResolved,
  kConnectFailed,
  kConnectTimeout,
  kHostKeyMismatch,
  kAuthenticationFailed,
  kKeyUnusable,
  kNoCommonAlgorithm,
  kSshProtocol,
  kConnectionLost,
  kNoProgress,
  kChannelRefused,
  // What is missing on a machine.
  kBorgMissing,
  kSocketToolMissing,
  kNoPrivateDirectory,
  kShellUnusable,
  // The single-use socket.
  kSocketUnused,
  // What a person has T run.
  kHookFailed,
  // What borg says.
  kRepositoryLocked,
  kRepositoryNotAllowed,
  kRepositoryInvalid,
  kManifestMissing,
  kRepositoryMissing,
  kRepositoryReplay,
  kRepositoryAccessAborted,
  kRepositoryAccessDenied,
  kPassphraseWrong,
  kDiskFull,
  kInitFailed,
  kListFailed,
  kCreateFailed,
  kKeyExportFailed,
  kArchiveExists,
  kArchiveNotSeen,
  // Reading back.
  kArchiveMissing,
  kPathNotInArchive,
  kFilesInTheWay,
  kArchiveUnsafe,
  kRestoreFailed,
  kRestoreIncomplete,
  kVerifyFailed,
  // What C sees between T and B, and what it remembers of a repository.
  kRepositoryTampered,
  kTargetMisbehaved,
  kLedgerInvalid,
  kStateUnusable,
  kKeyFileUnusable,
  kStateInUse,
  // Keeping it in order.
  kPruneFailed,
  kCheckFailed,
  kCompactFailed,
  kBorgOutputInvalid,
  // This process.
  kDeadlineExceeded,
  kCancelled,
  kInternal,
};

struct ReasonInfo {
  Reason reason;
  std::string_view name;  // stable, CamelCase, as it stands in reports and later in conditions
  ErrorKind kind;
  std::string_view advice;  // one sentence that says what to do
};

// The whole table, in the order of the enum; the error reference in docs/ is generated from it.
std::span<const ReasonInfo> AllReasons();
const ReasonInfo& InfoOf(Reason reason);
std::string_view ToString(ErrorKind kind);  // "Transient", "Waiting", "Terminal", "Cancelled"

struct Error {
  Reason reason = Reason::kInternal;
  std::string message;       // what happened and where; never contains a secret
  std::string advice;        // empty: the table's
  std::string finding = {};  // FindingId, where a person may acknowledge it; empty: nothing of that kind

  ErrorKind kind() const { return InfoOf(reason).kind; }
  std::string_view name() const { return InfoOf(reason).name; }
  std::string_view what_to_do() const { return advice.empty() ? InfoOf(reason).advice : std::string_view(advice); }
};

}  // namespace borgop
