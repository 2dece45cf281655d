// A lock that a run which is dead has left on the repository: broken, where it is certain that nobody is behind it any more.
//
// What a dead run left is there before the next one begins, and what another client takes later is his. So it is looked at once, at the
// beginning. The lock's name says whose it is (borg/repository_lock.h); whether the owner's other runs are dead is the caller's to know. A
// `borg serve` of theirs may outlive them until the keeper beside it (remote/keeper.h) ends it: that time is waited for, and the lock
// must not have changed hands meanwhile. Where B's account runs no scripts, or there is any doubt, the lock stays, and borg waits for it.
//
// Threading: the loop's thread.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "engine/borg/repository_lock.h"
#include "engine/run/here.h"
#include "engine/run/machines.h"

namespace borgop {

class StaleLock {
 public:
  using Say = std::function<void(const std::string&)>;

  // `path`: of the repository on B. `grace`: of the keepers.
  StaleLock(Machines& machines, BorgHere& here, std::string path, std::chrono::seconds grace)
      : machines_(machines), here_(here), path_(std::move(path)), grace_(grace) {}

  // `owner`: nobody else has it now; empty: that is not known. `notice` is told of a wait, `warning` that a lock was broken: whose, and how
  // old it was. Errors: those of borg break-lock, and of a stop. What cannot be seen is left alone.
  Task<Status> Clear(Context context, std::string owner, ExchangeOptions options, Say notice, Say warning);
  // kRepositoryLocked, with who holds it as far as that can be seen; every other error as it is.
  Task<Error> Explain(Context context, Error error);

 private:
  struct Seen {
    RepositoryLock lock;
    LockFate fate = LockFate::kHeld;
  };
  Task<std::optional<Seen>> Look(Context context, std::string owner);
  Task<Status> Break(Context context, ExchangeOptions options);

  Machines& machines_;
  BorgHere& here_;
  std::string path_;
  std::chrono::seconds grace_;
};

// How long a `borg serve` may outlive the run that started it.
std::chrono::seconds LongestAfterlife(std::chrono::seconds grace);

}  // namespace borgop
