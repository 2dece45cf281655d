// The ledger of one target in a directory that stays from run to run.
//
// Written as a whole or not at all: into a file beside it, synced, renamed. One run of a target at a time: the lock is held until the object
// goes, and ends with the process however it ends. Nothing secret is in it, yet nobody else needs it: files of mode 0600.
//
// Threading: one thread. Errors: kStateUnusable, with file and what the system said; kStateInUse; kLedgerInvalid, with the file.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"
#include "engine/retention/ledger.h"

namespace borgop {

// Nothing where there is no such file: nothing is known yet.
Result<std::optional<Ledger>> ReadLedgerFile(const std::string& path);

class LedgerFile {
 public:
  // DIRECTORY/NAME.json; a name's bytes that do not belong into a file's name are written as %XX. The directory is made where it is
  // missing (mode 0700), its parent is not.
  static Result<std::unique_ptr<LedgerFile>> Open(const std::string& directory, const std::string& target);

  // Nothing: there is none yet.
  Result<std::optional<Ledger>> Read() const { return ReadLedgerFile(path_); }
  Status Write(const Ledger& ledger);
  const std::string& path() const { return path_; }
  // 32 lower-case hexadecimal digits, the same from run to run and of no other file, copies of this one included: who has them holds the lock.
  const std::string& owner() const { return owner_; }

 private:
  LedgerFile(std::string path, UniqueFd lock, std::string owner)
      : path_(std::move(path)), lock_(std::move(lock)), owner_(std::move(owner)) {}

  std::string path_;
  UniqueFd lock_;
  std::string owner_;
};

// The directory for ledgers, made where it is missing; for a check before anything is done. Errors: kStateUnusable.
Status PrepareStateDirectory(const std::string& directory);

// What Open calls the file, without directory; for tests and documentation.
std::string LedgerFileName(const std::string& target);

}  // namespace borgop
