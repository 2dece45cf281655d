#include "engine/borg/outcome.h"

#include <array>
#include <optional>
#include <utility>

#include "engine/report/printable.h"

namespace borgop {
namespace {

constexpr std::string_view kServer = "on the repository server";

Reason FailureOf(Step step) {
  switch (step) {
    case Step::kInit: return Reason::kInitFailed;
    case Step::kList: return Reason::kListFailed;
    case Step::kCreate: return Reason::kCreateFailed;
    case Step::kPrune: return Reason::kPruneFailed;
    case Step::kCheck: return Reason::kCheckFailed;
    case Step::kCompact: return Reason::kCompactFailed;
    case Step::kKeyExport: return Reason::kKeyExportFailed;
    case Step::kExtract:
    case Step::kExportTar: return Reason::kRestoreFailed;
    case Step::kBreakLock: return Reason::kRepositoryLocked;
  }
  return Reason::kInternal;
}

struct Meaning {
  std::string_view msgid;  // without the class around it, as 1.2 gives it for errors of the far side
  int code;                // of borg 1.4; 0: none of its own
  Reason reason;
};

// Ids that are not here, and those of Python's own exceptions, are failures of the step.
constexpr auto kMeanings = std::to_array<Meaning>({
    {"DoesNotExist", 13, Reason::kRepositoryMissing},
    {"ParentPathDoesNotExist", 18, Reason::kRepositoryMissing},
    {"AtticRepository", 11, Reason::kRepositoryInvalid},
    {"InvalidRepository", 15, Reason::kRepositoryInvalid},
    {"InvalidRepositoryConfig", 16, Reason::kRepositoryInvalid},
    {"PathAlreadyExists", 19, Reason::kRepositoryInvalid},
    {"RepoKeyNotFoundError", 44, Reason::kRepositoryInvalid},
    {"NoManifestError", 26, Reason::kManifestMissing},
    {"MissingSectionHeaderError", 0, Reason::kRepositoryInvalid},
    {"ParsingError", 0, Reason::kRepositoryInvalid},
    {"NoSectionError", 0, Reason::kRepositoryInvalid},
    {"NoOptionError", 0, Reason::kRepositoryInvalid},
    {"Archive.DoesNotExist", 31, Reason::kArchiveMissing},
    {"CheckNeeded", 12, Reason::kCheckFailed},
    {"ObjectNotFound", 17, Reason::kCheckFailed},
    {"IntegrityError", 90, Reason::kCheckFailed},
    {"ArchiveTAMInvalid", 95, Reason::kCheckFailed},
    {"ArchiveTAMRequiredError", 96, Reason::kCheckFailed},
    {"TAMInvalid", 97, Reason::kCheckFailed},
    {"TAMRequiredError", 98, Reason::kCheckFailed},
    {"TAMUnsupportedSuiteError", 99, Reason::kCheckFailed},
    {"InsufficientFreeSpaceError", 14, Reason::kDiskFull},
    {"StorageQuotaExceeded", 20, Reason::kDiskFull},
    {"KeyfileNotFoundError", 42, Reason::kRepositoryAccessAborted},
    {"CacheInitAbortedError", 60, Reason::kRepositoryAccessAborted},
    {"EncryptionMethodMismatch", 61, Reason::kRepositoryAccessAborted},
    {"RepositoryAccessAborted", 62, Reason::kRepositoryAccessAborted},
    {"RepositoryIDNotUnique", 63, Reason::kRepositoryAccessAborted},
    {"RepositoryReplay", 64, Reason::kRepositoryReplay},
    {"NoPassphraseFailure", 50, Reason::kPassphraseWrong},
    {"PassphraseWrong", 52, Reason::kPassphraseWrong},
    {"PasswordRetriesExceeded", 53, Reason::kPassphraseWrong},
    {"LockTimeout", 73, Reason::kRepositoryLocked},
    {"ConnectionClosed", 80, Reason::kConnectionLost},
    {"ConnectionClosedWithHint", 81, Reason::kConnectionLost},
    {"ConnectionBrokenWithHint", 87, Reason::kConnectionLost},
    {"PathNotAllowed", 83, Reason::kRepositoryNotAllowed},
    {"UnexpectedRPCDataFormatFromServer", 86, Reason::kBorgOutputInvalid},
    {"PlaceholderError", 5, Reason::kInvalidConfig},
    {"InvalidPlaceholder", 6, Reason::kInvalidConfig},
});

std::string_view BareId(std::string_view msgid) {
  // An archive that is missing or exists already says nothing about the repository.
  if (msgid.starts_with("Archive.")) return msgid;
  const std::size_t dot = msgid.rfind('.');
  return dot == std::string_view::npos ? msgid : msgid.substr(dot + 1);
}

std::optional<Reason> ReasonOfId(std::string_view msgid) {
  for (const Meaning& meaning : kMeanings) {
    if (meaning.msgid == BareId(msgid)) return meaning.reason;
  }
  return std::nullopt;
}

std::optional<Reason> ReasonOfCode(int code) {
  if (code == 0) return std::nullopt;
  for (const Meaning& meaning : kMeanings) {
    if (meaning.code == code) return meaning.reason;
  }
  return std::nullopt;
}

// An exit status of 128 + number: a shell's (POSIX, XCU 2.8.2) or borg's own word for the end by a signal.
constexpr int kSignalBase = 128;
constexpr int kLastSignal = 64;

std::string SignalName(int number) {
  constexpr std::pair<int, const char*> kNames[] = {{1, "HUP"},   {2, "INT"},   {3, "QUIT"},  {4, "ILL"},
                                                    {6, "ABRT"},  {7, "BUS"},   {8, "FPE"},   {9, "KILL"},
                                                    {11, "SEGV"}, {13, "PIPE"}, {14, "ALRM"}, {15, "TERM"}};
  for (const auto& [value, name] : kNames) {
    if (value == number) return name;
  }
  return std::to_string(number);
}

// "borg create on the target web-01 " + what + ": " + borg's words.
tl::unexpected<Error> Failure(Reason reason, Step step, std::string_view where, std::string_view what, std::string_view words,
                              std::string advice = {}) {
  std::string message = "borg ";
  message += ToString(step);
  message += ' ';
  message += where;
  message += ' ';
  message += what;
  if (!words.empty()) {
    message += ": ";
    message += Printable(words, Messages::kMaxText);
  }
  return Fail(reason, std::move(message), std::move(advice));
}

tl::unexpected<Error> Ended(Step step, std::string_view where, std::string_view signal, const Messages& messages) {
  if (signal.starts_with("SIG")) signal.remove_prefix(3);
  std::string advice = "Find out what ended it, then run again; borg continues from its last checkpoint.";
  if (signal == "KILL") advice = "Look for the kernel's out-of-memory killer in that machine's log, then run again.";
  return Failure(FailureOf(step), step, where, "was ended by SIG" + Printable(signal, 20), messages.error, std::move(advice));
}

// An id is known, or an exit code of borg 1.4 that stands for one.
tl::unexpected<Error> Known(Reason reason, Step step, std::string_view where, const Messages& messages) {
  switch (reason) {
    case Reason::kDiskFull: return Failure(reason, step, where, "found no space on the repository server's disk", messages.error);
    case Reason::kConnectionLost:
      if (messages.serve_missing)
        return Failure(Reason::kBorgMissing, step, where, "could not start borg on the repository server", messages.error);
      return Failure(reason, step, where, "lost its connection to the repository server", messages.error);
    case Reason::kRepositoryLocked: return Failure(reason, step, where, "waited in vain for a lock", messages.error);
    case Reason::kPassphraseWrong: return Failure(reason, step, where, "was not let in by the passphrase", messages.error);
    case Reason::kRepositoryMissing: return Failure(reason, step, where, "found no repository", messages.error);
    case Reason::kInvalidConfig:
      return Failure(reason, step, where, "refused what it was asked", messages.error,
                     "Correct the archive name, the patterns or the options that borg names.");
    case Reason::kCheckFailed:
      if (step == Step::kCheck) return Failure(reason, step, where, "found errors in the repository", messages.error);
      return Failure(reason, step, where, "met damage in the repository", messages.error);
    default: return Failure(reason, step, where, "failed", messages.error);
  }
}

}  // namespace

std::string_view ToString(Step step) {
  switch (step) {
    case Step::kInit: return "init";
    case Step::kList: return "list";
    case Step::kCreate: return "create";
    case Step::kPrune: return "prune";
    case Step::kCheck: return "check";
    case Step::kCompact: return "compact";
    case Step::kKeyExport: return "key export";
    case Step::kExtract: return "extract";
    case Step::kExportTar: return "export-tar";
    case Step::kBreakLock: return "break-lock";
  }
  return "";
}

Result<Completion> Judge(Step step, std::string_view where, const Exit& exit, const Messages& messages) {
  const std::string& msgid = messages.msgid;
  if (!exit.signal.empty()) return Ended(step, where, exit.signal, messages);
  if (exit.status > kSignalBase && exit.status <= kSignalBase + kLastSignal) {
    return Ended(step, where, SignalName(exit.status - kSignalBase), messages);
  }
  if (exit.status == 0) return Completion{.warnings = messages.script_warned, .already_exists = false};
  if (msgid.starts_with("Signal.")) return Ended(step, where, std::string_view(msgid).substr(7), messages);

  const bool exists = BareId(msgid) == "AlreadyExists" || (msgid.empty() && exit.status == 10);
  if (step == Step::kInit && exists) return Completion{.warnings = false, .already_exists = true};
  if (const std::optional<Reason> reason = ReasonOfId(msgid)) return Known(*reason, step, where, messages);
  if (messages.no_space) {
    // Errors of the far side carry the id of their own exception; the client's own ones come as "Exception" or before any log.
    const bool far = !msgid.empty() && msgid != "Exception";
    return Failure(Reason::kDiskFull, step, where, "failed for want of disk space " + std::string(far ? kServer : where),
                   messages.error);
  }
  if (messages.connection_lost) return Known(Reason::kConnectionLost, step, where, messages);
  if (BareId(msgid) == "PermissionError" || BareId(msgid) == "PathPermissionDenied" || BareId(msgid) == "LockFailed") {
    return Failure(Reason::kRepositoryAccessDenied, step, where, "was denied access by the repository server's file system",
                   messages.error);
  }
  if (msgid == "Archive.AlreadyExists") return Failure(Reason::kArchiveExists, step, where, "failed", messages.error);
  // Python's re on a pattern (re.PatternError from 3.13 on): it will not pass by itself.
  if (messages.error.starts_with("re.error") || messages.error.starts_with("re.PatternError"))
    return Known(Reason::kInvalidConfig, step, where, messages);

  if (msgid.empty()) {
    if (exit.status == 126) {
      return Failure(Reason::kBorgMissing, step, where, "could not be run", messages.error,
                     "See that borg there may be executed by this account.");
    }
    if (exit.status == 127) return Failure(Reason::kBorgMissing, step, where, "found no such program", messages.error);
    if (messages.usage) return Known(Reason::kInvalidConfig, step, where, messages);
    if (const std::optional<Reason> reason = ReasonOfCode(exit.status)) return Known(*reason, step, where, messages);
    if (messages.error.starts_with("Invalid placeholder")) return Known(Reason::kInvalidConfig, step, where, messages);
    const bool warning = exit.status == 1 || (exit.status >= 100 && exit.status < 126);
    if (warning && !messages.traceback && step == Step::kCheck) return Known(Reason::kCheckFailed, step, where, messages);
    // Python itself ends with 1 when it dies of an exception.
    if (warning && !messages.traceback && step != Step::kInit) return Completion{.warnings = true, .already_exists = false};
  }
  std::string advice;
  if (step == Step::kCheck) advice = "borg check did not come to its end: see borg's message, then run again.";
  // Errors of the far side have ids of their own (above): this is borg's start on T, where it keeps its caches in the account's home.
  const bool denied =
      messages.error.find("[Errno 13]") != std::string::npos || messages.error.find("[Errno 30]") != std::string::npos;
  if (step == Step::kCreate && denied) {
    advice =
        "Borg keeps caches in the account's home directory: see that it exists and may be written to, or set BORG_BASE_DIR in the "
        "account's environment.";
  }
  return Failure(FailureOf(step), step, where, "failed with exit status " + std::to_string(exit.status), messages.error, advice);
}

}  // namespace borgop
