#include "engine/restore/list_run.h"

#include <algorithm>
#include <exception>
#include <map>
#include <string_view>

#include "engine/plan/document.h"
#include "engine/report/report.h"
#include "engine/restore/archive_choice.h"
#include "engine/restore/reading.h"

namespace borgop {
namespace {

Status Fill(const Listing& listing, const Ledger* known, TargetListing& into) {
  into.repository_id = listing.repository_id;
  into.encryption = listing.encryption;
  into.known = known != nullptr;
  std::map<std::string_view, LedgerTime> times;
  if (known != nullptr)
    for (const LedgerArchive& archive : known->archives) times.emplace(archive.id, archive.seen);
  for (const ListedArchive& archive : listing.archives) {
    const Result<PointInTime> start = StartOf(archive);
    if (!start) return Fail(start.error());
    ArchiveEntry& entry = into.archives.emplace_back();
    entry = {archive.name, archive.id, *start};
    if (const auto seen = times.find(archive.id); seen != times.end()) entry.seen = seen->second;
  }
  std::stable_sort(into.archives.begin(), into.archives.end(),
                   [](const ArchiveEntry& one, const ArchiveEntry& other) { return one.start < other.start; });
  return {};
}

Task<void> ListOne(Context context, const Plan& plan, std::size_t index, AsyncLock& places, const RunEnvironment& environment,
                   TargetListing& into) {
  const Target& target = plan.targets[index];
  into.target = target.name;
  into.path = RepositoryPath(plan.server, target.repository);
  const Result<AsyncLock::Guard> place = co_await places.Acquire(context, "waiting for its turn");
  if (!place) {
    into.error = place.error();
    co_return;
  }
  try {
    Reading reading(plan.server, target, environment, false);
    const Reading::Work list = [&](Context inner) -> Task<Status> {
      const Result<Listing> listing = co_await reading.ListArchives(inner);
      if (!listing) co_return Fail(listing.error());
      co_return Fill(*listing, reading.known(), into);
    };
    const Reading::Work work = [&](Context inner) { return reading.InPhase(inner, PhaseName::kList, list); };
    const Status status = co_await reading.Run(context, work);
    if (!status) into.error = status.error();
  } catch (const std::exception& error) {
    // One target's surprise is not the others' affair.
    into.error = {Reason::kInternal, std::string("unexpected: ") + error.what(), {}};
  }
}

}  // namespace

Task<std::vector<TargetListing>> ListPlan(Context context, const Plan& plan, const std::vector<std::size_t>& targets,
                                          std::size_t parallel, const RunEnvironment& environment) {
  std::vector<TargetListing> listings(targets.size());
  AsyncLock places(std::max<std::size_t>(parallel, 1));
  TaskGroup group(context);
  for (std::size_t i = 0; i < targets.size(); ++i)
    group.Spawn(ListOne(group.context(), plan, targets[i], places, environment, listings[i]));
  co_await group.Join();
  co_return listings;
}

Result<std::vector<std::size_t>> FindTargets(const Plan& plan, const std::vector<std::string>& names) {
  std::vector<std::size_t> found;
  std::vector<std::string_view> known;
  for (const Target& target : plan.targets) known.emplace_back(target.name);
  for (const std::string& name : names) {
    const auto at = std::find(known.begin(), known.end(), name);
    if (at == known.end()) {
      const std::string_view nearest = NearestName(name, known);
      return Fail(
          Reason::kInvalidConfig,
          "the configuration has no target " + Quoted(name) + (nearest.empty() ? "" : "; did you mean " + Quoted(nearest) + "?"),
          "Name a target as the configuration does.");
    }
    const auto place = static_cast<std::size_t>(at - known.begin());
    if (std::find(found.begin(), found.end(), place) == found.end()) found.push_back(place);
  }
  for (std::size_t i = 0; names.empty() && i < known.size(); ++i) found.push_back(i);
  return found;
}

int ExitCodeOf(const std::vector<std::optional<Error>>& errors) {
  RunReport report;
  for (const std::optional<Error>& error : errors) {
    TargetReport& target = report.targets.emplace_back();
    target.error = error;
    target.outcome = Outcome::kCompleted;
    if (error) target.outcome = error->kind() == ErrorKind::kCancelled ? Outcome::kCancelled : Outcome::kFailed;
  }
  return ExitCodeOf(report);
}

}  // namespace borgop
