#include "engine/run/upkeep.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "engine/borg/command.h"
#include "engine/report/printable.h"
#include "engine/run/key_file.h"

namespace borgop {
namespace {

constexpr std::size_t kDroppedAtOnce = 100;  // names of at most 512 bytes: well below what a command line takes

}  // namespace

Task<Result<Listing>> Upkeep::List(Context context) {
  const auto make = [this](const Client& client) { return borgop::List(client, report_.repository.path); };
  const Result<ExchangeResult> result = co_await Run(context, report_.repository.path, Step::kList, make);
  if (!result) co_return Fail(result.error());
  Result<Listing> listing = ParseList(result->output);
  if (listing) {
    report_.repository.id = listing->repository_id;
    report_.repository.archives = listing->archives.size();
    report_.repository.encryption = listing->encryption;
  }
  co_return listing;
}

Task<Status> Upkeep::Maintain(Context context, PhaseName phase) {
  if (phase == PhaseName::kPrune && ledger_.kept()) co_return co_await Drop(context);
  const auto make = [this, phase](const Client& client) {
    const std::string& path = report_.repository.path;
    if (phase == PhaseName::kPrune) return Prune(client, path, target_.retention);
    if (phase == PhaseName::kCheck) return Check(client, path, target_.maintenance);
    return Compact(client, path);
  };
  const Step step = phase == PhaseName::kPrune ? Step::kPrune : phase == PhaseName::kCheck ? Step::kCheck : Step::kCompact;
  const Result<ExchangeResult> result = co_await Run(context, report_.repository.path, step, make);
  if (!result) co_return Fail(result.error());
  report_.pruned += result->messages.pruned;
  if (report_.repository.archives) *report_.repository.archives -= std::min(result->messages.pruned, *report_.repository.archives);
  co_return Status{};
}

// By the ledger's times, not by those that T wrote into its archives.
Task<Status> Upkeep::Drop(Context context) {
  Result<Listing> listing = co_await List(context);
  if (!listing) co_return Fail(listing.error());
  const auto zone = TimeZone::Find(target_.retention.time_zone);
  if (!zone) co_return Fail(Reason::kInvalidConfig, "the time zone " + target_.retention.time_zone + ' ' + zone.error());
  const Result<TargetLedger::Dropping> dropping =
      ledger_.Drop(*listing, target_.retention, target_.maintenance.compact_after, *zone, Now());
  if (!dropping) co_return Fail(dropping.error());
  if (dropping->later != 0)
    journal_.Log(LogLevel::kInfo, "archives that may go, and are dropped by a later run: " + std::to_string(dropping->later));
  std::vector<std::string> names;
  for (const LedgerArchive& archive : dropping->now) {
    journal_.Log(LogLevel::kInfo, "drops the archive " + Printable(archive.name, 200));
    names.push_back(archive.name);
  }
  while (!names.empty()) {
    const std::size_t size = std::min(names.size(), kDroppedAtOnce);
    const std::span<const std::string> some(names.data(), size);
    const auto make = [this, some](const Client& client) { return Delete(client, report_.repository.path, some); };
    const Result<ExchangeResult> result = co_await Run(context, report_.repository.path, Step::kPrune, make);
    if (!result) co_return Fail(result.error());
    names.erase(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(size));
  }
  if (dropping->now.empty()) co_return Status{};
  listing = co_await List(context);
  if (!listing) co_return Fail(listing.error());
  report_.pruned += dropping->now.size();
  co_return ledger_.OnDropped(*listing);
}

Task<Status> Upkeep::KeepKey(Context context) {
  const std::string& file = target_.repository.key_file;
  if (file.empty()) co_return Status{};
  if (!ledger_.pins().key) co_return Fail(Reason::kRepositoryTampered, "the repository has no key, and should have one");
  const guard::KeyPrint key = *ledger_.pins().key;
  const Result<bool> there = KeyFileIsThere(file, key);
  if (!there) co_return Fail(there.error());
  if (*there) co_return Status{};
  const auto make = [this](const Client& client) { return KeyExport(client, report_.repository.path); };
  const Result<ExchangeResult> exported = co_await Run(context, report_.repository.path, Step::kKeyExport, make);
  if (!exported) co_return Fail(exported.error());
  const Status written = WriteKeyFile(file, exported->output, key);
  if (written) journal_.Log(LogLevel::kInfo, "wrote the repository's key to " + Printable(file, 300));
  co_return written;
}

Task<Result<ExchangeResult>> Upkeep::Run(Context context, std::string path, Step step, BorgHere::MakeCommand make,
                                         guard::InitKind init) {
  Result<ExchangeResult> result = co_await here_.Run(context, std::move(path), make, journal_.Options(), init);
  if (!result) co_return result;
  const Status judged = journal_.Conclude(step, "on this machine", machines_.server_name(), *result);
  if (!judged) co_return Fail(judged.error());
  co_return result;
}

}  // namespace borgop
