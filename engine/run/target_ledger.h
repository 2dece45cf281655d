// What a target's run knows of its repository from the runs before, how B's answers fit to it, and what it hands on: decisions only.
//
// With a ledger that is kept, B is held to it from the first answer on, and what C drops is worked out from it. Without one the run still
// holds B and T to what was there when it began.
//
// Threading: the loop's thread. Errors: kRepositoryTampered where the repository is not what it has to be; kTargetMisbehaved and kLedgerInvalid
// as engine/retention has them; those of saving.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/borg/output.h"
#include "engine/guard/monitor.h"
#include "engine/retention/ledger.h"
#include "engine/retention/pruning.h"

namespace borgop {

class TargetLedger {
 public:
  using Save = std::function<Status(const Ledger&)>;

  TargetLedger() = default;  // nothing is kept
  // `known`: none yet. `adopt`: what the repository has when there is no ledger yet is taken for good.
  TargetLedger(std::optional<Ledger> known, bool adopt, Save save);

  // What answers of B must not contradict; they bring it up to date.
  guard::Pins& pins() { return pins_; }
  const guard::Pins& pins() const { return pins_; }
  bool kept() const { return static_cast<bool>(save_); }
  const std::optional<Ledger>& ledger() const { return ledger_; }
  // The mode that the repository has to have; empty: not known.
  std::string encryption() const { return ledger_ ? ledger_->encryption : std::string(); }

  // Before anything is written: there is no repository.
  Status OnMissing(const std::string& path) const;
  // Before anything is written: this is there. What people should know goes to `notices`.
  Status OnFound(const Listing& listing, LedgerTime now, std::vector<std::string>& notices);
  // T had its session, and this came after it: what was there has to be there.
  Status OnSession(const Listing& listing) const;
  // After that: `made` of the listing is what T made. Saved.
  Status OnCreated(const Listing& listing, const ListedArchive& made, LedgerTime now);
  // What to drop, marked as dropped and saved. Only where the ledger is kept.
  Result<std::vector<LedgerArchive>> Drop(const Listing& listing, const Retention& retention, const TimeZone& zone, LedgerTime now);
  // After that.
  Status OnDropped(const Listing& listing);
  // What the last answers of B said.
  Status SavePins();

 private:
  Status Keep();

  std::optional<Ledger> ledger_;  // only where it is kept
  std::optional<Ledger> before_;  // what was listed when the run began
  bool adopt_ = false;
  Save save_;
  guard::Pins pins_;
};

}  // namespace borgop
