#include "engine/run/ledger_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "engine/plan/document.h"
#include "engine/plan/input_file.h"
#include "engine/run/durable_file.h"

namespace borgop {
namespace {

tl::unexpected<Error> Unusable(const std::string& path, std::string_view what, int error) {
  return Fail(Reason::kStateUnusable, Quoted(path) + ' ' + std::string(what) + ": " + std::strerror(error));
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
  return std::unique_ptr<LedgerFile>(new LedgerFile(path, std::move(lock)));
}

Result<std::optional<Ledger>> LedgerFile::Read() const {
  if (access(path_.c_str(), F_OK) != 0 && errno == ENOENT) return std::nullopt;
  const Result<std::string> text = ReadInputFile(path_, kMaxLedgerBytes);
  if (!text) return Fail(Reason::kStateUnusable, Quoted(path_) + ' ' + text.error().message);
  Result<Ledger> ledger = ReadLedger(*text);
  if (!ledger) return Fail(ledger.error().reason, Quoted(path_) + ": " + ledger.error().message, ledger.error().advice);
  return std::optional<Ledger>(*std::move(ledger));
}

Status LedgerFile::Write(const Ledger& ledger) {
  const Result<std::string> text = WriteLedger(ledger);
  if (!text) return Fail(text.error());
  if (const int error = WriteDurably(path_, *text); error != 0) return Unusable(path_, "cannot be written", error);
  return {};
}

}  // namespace borgop
