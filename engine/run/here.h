// Runs borg on this machine (C): what needs trust, over a `borg serve` on B of its own that is not append-only.
//
// Threading: the loop's thread. Its directory (borg's cache and configuration, the sockets) is this run's alone and goes with it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/borg/command.h"
#include "engine/run/exchange.h"
#include "engine/run/machines.h"
#include "engine/run/private_directory.h"

namespace borgop {

class BorgHere {
 public:
  // What B says is compared with `pins`, and they are brought up to date. `append_only`: B's side may be asked to add only, where nothing is to
  // be removed.
  BorgHere(Machines& machines, const RunEnvironment& environment, const Target& target, guard::Pins& pins, bool append_only = false)
      : machines_(machines), environment_(environment), target_(target), pins_(pins), append_only_(append_only) {}

  // Its sessions are there beside others, whose names must not be theirs. Whoever reads the repository in them is shown this manifest, if there is
  // one, in place of the repository's. What T wrote may swell to any size when it is unpacked: so there is a limit to the memory of who reads it.
  void Beside(std::optional<std::string> manifest) {
    sessions_ = "beside";
    shown_manifest_ = std::move(manifest);
    max_memory_ = kBesideMemory;
    tested_ = true;  // by whoever it is beside of
  }

  // Makes a command for a client and runs it on the repository at `path` on B. Errors: only those of setting it up; what borg came
  // to is in the result. `init`: which `borg init` it is; kFinishes is refused (kManifestMissing) where there is more than another one leaves.
  using MakeCommand = std::function<Command(const Client&)>;
  Task<Result<ExchangeResult>> Run(Context context, std::string path, const MakeCommand& make, ExchangeOptions options,
                                   guard::InitKind init = guard::InitKind::kNone);

 private:
  // Several times what borg needs for the longest manifest that fits an object.
  static constexpr std::uint64_t kBesideMemory = std::uint64_t{2} << 30;

  Task<Result<ExchangeResult>> RunOnce(Context context, std::string path, const MakeCommand& make, ExchangeOptions options,
                                       guard::InitKind init, std::chrono::seconds lock_wait);
  std::vector<std::pair<std::string, std::string>> Environment(const Command& command) const;

  Machines& machines_;
  const RunEnvironment& environment_;
  const Target& target_;
  guard::Pins& pins_;
  bool append_only_;
  std::string sessions_ = "serve";
  std::optional<std::string> shown_manifest_;
  std::optional<std::uint64_t> max_memory_;
  bool tested_ = false;  // the borg here has tested itself, and all was well
  std::optional<PrivateDirectory> directory_;
  int count_ = 0;
  // borg's cache and what it remembers; a fresh one for another path, since a repository that has moved would make borg ask.
  std::string repository_, base_;
};

}  // namespace borgop
