#include <algorithm>

#include "engine/retention/adopt.h"
#include "engine/retention/compare.h"
#include "engine/retention/ledger.h"
#include "engine/retention/ledger_changes.h"
#include "engine/retention/pruning.h"
#include "tests/fuzz/fuzzer.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace borgop;  // NOLINT(google-build-using-namespace)
  if (const auto changes = ReadLedgerChanges(fuzz::Text(data, size))) {
    const auto same = ReadLedgerChanges(WriteLedgerChanges(*changes).value_or(""));
    fuzz::Must(same && *same == *changes, "changes that were read can be written, and mean the same");
    std::optional<Ledger> begun;
    fuzz::Must(Apply(begun, *changes) && *begun == changes->now, "and begin a ledger");
  }
  const auto ledger = ReadLedger(fuzz::Text(data, size));
  if (!ledger) return 0;
  fuzz::Must(LedgerProblem(*ledger).empty(), "what is read is sound");
  const auto text = WriteLedger(*ledger);
  fuzz::Must(text.has_value(), "what is read can be written");
  const auto again = ReadLedger(text.value_or(""));
  fuzz::Must(again && *again == *ledger, "and means the same");

  // Beside a repository that has all of it.
  Listing listing{ledger->repository_id, "", {}};
  for (const LedgerArchive& archive : ledger->archives) listing.archives.push_back({archive.id, archive.name, ""});
  const Comparison comparison = Compare(*ledger, listing);
  fuzz::Must(Accusation(comparison).has_value(), "nobody is accused of what is as it was");
  fuzz::Must(comparison.present.size() + comparison.undone.size() == listing.archives.size(), "there is no stranger");
  Retention retention;
  retention.keep_daily = static_cast<std::int64_t>(size % 3) - 1;
  retention.keep_within = size % 2 == 0 ? "" : "3d";
  retention.glob_archives = ledger->archives.empty() || size % 5 != 0 ? "" : ledger->archives[0].name;
  const auto pruning = PlanPruning(*ledger, listing, retention, *TimeZone::Find("Europe/Amsterdam"),
                                   ledger->archives.empty() ? LedgerTime() : ledger->archives[0].seen);
  fuzz::Must(pruning.has_value(), "it can be pruned");
  if (!pruning) return 0;
  const bool stays = std::any_of(pruning->judged.begin(), pruning->judged.end(),
                                 [](const JudgedArchive& judged) { return judged.judgement.fate != Fate::kDropped; });
  fuzz::Must(pruning->drop.empty() || stays, "not all is dropped");
  return 0;
}
