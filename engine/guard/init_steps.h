// What `borg init` asks of B, in words that leave something good wherever it is cut.
//
// Where it cannot be staged (engine/remote/staging.h), it makes its repository step by step at the path itself, and what it leaves there
// when it is cut is opened by no borg and made whole by none:
//
//   open with create     a repository without a key; borg init never takes one that is there. To finish it, `open` is said without create, and all
//                        else is as in a new one: save_key replaces a key by which nothing was encrypted.
//   put of the manifest  a segment that belongs to no commit, beside which no other one can be written: such files are removed only where there was
//                        a commit before. So a commit goes with it in the same bytes; and in place of borg's own, which would
//                        follow, `rollback`, which has nothing to do and answers the same.
//
// Threading: one thread. Source: borg 1.2.4 and 1.4.5: archiver.py (do_init), repository.py (create, prepare_txn, get_write_fd, commit).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/guard/rpc.h"

namespace borgop::guard {

enum class InitKind : std::uint8_t {
  kNone,      // it is no borg init
  kMakes,     // where nothing is
  kFinishes,  // where another one has begun, and come to no object
};

class InitSteps {
 public:
  // `commit`: the number of its own request, which is nobody else's.
  InitSteps(InitKind kind, std::uint64_t commit) : kind_(kind), commit_(commit) {}

  struct Words {
    std::string bytes;
    bool commits = false;  // the own request is in them, after the other
  };
  // What B is to be asked in place of this request; nothing: itself. Errors: those of EncodeRequest.
  Result<std::optional<Words>> Instead(const Request& request);

 private:
  InitKind kind_;
  std::uint64_t commit_;
  bool committed_ = false;
};

}  // namespace borgop::guard
