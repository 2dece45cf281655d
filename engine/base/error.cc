#include "engine/base/error.h"

#include <array>
#include <cstddef>

namespace borgop {
namespace {

constexpr auto kTable = std::to_array<ReasonInfo>({
    {Reason::kInvalidConfig, "InvalidConfig", ErrorKind::kTerminal,
     "Correct the configuration at the place named and run check-config."},
    {Reason::kNameNotResolved, "NameNotResolved", ErrorKind::kTransient,
     "Check the host name and the name service that this machine uses."},
    {Reason::kConnectFailed, "ConnectFailed", ErrorKind::kTransient,
     "Check that the host is up, that sshd listens on that port, and that no firewall is in the way."},
    {Reason::kConnectTimeout, "ConnectTimeout", ErrorKind::kTransient,
     "Check that the host is up and reachable from here, then run again."},
    {Reason::kHostKeyMismatch, "HostKeyMismatch", ErrorKind::kTerminal,
     "Find out why the host shows another key; only if it was changed on purpose, pin the new one (ssh-keyscan)."},
    {Reason::kAuthenticationFailed, "AuthenticationFailed", ErrorKind::kTerminal,
     "Check the user name, and that the public half of this key is in that user's authorized_keys."},
    {Reason::kKeyUnusable, "KeyUnusable", ErrorKind::kTerminal,
     "Give a private key in OpenSSH or PEM format and, if it is encrypted, its passphrase."},
    {Reason::kNoCommonAlgorithm, "NoCommonAlgorithm", ErrorKind::kTerminal,
     "Pin a host key type that the host has (ssh-keyscan HOST), or allow its sshd current ciphers, MACs and key exchanges."},
    {Reason::kSshProtocol, "SshProtocol", ErrorKind::kTransient, "Run again; if it stays, look at sshd's log on that host."},
    {Reason::kConnectionLost, "ConnectionLost", ErrorKind::kTransient, "Run again; borg continues from its last checkpoint."},
    {Reason::kNoProgress, "NoProgress", ErrorKind::kTransient,
     "The connection went silent. Check the network, then run again; borg continues from its last checkpoint."},
    {Reason::kChannelRefused, "ChannelRefused", ErrorKind::kTerminal,
     "A run needs up to 4 sessions at once in one connection: see that sshd on that host allows them (MaxSessions; its default is "
     "10)."},
    {Reason::kBorgMissing, "BorgMissing", ErrorKind::kTerminal,
     "Install borg there (Debian: apt-get install borgbackup), or name its path in the plan (borg: /path/to/borg)."},
    {Reason::kSocketToolMissing, "SocketToolMissing", ErrorKind::kTerminal,
     "Install socat on the target (Debian: apt-get install socat); mkfifo and cat (coreutils) do as well."},
    {Reason::kNoPrivateDirectory, "NoPrivateDirectory", ErrorKind::kTerminal,
     "The login on the target needs to make a directory below /tmp or /var/tmp: check their modes and free space, and that mktemp "
     "is installed."},
    {Reason::kShellUnusable, "ShellUnusable", ErrorKind::kTerminal,
     "The account must be able to run sh and dd: check its login shell, and that authorized_keys has no forced command for this "
     "key."},
    {Reason::kSocketUnused, "SocketUnused", ErrorKind::kTransient,
     "borg on the target never connected to its socket: see whether it hangs there, then run again."},
    {Reason::kHookFailed, "HookFailed", ErrorKind::kTransient,
     "See what the hook said, and try it by hand on the target as the user that logs in there; then run again."},
    {Reason::kRepositoryLocked, "RepositoryLocked", ErrorKind::kWaiting,
     "Another borg holds the lock. Wait for it to end; if nothing runs, remove the lock with borg break-lock."},
    {Reason::kRepositoryNotAllowed, "RepositoryNotAllowed", ErrorKind::kTerminal,
     "The account on the repository server is restricted to another path: compare rootDir and the repository path with "
     "authorized_keys."},
    {Reason::kRepositoryInvalid, "RepositoryInvalid", ErrorKind::kTerminal,
     "What is at that path is not a borg repository: move it away or name another path."},
    {Reason::kManifestMissing, "ManifestMissing", ErrorKind::kTerminal,
     "The repository has lost its list of archives: see with borg check what else is damaged before anything is repaired."},
    {Reason::kRepositoryMissing, "RepositoryMissing", ErrorKind::kTerminal,
     "The repository was there and is not any more: find out what happened on the repository server."},
    {Reason::kRepositoryReplay, "RepositoryReplay", ErrorKind::kTerminal,
     "The repository is older than what this client has seen: find out whether it was rolled back on the repository server. "
     "If that was meant, remove what this client remembers of it: ~/.cache/borg/ID and "
     "~/.config/borg/security/ID/manifest-timestamp there; what counts nonces beside it has to stay."},
    {Reason::kRepositoryAccessAborted, "RepositoryAccessAborted", ErrorKind::kTerminal,
     "borg does not trust this repository (moved, or not encrypted): look at it with borg by hand."},
    {Reason::kRepositoryAccessDenied, "RepositoryAccessDenied", ErrorKind::kTerminal,
     "See that the account on the repository server owns the repository's directory and all in it, and may write there."},
    {Reason::kPassphraseWrong, "PassphraseWrong", ErrorKind::kTerminal, "Give the passphrase with which this repository was made."},
    {Reason::kDiskFull, "DiskFull", ErrorKind::kWaiting, "Free space on the machine named, then run again."},
    {Reason::kInitFailed, "InitFailed", ErrorKind::kTransient,
     "See borg's message; check the directory's owner and free space on the repository server."},
    {Reason::kListFailed, "ListFailed", ErrorKind::kTransient, "See borg's message, then run again."},
    {Reason::kCreateFailed, "CreateFailed", ErrorKind::kTransient, "See borg's message, then run again."},
    {Reason::kKeyExportFailed, "KeyExportFailed", ErrorKind::kTransient, "See borg's message, then run again."},
    {Reason::kArchiveExists, "ArchiveExists", ErrorKind::kTerminal,
     "Give each archive a name of its own, such as snapshot-{utcnow}."},
    {Reason::kArchiveNotSeen, "ArchiveNotSeen", ErrorKind::kTerminal,
     "The target says that it made an archive that the repository does not list: do not trust this backup, and look at both "
     "machines."},
    {Reason::kArchiveMissing, "ArchiveMissing", ErrorKind::kTerminal,
     "Name an archive that the repository has: borg-engine list shows them."},
    {Reason::kPathNotInArchive, "PathNotInArchive", ErrorKind::kTerminal,
     "Nothing was written. See what the archive holds (borg-engine restore --dry-run), or choose another archive."},
    {Reason::kFilesInTheWay, "FilesInTheWay", ErrorKind::kTerminal,
     "Nothing was written. Restore to another directory, move what is there away, or allow that it is replaced (--overwrite)."},
    {Reason::kArchiveUnsafe, "ArchiveUnsafe", ErrorKind::kTerminal,
     "Nothing was written. Take the archive as a tar (--tar) and look at it before you unpack it anywhere."},
    {Reason::kRestoreFailed, "RestoreFailed", ErrorKind::kTransient,
     "See borg's message, then restore again; what was restored so far stays where it is."},
    {Reason::kRestoreIncomplete, "RestoreIncomplete", ErrorKind::kTerminal,
     "All but what is named was restored. See what borg says of each file, mend that, and restore those paths again."},
    {Reason::kVerifyFailed, "VerifyFailed", ErrorKind::kTerminal,
     "What was restored is not what was to be expected: look at the files that are named, and run borg check --verify-data."},
    {Reason::kRepositoryTampered, "RepositoryTampered", ErrorKind::kTerminal,
     "The repository is not what it was: another one, an earlier state, or without archives that were seen made. Find out on the "
     "repository server and the target who did that before anything is written to it or freed."},
    {Reason::kTargetMisbehaved, "TargetMisbehaved", ErrorKind::kTerminal,
     "The target did or asked for what no backup needs, and got nothing of it: do not trust this backup, and treat that machine as "
     "broken into until you know better."},
    {Reason::kLedgerInvalid, "LedgerInvalid", ErrorKind::kTerminal,
     "The ledger of archives cannot be used as it is: put back a saved one, or begin a new one by adopting what the repository "
     "has."},
    {Reason::kStateUnusable, "StateUnusable", ErrorKind::kTerminal,
     "See to it that the directory for ledgers is one that this user may write to, with room in it, and that no other program "
     "changes its files."},
    {Reason::kKeyFileUnusable, "KeyFileUnusable", ErrorKind::kTerminal,
     "Name a file in a directory that is there and that this user may write to (repository.keyFile); nothing was sent."},
    {Reason::kStateInUse, "StateInUse", ErrorKind::kWaiting, "Wait until the other run of this target has ended."},
    {Reason::kPruneFailed, "PruneFailed", ErrorKind::kTransient,
     "The archive was made. See borg's message on pruning, then run again."},
    {Reason::kCheckFailed, "CheckFailed", ErrorKind::kTerminal,
     "The repository is damaged or was tampered with; nothing was freed. Look at it with borg check by hand before anything else."},
    {Reason::kCompactFailed, "CompactFailed", ErrorKind::kTransient,
     "The archive was made. See borg's message on compacting, then run again."},
    {Reason::kBorgOutputInvalid, "BorgOutputInvalid", ErrorKind::kTerminal,
     "borg printed something that is not understood: check that it is borg 1.2 or 1.4."},
    {Reason::kDeadlineExceeded, "DeadlineExceeded", ErrorKind::kTransient,
     "Raise limits.deadlineSeconds, or find out what took so long; borg continues from its last checkpoint."},
    {Reason::kCancelled, "Cancelled", ErrorKind::kCancelled, "Run again when you like; borg continues from its last checkpoint."},
    {Reason::kInternal, "Internal", ErrorKind::kTerminal, "This is a defect of borg-engine: please report it with the log."},
});
static_assert(kTable.size() == static_cast<std::size_t>(Reason::kInternal) + 1, "one row for each Reason");

// InfoOf looks a reason up by its number.
constexpr bool InTheEnumsOrder() {
  for (std::size_t i = 0; i < kTable.size(); ++i)
    if (static_cast<std::size_t>(kTable.at(i).reason) != i) return false;
  return true;
}
static_assert(InTheEnumsOrder());

}  // namespace

std::span<const ReasonInfo> AllReasons() { return kTable; }

const ReasonInfo& InfoOf(Reason reason) { return kTable.at(static_cast<std::size_t>(reason)); }

std::string_view ToString(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kTransient: return "Transient";
    case ErrorKind::kWaiting: return "Waiting";
    case ErrorKind::kTerminal: return "Terminal";
    case ErrorKind::kCancelled: return "Cancelled";
  }
  return "Terminal";
}

}  // namespace borgop
