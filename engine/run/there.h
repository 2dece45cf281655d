// Runs borg on T, over the single-use socket and a `borg serve` on B that only adds.
//
// Threading: the loop's thread. Whatever a cut run leaves on T is the keeper's to end and to remove.
#pragma once

#include <functional>
#include <string>

#include "engine/borg/command.h"
#include "engine/run/exchange.h"
#include "engine/run/machines.h"

namespace borgop {

class BorgThere {
 public:
  BorgThere(Machines& machines, const Target& target) : machines_(machines), target_(target) {}

  // Makes a command for a client and runs it on T, on the repository at `path` on B, under a guard that has read nothing yet and is
  // this session's alone. `name` is
  // what the keeper knows it by; `directory` is where it runs, the account's home if empty. Errors: those of setting it up,
  // kSocketToolMissing when the socket did not appear; what borg came to is in the result.
  using MakeCommand = std::function<Command(const Client&)>;
  Task<Result<ExchangeResult>> Run(Context context, std::string path, std::string name, std::string directory,
                                   const MakeCommand& make, guard::Guard& guard, ExchangeOptions options);

 private:
  Task<Result<ExchangeResult>> RunOnce(Context context, std::string path, std::string name, std::string directory,
                                       const MakeCommand& make, guard::Guard& guard, ExchangeOptions options,
                                       std::chrono::seconds lock_wait);
  Machines& machines_;
  const Target& target_;
};

}  // namespace borgop
