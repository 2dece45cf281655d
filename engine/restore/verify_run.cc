#include "engine/restore/verify_run.h"

#include <sys/stat.h>

#include <exception>
#include <utility>

#include "engine/report/printable.h"
#include "engine/restore/file_hash.h"
#include "engine/restore/reading.h"
#include "engine/run/private_directory.h"

namespace borgop {
namespace {

constexpr std::size_t kShownPath = 300;

class Verification {
 public:
  Verification(const Server& server, const Target& target, const VerifyRequest& request, const RunEnvironment& environment)
      : request_(request), reading_(server, target, environment, request.against_target), sampler_(request.seed, request.limits) {
    report_.target = target.name;
    report_.repository_path = reading_.repository_path();
    report_.seed = request.seed;
    report_.against_target = request.against_target;
  }

  Task<VerifyReport> Run(Context context) {
    report_.start = std::chrono::system_clock::now();
    const Status status = co_await reading_.Run(context, [this](Context inner) { return Steps(inner); });
    if (!status) report_.error = status.error();
    report_.end = std::chrono::system_clock::now();
    if (more_ != 0) report_.differences.push_back("and " + std::to_string(more_) + " more");
    co_return std::move(report_);
  }

 private:
  Task<Status> Steps(Context context) {
    Status status = co_await reading_.InPhase(context, PhaseName::kList, [this](Context inner) { return Choose(inner); });
    if (status) status = co_await reading_.InPhase(context, PhaseName::kExtract, [this](Context inner) { return Extract(inner); });
    if (status) status = co_await reading_.InPhase(context, PhaseName::kCompare, [this](Context inner) { return Compare(inner); });
    co_return status;
  }

  Task<Status> Choose(Context context) {
    const Result<Listing> listing = co_await reading_.ListArchives(context);
    if (!listing) co_return Fail(listing.error());
    report_.repository_id = listing->repository_id;
    Result<ListedArchive> archive = reading_.Choose(*listing, request_.archive);
    if (!archive) co_return Fail(archive.error());
    items_.archive = archive->name;
    report_.archive = std::move(*archive);
    const Status listed =
        co_await reading_.ListItems(context, items_, [this](Context, std::vector<ListedItem> items) -> Task<Status> {
          for (const ListedItem& item : items) sampler_.See(item);
          co_return Status{};
        });
    if (!listed) co_return listed;
    report_.files_in_archive = sampler_.files() + sampler_.unnamed();
    report_.not_nameable = sampler_.unnamed();
    sample_ = sampler_.Take();
    if (!sample_.empty()) co_return Status{};
    co_return Fail(Reason::kVerifyFailed,
                   "the archive " + Printable(items_.archive, 200) + " has no file that can be compared within the limits",
                   "Allow more bytes (--mebibytes), or verify another archive.");
  }

  Task<Status> Extract(Context context) {
    Result<PrivateDirectory> made = PrivateDirectory::Make();
    if (!made) co_return Fail(made.error());
    directory_.emplace(std::move(*made));
    for (const ListedItem& item : sample_) items_.patterns.push_back("pf:" + item.path);
    const Result<Reading::Warnings> warnings = co_await reading_.ExtractHere(context, items_, directory_->path());
    if (!warnings) co_return Fail(warnings.error());
    for (const std::string& warning : *warnings) Differs("borg: " + warning);
    co_return Status{};
  }

  Task<Status> Compare(Context context) {
    std::vector<ListedItem> good;
    for (const ListedItem& item : sample_) {
      if (const std::optional<std::string> what = CompareWithList(item, PathOf(item))) {
        Differs(Printable(item.path, kShownPath) + ": " + *what);
        continue;
      }
      ++report_.files;
      report_.bytes += item.size;
      good.push_back(item);
    }
    if (request_.against_target) {
      const Status compared = co_await CompareWithTarget(context, good);
      if (!compared) co_return compared;
    }
    if (report_.differences.empty()) co_return Status{};
    co_return Fail(Reason::kVerifyFailed, report_.differences.front());
  }

  Task<Status> CompareWithTarget(Context context, const std::vector<ListedItem>& items) {
    const Result<std::vector<LiveFile>> live =
        co_await ReadLiveFiles(context, reading_.machines().target(), reading_.machines().target_keeper(), items);
    if (!live) co_return Fail(live.error());
    for (std::size_t i = 0; i < items.size(); ++i) {
      switch ((*live)[i].state) {
        case LiveFile::State::kMissing: ++report_.missing_on_target; continue;
        case LiveFile::State::kUnknown:
        case LiveFile::State::kUnreadable: ++report_.unreadable_on_target; continue;
        case LiveFile::State::kChanged: ++report_.changed_on_target; continue;
        case LiveFile::State::kHashed: break;
      }
      const Result<std::string> hash = co_await Sha256OfFile(context, PathOf(items[i]));
      if (!hash) co_return Fail(hash.error());
      if (*hash == (*live)[i].sha256) {
        ++report_.same_on_target;
      } else {
        Differs(Printable(items[i].path, kShownPath) +
                ": its contents differ from those of the file on the target, whose size and time "
                "are still the archive's");
      }
    }
    co_return Status{};
  }

  std::string PathOf(const ListedItem& item) const { return directory_->path() + "/" + item.path; }

  void Differs(std::string what) {
    if (report_.differences.size() < VerifyReport::kMaxDifferences) {
      report_.differences.push_back(std::move(what));
    } else {
      ++more_;
    }
  }

  const VerifyRequest& request_;
  Reading reading_;
  Sampler sampler_;
  ArchiveItems items_;
  std::vector<ListedItem> sample_;
  std::optional<PrivateDirectory> directory_;
  VerifyReport report_;
  std::uint64_t more_ = 0;
};

}  // namespace

std::optional<std::string> CompareWithList(const ListedItem& item, const std::string& path) {
  if (!item.healthy) return "it has lost data: borg check has put zeros in its place";
  struct stat there {};
  if (lstat(path.c_str(), &there) != 0) return "it was not restored";
  if (!S_ISREG(there.st_mode)) return "it was not restored as a file";
  if (static_cast<std::uint64_t>(there.st_size) != item.size)
    return "its size is " + std::to_string(there.st_size) + " and should be " + std::to_string(item.size);
  // A kernel may take set-id bits away from whoever is not the owner.
  if ((there.st_mode & 0777U) != (item.mode & 0777U)) return "its permissions are others";
  if (item.modified && std::chrono::floor<std::chrono::seconds>(item.modified->time_since_epoch()).count() != there.st_mtim.tv_sec)
    return "its time is another";
  return std::nullopt;
}

Task<VerifyReport> RunVerify(Context context, const Server& server, const Target& target, const VerifyRequest& request,
                             const RunEnvironment& environment) {
  Verification verification(server, target, request, environment);
  VerifyReport report;
  std::optional<Error> surprise;
  try {
    co_return co_await verification.Run(context);
  } catch (const std::exception& error) {
    surprise = Error{Reason::kInternal, std::string("unexpected: ") + error.what(), {}};
  }
  report.target = target.name;
  report.error = std::move(surprise);
  co_return report;
}

}  // namespace borgop
