#include "engine/run/target_run.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "engine/borg/command.h"
#include "engine/borg/output.h"
#include "engine/plan/rules.h"
#include "engine/report/printable.h"
#include "engine/run/exchange.h"
#include "engine/run/journal.h"
#include "engine/run/ledger_file.h"
#include "engine/run/machines.h"
#include "engine/run/stale_lock.h"
#include "engine/run/steps.h"
#include "engine/run/target_hooks.h"
#include "engine/run/target_ledger.h"
#include "engine/run/target_manifest.h"
#include "engine/run/there.h"
#include "engine/run/upkeep.h"

namespace borgop {
namespace {

constexpr std::chrono::seconds kLeaveLimit{6};  // for the keepers to end what they keep; they take 4 s at most, then they kill
// After a stop, before the connections are broken under whatever still waits on them.
constexpr std::chrono::seconds kAbortAfter{2};

class TargetRun {
 public:
  TargetRun(const Server& server, const Target& target, const RunEnvironment& environment)
      : target_(target),
        environment_(environment),
        journal_(target, *environment.observer, report_),
        machines_(server, target, environment),
        upkeep_(machines_, environment, target, ledger_, journal_, report_),
        stale_lock_(machines_, upkeep_.here(), RepositoryPath(server, target.repository), environment.keeper.grace),
        hooks_(target.hooks, machines_, [this](LogLevel level, const std::string& message) { journal_.Log(level, message); }) {
    report_.name = target.name;
    report_.repository.path = RepositoryPath(server, target.repository);
  }

  Task<TargetReport> Run(Context context) {
    report_.start = std::chrono::system_clock::now();
    Context limited = context;
    if (target_.limits.deadline.count() > 0) limited = context.WithTimeout(target_.limits.deadline);
    StopSource interrupted(context.stop);
    TaskGroup watch(context);
    watch.Spawn(AbortWhenStuck(limited.WithStop(interrupted)));
    co_await Steps(limited);
    done_.Stop();
    interrupted.Stop();
    co_await watch.Join();
    if (hooks_.due() && !after_ran_)
      co_await InPhase(context, PhaseName::kAfter, [this](Context inner) { return GiveUpTarget(inner); });
    co_await InPhase(context, PhaseName::kCleanup, [this](Context inner) { return Leave(inner); });
    report_.end = std::chrono::system_clock::now();
    report_.outcome = OutcomeOf(report_);
    environment_.observer->OnTargetDone(report_);
    co_return std::move(report_);
  }

 private:
  using Work = std::function<Task<Status>(Context)>;

  // Runs one phase, notes its times, and keeps the first error.
  Task<bool> InPhase(Context context, PhaseName name, Work work) {
    journal_.Enter(name);
    Phase phase;
    phase.name = name;
    phase.start = std::chrono::system_clock::now();
    const MonotonicTime start = context.loop->Now();
    const Status status = co_await work(context);
    phase.duration = std::chrono::duration_cast<std::chrono::milliseconds>(context.loop->Now() - start);
    phase.ok = status.has_value() && !(name == PhaseName::kAfter && hooks_failed_);
    report_.phases.push_back(phase);
    if (!status) {
      failed_.push_back(name);
      if (!report_.error) report_.error = co_await stale_lock_.Explain(context, Explain(context, status.error()));
    }
    co_return status.has_value();
  }

  // What is behind an error: being stopped, and a broken connection, show in many guises.
  Error Explain(const Context& context, Error error) const {
    const Wake wake = context.Interrupted();
    const std::string phase = "in phase " + std::string(ToString(journal_.phase()));
    if (wake == Wake::kStopped) return InterruptedError(wake, phase);
    if (wake == Wake::kTimedOut) {
      return {Reason::kDeadlineExceeded,
              "the target's deadline of " + std::to_string(target_.limits.deadline.count()) + " s passed " + phase,
              {}};
    }
    if (error.kind() != ErrorKind::kTerminal) {
      const bool server_only = journal_.phase() > PhaseName::kCreate;
      if (const std::optional<Error> failure = server_only ? machines_.ServerFailure() : machines_.Failure()) return *failure;
    }
    return ExplainSilence(std::move(error));
  }

  // After a stop or the deadline everything returns by itself, except what waits for a packet to leave over a dead connection.
  Task<void> AbortWhenStuck(Context context) {
    co_await Waiter(context, nullptr);
    Context patient;
    patient.loop = context.loop;
    if (done_.stopped()) co_return;
    const Wake wake = co_await Sleep(patient.WithStop(done_), kAbortAfter);
    if (wake == Wake::kTimedOut) machines_.Abort();
  }

  Task<void> Steps(Context context) {
    if (!co_await InPhase(context, PhaseName::kConnect, [this](Context inner) { return Connect(inner); })) co_return;
    if (!co_await InPhase(context, PhaseName::kInspect, [this](Context inner) { return Inspect(inner); })) co_return;
    if (missing_ || unfinished_) {
      if (!co_await InPhase(context, PhaseName::kInit, [this](Context inner) { return InitRepository(inner); })) co_return;
    }
    bool good = true;
    if (hooks_.any()) good = co_await InPhase(context, PhaseName::kBefore, [this](Context inner) { return hooks_.Before(inner); });
    if (good) good = co_await InPhase(context, PhaseName::kCreate, [this](Context inner) { return CreateArchive(inner); });
    if (hooks_.due() && context.Interrupted() == Wake::kNotified && !machines_.TargetFailure())
      good &= co_await InPhase(context, PhaseName::kAfter, [this](Context inner) { return AfterHooks(inner); });
    if (!good) co_return;
    if (!co_await InPhase(context, PhaseName::kList, [this](Context inner) { return SeeArchive(inner); })) co_return;
    if (target_.maintenance.compact && target_.maintenance.check == CheckMode::kNone)
      journal_.Log(LogLevel::kInfo, "no space is freed, as nothing is checked (check: none)");
    for (const PhaseName phase : MaintenancePhases(target_, ledger_.kept())) {
      // Nothing is left out in silence: a phase that a stop or a broken connection keeps from running fails. T is not needed here.
      if (report_.error && (context.Interrupted() != Wake::kNotified || machines_.ServerFailure())) co_return;
      if (MayRun(phase, failed_))
        co_await InPhase(context, phase, [this, phase](Context inner) { return upkeep_.Maintain(inner, phase); });
    }
  }

  // First what is known here: nobody is bothered for a run that could not remember what it did.
  Task<Status> Connect(Context context) {
    const Status opened = OpenLedger();
    if (!opened) co_return opened;
    co_return co_await machines_.Connect(context);
  }

  Status OpenLedger() {
    const Repository& repository = target_.repository;
    lock_owner_ = repository.lock_owner;
    if (environment_.state.empty() && repository.ledger_file.empty()) return {};
    TargetLedger::Terms terms{.adopt = repository.adopt, .acknowledged = repository.acknowledge};
    Result<std::optional<Ledger>> known;
    if (environment_.state.empty()) {
      known = ReadLedgerFile(repository.ledger_file);
    } else {
      Result<std::unique_ptr<LedgerFile>> file = LedgerFile::Open(environment_.state, target_.name);
      if (!file) return Fail(file.error());
      ledger_file_ = *std::move(file);
      if (lock_owner_.empty()) lock_owner_ = ledger_file_->owner();
      known = ledger_file_->Read();
      terms.save = [this](const Ledger& ledger) { return ledger_file_->Write(ledger); };
    }
    if (!known) return Fail(known.error());
    ledger_ = TargetLedger(*std::move(known), std::move(terms));
    return {};
  }

  // The machines, and whether there is a repository: listing it proves the passphrase too, before T does anything.
  Task<Status> Inspect(Context context) {
    const Status started = co_await machines_.StartKeepers(context);
    if (!started) co_return started;
    if (const std::optional<std::string> warning = machines_.TakeWarning()) journal_.Warn(*warning);
    const Status unlocked = co_await ClearLock(context);
    if (!unlocked) co_return unlocked;
    const Result<Listing> listing = co_await upkeep_.List(context);
    missing_ = !listing && listing.error().reason == Reason::kRepositoryMissing;
    // What an init leaves that was cut, where it could not be staged. A repository that is known was whole once.
    unfinished_ = !listing && listing.error().reason == Reason::kManifestMissing && !ledger_.ledger();
    if (unfinished_) co_return Status{};
    if (!listing && listing.error().reason == Reason::kRepositoryInvalid) {
      const Result<bool> empty = co_await machines_.HasEmptyDirectory(context, report_.repository.path);
      if (!empty) co_return Fail(empty.error());
      missing_ = *empty;
    }
    if (missing_) co_return ledger_.OnMissing(report_.repository.path);
    if (!listing && listing.error().reason == Reason::kRepositoryAccessAborted) {
      const Status encrypted = ledger_.OnUnencrypted();
      if (!encrypted) co_return encrypted;
    }
    if (!listing) co_return Fail(machines_.ExplainFirst(listing.error()));
    listed_ = *listing;
    co_return co_await Found(context, *listing);
  }

  // What runs of this target left that are dead. That no other one is alive is what the ledger's lock means, or the plan says.
  Task<Status> ClearLock(Context context) {
    machines_.NameLocks(lock_owner_);
    const StaleLock::Say notice = [this](const std::string& text) { journal_.Log(LogLevel::kWarning, text); };
    const StaleLock::Say warning = [this](const std::string& text) { journal_.Warn(text); };
    co_return co_await stale_lock_.Clear(context, lock_owner_, journal_.Options(), notice, warning);
  }

  // There is a repository, whoever made it.
  Task<Status> Found(Context context, const Listing& listing) {
    std::vector<std::string> notices;
    const Status fits = ledger_.OnFound(listing, Upkeep::Now(), notices);
    for (const std::string& notice : notices) journal_.Log(LogLevel::kInfo, notice);
    if (!fits) co_return fits;
    co_return co_await upkeep_.KeepKey(context);
  }

  Task<Status> InitRepository(Context context) {
    const Machines::InitAt init = [this](Context inner, std::string path) -> Task<Status> {
      const auto make = [this, path](const Client& client) { return Init(client, path, target_.repository.encryption); };
      const guard::InitKind kind = unfinished_ ? guard::InitKind::kFinishes : guard::InitKind::kMakes;
      const Result<ExchangeResult> result = co_await upkeep_.Run(inner, path, Step::kInit, make, kind);
      if (!result) co_return Fail(result.error());
      co_return Status{};
    };
    const guard::Pins before = ledger_.pins();
    const Status made = co_await machines_.MakeRepository(context, report_.repository.path, unfinished_, init);
    if (!made) ledger_.pins() = before;  // what was not made there is not what is expected there
    if (!made && (unfinished_ || made.error().reason == Reason::kInitFailed)) {
      // Another run may have made it meanwhile.
      const Result<Listing> listing = co_await upkeep_.List(context);
      if (listing) co_return co_await Found(context, *listing);
    }
    if (!made) co_return made;
    report_.repository.initialized = true;
    if (ledger_.pins().repository) listed_ = Listing{guard::Hex(*ledger_.pins().repository), target_.repository.encryption, {}};
    journal_.Log(LogLevel::kInfo, "made the repository " + report_.repository.path);
    co_return co_await upkeep_.KeepKey(context);
  }

  Task<Status> CreateArchive(Context context) {
    const auto make = [this](const Client& client) {
      return Create(client, report_.repository.path, target_.archive_name, target_.source, target_.limits.upload_rate_kib);
    };
    guard::Guard guard(ExpectedOfTarget());
    TargetManifest manifest(machines_, environment_, target_, ledger_.pins(), journal_, report_.repository.path,
                            std::move(listed_));
    ExchangeOptions options = journal_.Options();
    options.review = [&manifest](Context inner, std::string put) { return manifest.MayPass(inner, std::move(put)); };
    BorgThere there(machines_, target_);
    const Result<ExchangeResult> ran =
        co_await there.Run(context, report_.repository.path, "create", {}, make, guard, std::move(options));
    ledger_.pins() = guard.pins();
    journal_.TakeIn(guard.refusals());
    if (!ran) co_return Fail(ran.error());
    const ExchangeResult& result = *ran;
    const Status judged = journal_.Conclude(Step::kCreate, "on " + machines_.target_name(), machines_.server_name(), result);
    Result<CreateResult> created;
    if (judged) {
      created = ParseCreate(result.output);
    } else {
      created = Fail(OfThisSecond(judged.error()));
    }
    if (created) {
      created_ = std::move(*created);
      co_return Status{};
    }
    // It may have done harm first, and failed so that nobody looks.
    if (result.counters.to_server != 0) {
      const Status unharmed = co_await SeeNothingGone(context);
      if (!unharmed) co_return unharmed;
    }
    co_return Fail(created.error());
  }

  // A name that has the time in it is free again a moment later: then another run was as quick as this one.
  Error OfThisSecond(const Error& error) const {
    const std::string& name = target_.archive_name;
    const bool timed = name.find("{utcnow") != std::string::npos || name.find("{now") != std::string::npos;
    if (error.reason != Reason::kArchiveExists || !timed) return error;
    return {Reason::kCreateFailed, error.message, "Another run used the same name: run again."};
  }

  Task<Status> SeeNothingGone(Context context) {
    const Result<Listing> listing = co_await upkeep_.List(context);
    if (listing) co_return ledger_.OnSession(*listing);
    if (listing.error().reason == Reason::kRepositoryTampered) co_return Fail(listing.error());
    co_return Status{};  // why it cannot be listed is another matter than why the backup failed
  }

  guard::Expectation ExpectedOfTarget() const {
    guard::Expectation expectation{.path = SpokenPath(report_.repository.path),
                                   .pins = ledger_.pins(),
                                   .max_new_bytes = std::nullopt,
                                   .reviews_manifests = true};
    if (target_.limits.max_new_bytes != 0) expectation.max_new_bytes = target_.limits.max_new_bytes;
    return expectation;
  }

  // T is needed no more: what it keeps ends, and by that its after hooks run. One that fails does not fail the backup.
  Task<Status> AfterHooks(Context context) {
    after_ran_ = true;
    const bool ended =
        co_await machines_.EndTarget(context.WithTimeout(LongestTime(target_.hooks, HookStage::kAfter)), hooks_.after());
    if (!ended && context.Interrupted() != Wake::kNotified)
      co_return Fail(InterruptedError(context.Interrupted(), "after hooks ran"));
    WarnOfHooks();
    co_return Status{};
  }

  // A run that was stopped, ran out of time or lost T: the after hooks run on T in any case. Only a stop is in a hurry.
  Task<Status> GiveUpTarget(Context context) {
    Context leaving;
    leaving.loop = context.loop;
    StopSource* const stop = context.stop;
    const bool hurry = stop != nullptr && stop->stopped();
    if (!hurry) leaving.stop = stop;
    const std::chrono::seconds patience = hurry ? kLeaveLimit : LongestTime(target_.hooks, HookStage::kAfter);
    co_await machines_.End(leaving.WithTimeout(patience), hooks_.after());
    WarnOfHooks();
    co_return Status{};
  }

  void WarnOfHooks() {
    const std::vector<std::string> warnings = hooks_.Warnings();
    if (!warnings.empty()) hooks_failed_ = true;
    for (const std::string& warning : warnings) journal_.Warn(warning);
  }

  // A backup counts once C itself sees its archive.
  Task<Status> SeeArchive(Context context) {
    const Result<Listing> listing = co_await upkeep_.List(context);
    if (!listing) co_return Fail(listing.error());
    const Status unharmed = ledger_.OnSession(*listing);
    if (!unharmed) co_return unharmed;
    const auto seen = std::find_if(listing->archives.begin(), listing->archives.end(),
                                   [this](const ListedArchive& listed) { return listed.id == created_.archive.id; });
    if (seen == listing->archives.end() || listing->repository_id != created_.repository_id) {
      co_return Fail(Reason::kArchiveNotSeen, "the repository " + listing->repository_id + " does not list the archive " +
                                                  created_.archive.id + " that " + machines_.target_name() + " says it made in " +
                                                  created_.repository_id);
    }
    const Status fits = ledger_.OnCreated(*listing, *seen, Upkeep::Now());
    if (!fits) co_return fits;
    report_.archive = created_.archive;
    report_.archive->name = seen->name;
    report_.repository.original_size = created_.repository_original_size;
    report_.repository.deduplicated_size = created_.repository_deduplicated_size;
    co_return Status{};
  }

  Task<Status> Leave(Context context) {
    // Not under the run's own stop: this is what a stopped run still has to do.
    Context leaving;
    leaving.loop = context.loop;
    const bool clean = co_await machines_.Leave(leaving.WithTimeout(kLeaveLimit), hooks_.after());
    if (ledger_.pins().key) report_.repository.key = guard::Hex(*ledger_.pins().key);
    Status saved = ledger_.SavePins();
    if (saved) saved = HandOn();
    WarnOfHooks();
    if (!clean) {
      journal_.Log(LogLevel::kWarning,
                   "could not tell both machines that the run is over; what is left there ends by itself within a minute");
    }
    journal_.Close();
    co_return saved;
  }

  Status HandOn() {
    const std::optional<LedgerChanges> changes = ledger_.Changes();
    if (!changes) return {};
    Result<std::string> text = WriteLedgerChanges(*changes);
    if (!text) return Fail(text.error());
    report_.ledger = *std::move(text);
    return {};
  }

  const Target& target_;
  const RunEnvironment& environment_;
  TargetReport report_;
  Journal journal_;
  Machines machines_;
  TargetLedger ledger_;
  std::unique_ptr<LedgerFile> ledger_file_;
  Upkeep upkeep_;
  StaleLock stale_lock_;
  TargetHooks hooks_;
  std::optional<Listing> listed_;  // before anything was sent
  CreateResult created_;
  std::string lock_owner_;     // empty: whether other runs of this target are alive is not known
  bool missing_ = false;       // there is no repository yet
  bool unfinished_ = false;    // there is one that another init began
  bool after_ran_ = false;     // the phase `after` was there
  bool hooks_failed_ = false;  // an after hook
  std::vector<PhaseName> failed_;
  StopSource done_;
};

}  // namespace

Task<TargetReport> RunTarget(Context context, const Server& server, const Target& target, const RunEnvironment& environment) {
  TargetRun run(server, target, environment);
  co_return co_await run.Run(context);
}

}  // namespace borgop
