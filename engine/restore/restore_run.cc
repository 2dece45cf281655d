#include "engine/restore/restore_run.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "engine/plan/document.h"
#include "engine/report/printable.h"
#include "engine/report/sizes.h"
#include "engine/restore/item_check.h"
#include "engine/restore/place_here.h"
#include "engine/restore/reading.h"
#include "engine/restore/target_place.h"

namespace borgop {
namespace {

constexpr std::size_t kShownPaths = 5;

std::string Listed(const std::vector<std::string>& paths, std::uint64_t count) {
  std::string text;
  for (std::size_t i = 0; i < paths.size() && i < kShownPaths; ++i) text += (i == 0 ? "`" : ", `") + Printable(paths[i], 300) + "`";
  if (count > kShownPaths) text += " and " + std::to_string(count - kShownPaths) + " more";
  return text;
}

bool OnTarget(Destination destination) { return destination == Destination::kTarget || destination == Destination::kInPlace; }

class Restore {
 public:
  Restore(const Server& server, const Target& target, RestoreRequest request, const RunEnvironment& environment)
      : target_(target), request_(std::move(request)), reading_(server, target, environment, OnTarget(request_.destination)) {
    report_.target = target.name;
    report_.repository_path = reading_.repository_path();
    report_.destination = request_.destination;
    report_.directory = request_.destination == Destination::kInPlace ? "/" : request_.directory;
    report_.overwrite = request_.overwrite;
    report_.dry_run = request_.dry_run;
  }

  Task<RestoreReport> Run(Context context) {
    report_.start = std::chrono::system_clock::now();
    Status status = MayBeInPlace();
    if (status) status = co_await reading_.Run(context, [this](Context inner) { return Steps(inner); });
    if (!status) report_.error = status.error();
    report_.end = std::chrono::system_clock::now();
    co_return std::move(report_);
  }

 private:
  // An archive of a relative path does not say where that was.
  Status MayBeInPlace() const {
    if (request_.destination != Destination::kInPlace) return {};
    for (const std::string& path : target_.source.paths) {
      if (path.starts_with('/')) continue;
      return Fail(Reason::kInvalidConfig,
                  "the source path " + Quoted(path) + " is relative, so archives do not say where files were",
                  "Restore to a directory of the target (--to-target DIR).");
    }
    return {};
  }

  Task<Status> Steps(Context context) {
    Status status = co_await reading_.InPhase(context, PhaseName::kList, [this](Context inner) { return Choose(inner); });
    if (status) status = co_await reading_.InPhase(context, PhaseName::kCompare, [this](Context inner) { return Compare(inner); });
    if (!status || request_.dry_run) co_return status;
    co_return co_await reading_.InPhase(context, PhaseName::kExtract, [this](Context inner) { return Extract(inner); });
  }

  Task<Status> Choose(Context context) {
    const Result<Listing> listing = co_await reading_.ListArchives(context);
    if (!listing) co_return Fail(listing.error());
    report_.repository_id = listing->repository_id;
    Result<ListedArchive> archive = reading_.Choose(*listing, request_.archive);
    if (!archive) co_return Fail(archive.error());
    items_ = {archive->name, request_.wanted.patterns()};
    reading_.Log(LogLevel::kInfo, "the archive " + Printable(archive->name, 200) + ", begun at " + archive->start + " UTC");
    report_.archive = std::move(*archive);
    co_return Status{};
  }

  // Looks at all that is to be written, and at what is there.
  Task<Status> Compare(Context context) {
    Status status;
    switch (request_.destination) {
      case Destination::kTar: status = co_await ListItems(context, {}); break;
      case Destination::kHere: status = co_await CompareHere(context); break;
      case Destination::kTarget:
      case Destination::kInPlace: status = co_await CompareThere(context); break;
    }
    if (!status) co_return status;
    report_.found.missing = request_.wanted.Missing();
    const std::string into = request_.destination == Destination::kTar ? "" : report_.directory + " on " + Machine();
    if (const std::optional<Error> error = WhyNot(report_.found, request_.overwrite, report_.archive->name, into))
      co_return Fail(*error);
    co_return Status{};
  }

  std::string Machine() { return OnTarget(request_.destination) ? reading_.machines().target_name() : "this machine"; }

  Task<Status> CompareHere(Context context) {
    Result<PlaceHere> place = LookHere(report_.directory);
    if (!place) co_return Fail(place.error());
    check_ = ItemCheck(place->links, false);
    const bool full = !place->empty;
    co_return co_await ListItems(context, [this, full](Context, const std::vector<ListedItem>& items) -> Task<Status> {
      for (const ListedItem& item : items)
        if (full) FindConflictsHere(report_.directory, item, report_.found.conflicts);
      co_return Status{};
    });
  }

  Task<Status> CompareThere(Context context) {
    Connection& connection = reading_.machines().target();
    Keeper& keeper = reading_.machines().target_keeper();
    const bool in_place = request_.destination == Destination::kInPlace;
    check_ = ItemCheck({}, in_place);
    const Result<Place> place = co_await LookAtTarget(context, connection, keeper, report_.directory);
    if (!place) co_return Fail(place.error());
    if (*place != Place::kFull) co_return co_await ListItems(context, {});
    Result<Conflicts> conflicts =
        co_await FindConflictsOnTarget(context, connection, keeper, report_.directory,
                                       [this](Context inner, SeeItems see) { return ListItems(inner, std::move(see)); });
    if (!conflicts) co_return Fail(conflicts.error());
    report_.found.conflicts = std::move(*conflicts);
    co_return Status{};
  }

  Task<Status> ListItems(Context context, SeeItems see) {
    co_return co_await reading_.ListItems(context, items_,
                                          [this, &see](Context inner, std::vector<ListedItem> items) -> Task<Status> {
                                            for (const ListedItem& item : items) See(item);
                                            if (!see) co_return Status{};
                                            co_return co_await see(inner, items);
                                          });
  }

  void See(const ListedItem& item) {
    Findings& found = report_.found;
    ++found.items;
    found.bytes += item.size;
    if (item.type != 'd' && item.type != 'l') ++found.files;
    request_.wanted.See(item.path);
    if (!found.unsafe && request_.destination != Destination::kTar) found.unsafe = check_.See(item);
    if (request_.on_item) request_.on_item(item);
  }

  Task<Status> Extract(Context context) {
    Result<Reading::Warnings> warnings = Reading::Warnings();
    switch (request_.destination) {
      case Destination::kTar:
        report_.wrote = true;
        warnings = co_await reading_.ExportTar(context, items_, *request_.tar);
        break;
      case Destination::kHere: {
        const Status made = MakeDirectoryHere(report_.directory);
        if (!made) co_return made;
        report_.wrote = true;
        warnings = co_await reading_.ExtractHere(context, items_, report_.directory);
        break;
      }
      case Destination::kTarget:
      case Destination::kInPlace: {
        if (request_.destination == Destination::kTarget) {
          Connection& connection = reading_.machines().target();
          const Status made =
              co_await MakeTargetDirectory(context, connection, reading_.machines().target_keeper(), report_.directory);
          if (!made) co_return made;
        }
        report_.wrote = true;
        warnings = co_await reading_.ExtractThere(context, items_, report_.directory);
        break;
      }
    }
    if (!warnings) co_return Fail(warnings.error());
    report_.failed = std::move(*warnings);
    if (report_.failed.empty()) co_return Status{};
    co_return Fail(Reason::kRestoreIncomplete, "borg could not restore everything as it was: " + report_.failed.front());
  }

  const Target& target_;
  RestoreRequest request_;
  Reading reading_;
  ArchiveItems items_;
  ItemCheck check_{{}, false};
  RestoreReport report_;
};

}  // namespace

std::string_view ToString(Destination destination) {
  switch (destination) {
    case Destination::kTar: return "tar";
    case Destination::kHere: return "directory";
    case Destination::kTarget: return "target";
    case Destination::kInPlace: return "inPlace";
  }
  return "";
}

std::optional<Error> WhyNot(const Findings& found, bool overwrite, const std::string& archive, const std::string& into) {
  if (!found.missing.empty()) {
    return Error{Reason::kPathNotInArchive,
                 "the archive " + Quoted(archive) + " does not have " + Listed(found.missing, found.missing.size()),
                 {}};
  }
  if (found.items == 0)
    return Error{Reason::kPathNotInArchive, "the archive " + Quoted(archive) + " has nothing of what was asked for", {}};
  if (into.empty()) return std::nullopt;
  if (found.unsafe) return Error{Reason::kArchiveUnsafe, *found.unsafe, {}};
  if (found.conflicts.count != 0 && !overwrite) {
    return Error{Reason::kFilesInTheWay,
                 "in " + Printable(into, 500) + " there are already: " + Listed(found.conflicts.paths, found.conflicts.count),
                 {}};
  }
  return std::nullopt;
}

Task<RestoreReport> RunRestore(Context context, const Server& server, const Target& target, RestoreRequest request,
                               const RunEnvironment& environment) {
  Restore restore(server, target, std::move(request), environment);
  RestoreReport report;
  std::optional<Error> surprise;
  try {
    co_return co_await restore.Run(context);
  } catch (const std::exception& error) {
    surprise = Error{Reason::kInternal, std::string("unexpected: ") + error.what(), {}};
  }
  report.target = target.name;
  report.error = std::move(surprise);
  co_return report;
}

}  // namespace borgop
