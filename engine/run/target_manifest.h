// What T writes as the repository's manifest, read by C before B has it: it is the list of all archives, and encrypted, so that nothing but borg
// with its key can tell whether the older ones are still in it.
//
// borg on C lists the repository as if the manifest were there already (Expectation::shown_manifest), without the lock, which T holds: so nobody
// else changes anything meanwhile.
//
// Threading: the loop's thread. Ownership: all that it is made of outlives it. Memory: the manifest, of at most 20 MiB, and two lists.
// Errors: that the repository cannot be read; they accuse nobody.
#pragma once

#include <optional>
#include <string>

#include "engine/run/here.h"
#include "engine/run/journal.h"

namespace borgop {

class TargetManifest {
 public:
  // `before`: what was listed before T had its session; nothing where the repository is new. `pins` are those of the run.
  TargetManifest(Machines& machines, const RunEnvironment& environment, const Target& target, const guard::Pins& pins,
                 const Journal& journal, std::string path, std::optional<Listing> before)
      : machines_(machines),
        environment_(environment),
        target_(target),
        pins_(pins),
        journal_(journal),
        path_(std::move(path)),
        before_(std::move(before)) {}

  // ManifestReview.
  Task<Result<bool>> MayPass(Context context, std::string manifest);

 private:
  struct Seen {
    std::optional<Listing> listing;
    Error why{};  // not, in borg's own words
  };
  // With `manifest` in the place of the repository's. Errors: that nobody could look.
  Task<Result<Seen>> Look(Context context, std::optional<std::string> manifest);

  Machines& machines_;
  const RunEnvironment& environment_;
  const Target& target_;
  const guard::Pins& pins_;
  const Journal& journal_;
  const std::string path_;
  std::optional<Listing> before_;
  bool passed_ = false;  // one did: what is listed from now on is what T made of it
};

}  // namespace borgop
