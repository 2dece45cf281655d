// What one run hands to the next: the ledger of the repository (engine/retention/ledger.h), and a finding that a person must judge.
//
// It stands in a ConfigMap owned by the target, which the operator alone writes; pods of a run get the ledger to read, as a file, and hand
// on in their report what is to be taken into it. That ConfigMap is the truth: whoever puts an older one back (docs/architecture.md) has
// the operator go on from it. It is bounded (kMaxLedgerText). One that cannot be read stops all runs until somebody corrects or deletes
// it; a missing one is begun anew from the target's status.
//
// A finding accuses B or T: it stops all runs (they wait) until the target's annotation borg-operator.dev/acknowledge holds its id: of
// what a run held against its ledger, the engine's (base/finding.h), which the plan then has too; else a digest of what was found. So
// acknowledging one finding does not cover another.
//
// Thread safety: values and pure functions.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "controller/api/object_meta.h"
#include "controller/api/target_status.h"
#include "controller/reconcile/run_result.h"
#include "engine/retention/ledger.h"

namespace borgop::controller {

struct Finding {
  std::string id;
  std::string reason;  // "RepositoryTampered", "TargetMisbehaved"
  std::string message;
  std::string job;
  std::string repository_id;  // what was found in the pinned one's place; empty: it is not about that
  WallTime time;
  bool operator==(const Finding&) const = default;
};

struct CarriedState {
  std::optional<Ledger> ledger;  // empty: no repository was seen yet
  std::optional<Finding> finding;
  bool operator==(const CarriedState&) const = default;

  const std::string& repository_id() const;  // empty: none was seen yet

  // Of ledger.json: some 4,000 archives. An object in etcd has at most 1.5 MiB, a ConfigMap 1 MiB.
  static constexpr std::size_t kMaxLedgerText = 900'000;
  // With what is noted of archives that are in it already. Else a full one could not say which are to go, and were full for good.
  static constexpr std::size_t kMaxMarkedLedgerText = 1'000'000;
};

inline constexpr std::string_view kRepositoryTampered = "RepositoryTampered";
// Between a finding's message and how to acknowledge it, in the condition RepositoryTrusted.
inline constexpr std::string_view kUntilAcknowledged =
    " Nothing runs until somebody has looked into it and annotated this target: ";
inline constexpr std::string_view kTargetMisbehaved = "TargetMisbehaved";
// Reasons of the engine's report that only a person may pass over.
bool Accuses(std::string_view reason);

// Errors: a phrase that follows the ConfigMap's name.
tl::expected<CarriedState, std::string> ReadCarriedState(const nlohmann::json& config_map);
// The finding that the condition RepositoryTrusted tells of.
std::optional<Finding> FindingIn(const api::TargetStatus& status);
// What the status still tells, where the ConfigMap is gone: a finding too, so that deleting that acknowledges nothing.
CarriedState StateFromStatus(const api::TargetStatus& status);
// `meta` is the target's.
nlohmann::json BuildCarriedState(const api::ObjectMeta& meta, const CarriedState& state);

struct TakenIn {
  std::optional<Finding> finding;  // state.finding is that only where there was none before
  std::string problem;             // why what the run made is not in the ledger; empty: it is
};
// Takes in an ended run.
TakenIn TakeIn(CarriedState& state, const JobRun& run);
// Lifts the finding that `annotation` names, and takes what was found as the truth. False: it names another, or there is none.
bool Acknowledge(CarriedState& state, std::string_view annotation);

}  // namespace borgop::controller
