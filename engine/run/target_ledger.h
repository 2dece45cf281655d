// What a target's run knows of its repository from the runs before, how B's answers fit to it, and what it hands on: decisions only.
//
// With a ledger that is kept, B is held to it from the first answer on, and what C drops is worked out from it. Without one the run still
// holds B and T to what was there when it began.
//
// A ledger is saved here as the run goes on, or handed on at its end by whoever reads the report. Only what is known to be saved as dropped
// may be dropped: so with the second an archive is marked by one run and dropped by the next.
//
// A finding that a person has acknowledged (base/finding.h) is passed over, once, and the ledger brought to what is there.
//
// Threading: the loop's thread. Errors: kRepositoryTampered where the repository is not what it has to be; kTargetMisbehaved where
// T says that it made what was there before, or what the ledger knows; kLedgerInvalid as engine/retention has it; those of saving.
#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "engine/borg/output.h"
#include "engine/guard/monitor.h"
#include "engine/retention/ledger.h"
#include "engine/retention/ledger_changes.h"
#include "engine/retention/pruning.h"

namespace borgop {

class TargetLedger {
 public:
  using Save = std::function<Status(const Ledger&)>;

  struct Terms {
    bool adopt = false;             // what the repository has when there is no ledger yet is taken for good
    std::string acknowledged = {};  // FindingId, or empty
    Save save = {};                 // empty: handed on
  };

  TargetLedger() = default;  // nothing is kept
  // `known`: empty where there is none yet.
  TargetLedger(std::optional<Ledger> known, Terms terms);

  // What answers of B must not contradict; they bring it up to date.
  guard::Pins& pins() { return pins_; }
  const guard::Pins& pins() const { return pins_; }
  bool kept() const { return kept_; }
  const std::optional<Ledger>& ledger() const { return ledger_; }
  // The mode that the repository has to have; empty: not known.
  std::string encryption() const { return ledger_ ? ledger_->encryption : std::string(); }

  // Before anything is written: there is no repository.
  Status OnMissing(const std::string& path);
  // Before anything is written: there is one, which borg does not open as it is not encrypted. Nothing where it need not be.
  Status OnUnencrypted();
  // Before anything is written: this is there. What people should know goes to `notices`.
  Status OnFound(const Listing& listing, LedgerTime now, std::vector<std::string>& notices);
  // T had its session, and this came after it: what was there has to be there.
  Status OnSession(const Listing& listing) const;
  // After that: `made` of the listing is what T says that it made. Saved.
  Status OnCreated(const Listing& listing, const ListedArchive& made, LedgerTime now);
  struct Dropping {
    std::vector<LedgerArchive> now;  // saved as dropped
    std::size_t later = 0;           // marked, and not yet to go
  };
  // Only where the ledger is kept. `quarantine`: how long an archive is marked before it goes.
  Result<Dropping> Drop(const Listing& listing, const Retention& retention, std::chrono::seconds quarantine, const TimeZone& zone,
                        LedgerTime now);
  // After that.
  Status OnDropped(const Listing& listing);
  // What the last answers of B said.
  Status SavePins();
  // What is to be handed on; nothing where it was saved, or nothing is known.
  std::optional<LedgerChanges> Changes() const;

 private:
  Status Keep();
  Status Accuse(std::string message, std::initializer_list<std::string_view> facts);

  std::optional<Ledger> ledger_;                // only where it is kept
  std::optional<Ledger> known_;                 // as it was when the run began
  std::optional<Ledger> before_;                // what was listed when the run began
  std::unordered_set<std::string> ids_before_;  // of all archives of that, also those that no ledger can hold
  bool kept_ = false;
  bool adopt_ = false;
  Save save_;
  guard::Pins pins_;
};

}  // namespace borgop
