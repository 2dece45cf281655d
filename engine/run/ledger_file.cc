#include "engine/run/ledger_file.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "engine/base/hex.h"
#include "engine/plan/document.h"
#include "engine/plan/input_file.h"
#include "engine/run/durable_file.h"

namespace borgop {
namespace {

constexpr std::size_t kOwnerSize = 32;

tl::unexpected<Error> Unusable(const std::string& path, std::string_view what, int error) {
  return Fail(Reason::kStateUnusable, Quoted(path) + ' ' + std::string(what) + ": " + std::strerror(error));
}

// The lock's file has the owner and its own inode: a copy of it is another's.
Result<std::string> OwnerIn(int lock, const std::string& path) {
  struct stat info {};
  if (fstat(lock, &info) != 0) return Unusable(path, "cannot be looked at", errno);
  const std::string inode = ' ' + std::to_string(info.st_ino) + '\n';
  std::array<char, 100> buffer{};
  const ssize_t size = pread(lock, buffer.data(), buffer.size(), 0);
  if (size < 0) return Unusable(path, "cannot be read", errno);
  const std::string_view text(buffer.data(), static_cast<std::size_t>(size));
  if (text.size() == kOwnerSize + inode.size() && text.ends_with(inode)) return std::string(text.substr(0, kOwnerSize));
  std::array<unsigned char, kOwnerSize / 2> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) return Unusable(path, "cannot be given an owner", EIO);
  const std::string owner = Hex(random);
  const std::string line = owner + inode;
  const bool written = ftruncate(lock, 0) == 0 && pwrite(lock, line.data(), line.size(), 0) == static_cast<ssize_t>(line.size());
  if (!written || fsync(lock) != 0) return Unusable(path, "cannot be written", errno);
  return owner;
}

}  // namespace

std::string LedgerFileName(const std::string& target) {
  std::string name;
  for (const char c : target) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                       (c == '.' && !name.empty());
    if (plain) {
      name += c;
      continue;
    }
    char code[4] = {};
    static_cast<void>(std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c))));
    name += code;
  }
  return name + ".json";
}

Status PrepareStateDirectory(const std::string& directory) {
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return Unusable(directory, "cannot be made", errno);
  struct stat info {};
  if (stat(directory.c_str(), &info) != 0) return Unusable(directory, "cannot be looked at", errno);
  if (!S_ISDIR(info.st_mode)) return Unusable(directory, "is no directory", ENOTDIR);
  if (access(directory.c_str(), R_OK | W_OK | X_OK) != 0) return Unusable(directory, "cannot be written to", errno);
  return {};
}

Result<std::unique_ptr<LedgerFile>> LedgerFile::Open(const std::string& directory, const std::string& target) {
  if (const Status prepared = PrepareStateDirectory(directory); !prepared) return Fail(prepared.error());
  const std::string path = directory + '/' + LedgerFileName(target);
  const std::string lock_path = path + ".lock";
  // The lock's file stays: who would remove it could take another's lock for his own.
  UniqueFd lock(open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return Unusable(lock_path, "cannot be opened", errno);
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return Fail(Reason::kStateInUse, "another run of this target holds " + Quoted(lock_path));
    return Unusable(lock_path, "cannot be locked", errno);
  }
  Result<std::string> owner = OwnerIn(lock.get(), lock_path);
  if (!owner) return Fail(owner.error());
  return std::unique_ptr<LedgerFile>(new LedgerFile(path, std::move(lock), *std::move(owner)));
}

Result<std::optional<Ledger>> ReadLedgerFile(const std::string& path) {
  if (access(path.c_str(), F_OK) != 0 && errno == ENOENT) return std::nullopt;
  const Result<std::string> text = ReadInputFile(path, kMaxLedgerBytes);
  if (!text) return Fail(Reason::kStateUnusable, Quoted(path) + ' ' + text.error().message);
  Result<Ledger> ledger = ReadLedger(*text);
  if (!ledger) return Fail(ledger.error().reason, Quoted(path) + ": " + ledger.error().message, ledger.error().advice);
  return std::optional<Ledger>(*std::move(ledger));
}

Status LedgerFile::Write(const Ledger& ledger) {
  const Result<std::string> text = WriteLedger(ledger);
  if (!text) return Fail(text.error());
  if (const int error = WriteDurably(path_, *text); error != 0) return Unusable(path_, "cannot be written", error);
  return {};
}

}  // namespace borgop
