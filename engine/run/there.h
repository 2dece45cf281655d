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
  // What B says is compared with `pins`, and they are brought up to date.
  BorgThere(Machines& machines, const Target& target, guard::Pins& pins) : machines_(machines), target_(target), pins_(pins) {}

  // Makes a command that only reads (guard::Client::kRestore) for a client and runs it in `directory` on T, on the repository at `path` on B. Errors: those of setting it up,
  // kSocketToolMissing when the socket did not appear; what borg came to is in the result.
  using MakeCommand = std::function<Command(const Client&)>;
  Task<Result<ExchangeResult>> Run(Context context, std::string path, std::string directory, const MakeCommand& make,
                                   ExchangeOptions options);

 private:
  Machines& machines_;
  const Target& target_;
  guard::Pins& pins_;
};

}  // namespace borgop
