#include "engine/restore/reading.h"

#include <utility>

#include "engine/report/printable.h"
#include "engine/restore/known_archives.h"

namespace borgop {
namespace {

constexpr std::chrono::seconds kLeaveLimit{6};  // for the keepers to end what they keep; they take 4 s at most, then they kill
// After a stop, before the connections are broken under whatever still waits on them.
constexpr std::chrono::seconds kAbortAfter{2};

// Takes what borg prints as items.
class ItemWriter final : public Writer {
 public:
  explicit ItemWriter(Reading::TakeItems take) : take_(std::move(take)) {}
  Task<Status> Write(Context context, std::span<const char> bytes) override {
    Result<std::vector<ListedItem>> items = reader_.Feed(std::string_view(bytes.data(), bytes.size()));
    if (!items) co_return Fail(items.error());
    if (items->empty()) co_return Status{};
    co_return co_await take_(context, std::move(*items));
  }
  Task<Status> CloseWrite(Context) override { co_return Status{}; }
  Status Finish() { return reader_.Finish(); }

 private:
  Reading::TakeItems take_;
  ItemListReader reader_;
};

}  // namespace

Reading::Reading(const Server& server, const Target& target, const RunEnvironment& environment, bool with_target)
    : target_(target),
      environment_(environment),
      with_target_(with_target),
      path_(RepositoryPath(server, target.repository)),
      machines_(server, target, environment),
      here_(machines_, environment, target, ledger_.pins(), true),
      there_(machines_, target),
      stale_lock_(machines_, here_, path_, environment.keeper.grace) {}

Task<Status> Reading::Run(Context context, Work work) {
  StopSource interrupted(context.stop);
  TaskGroup watch(context);
  watch.Spawn(AbortWhenStuck(context.WithStop(interrupted)));
  Status status = co_await InPhase(context, PhaseName::kConnect, [this](Context inner) { return Connect(inner); });
  if (status) status = co_await InPhase(context, PhaseName::kInspect, [this](Context inner) { return Inspect(inner); });
  if (status) status = co_await work(context);
  done_.Stop();
  interrupted.Stop();
  co_await watch.Join();
  environment_.observer->OnPhase(target_.name, PhaseName::kCleanup);
  co_await Leave(context);
  co_return status;
}

Task<Status> Reading::InPhase(Context context, PhaseName phase, Work work) {
  progress_ = Progress();
  progress_.phase = phase;
  environment_.observer->OnPhase(target_.name, phase);
  const Status status = co_await work(context);
  if (status) co_return status;
  Error error = co_await stale_lock_.Explain(context, Explain(context, status.error()));
  co_return Fail(std::move(error));
}

// First what is known here.
Task<Status> Reading::Connect(Context context) {
  if (!environment_.state.empty()) {
    Result<Ledger> known = ReadKnown(environment_.state, target_.name);
    if (!known) co_return Fail(known.error());
    TargetLedger::Terms terms;
    terms.save = [](const Ledger&) { return Status{}; };
    ledger_ = TargetLedger(*std::move(known), std::move(terms));
  }
  if (with_target_) co_return co_await machines_.Connect(context);
  co_return co_await machines_.ConnectServer(context);
}

Task<Status> Reading::Inspect(Context context) {
  Status started;
  if (with_target_) {
    started = co_await machines_.StartKeepers(context);
  } else {
    started = co_await machines_.StartServerKeeper(context);
  }
  if (!started) co_return started;
  if (const std::optional<std::string> warning = machines_.TakeWarning()) Log(LogLevel::kWarning, *warning);
  // A run may be at work meanwhile: only what B itself shows to be dead is.
  const StaleLock::Say say = [this](const std::string& text) { Log(LogLevel::kWarning, text); };
  co_return co_await stale_lock_.Clear(context, std::string(), Options(nullptr), say, say);
}

// After a stop everything returns by itself, except what waits for a packet to leave over a dead connection.
Task<void> Reading::AbortWhenStuck(Context context) {
  co_await Waiter(context, nullptr);
  Context patient;
  patient.loop = context.loop;
  if (done_.stopped()) co_return;
  const Wake wake = co_await Sleep(patient.WithStop(done_), kAbortAfter);
  if (wake == Wake::kTimedOut) machines_.Abort();
}

Task<void> Reading::Leave(Context context) {
  // Not under the visit's own stop: this is what a stopped one still has to do.
  Context leaving;
  leaving.loop = context.loop;
  HookLog nothing;
  const bool clean = co_await machines_.Leave(leaving.WithTimeout(kLeaveLimit), nothing);
  if (!clean)
    Log(LogLevel::kWarning, "could not tell the machines that this is over; what is left there ends by itself within a minute");
}

// What is behind an error: being stopped, and a broken connection, show in many guises.
Error Reading::Explain(const Context& context, const Error& error) const {
  const Wake wake = context.Interrupted();
  if (wake != Wake::kNotified) return InterruptedError(wake, "in phase " + std::string(ToString(progress_.phase)));
  if (error.kind() == ErrorKind::kTerminal) return error;
  return machines_.Failure().value_or(ExplainSilence(error));
}

Task<Result<Listing>> Reading::ListArchives(Context context) {
  const auto make = [this](const Client& client) { return List(client, path_); };
  const Result<ExchangeResult> result = co_await RunHere(context, Step::kList, make, nullptr);
  if (!result) co_return Fail(machines_.ExplainFirst(result.error()));
  Result<Listing> listing = ParseList(result->output);
  if (!listing || known() == nullptr) co_return listing;
  std::vector<std::string> notices;
  const Status fits = ledger_.OnFound(*listing, {}, notices);
  if (!fits) co_return Fail(fits.error());
  for (const std::string& notice : notices) Log(LogLevel::kWarning, notice);
  co_return listing;
}

Result<ListedArchive> Reading::Choose(const Listing& listing, const ArchiveWish& wish) const {
  Result<ListedArchive> archive = ChooseKnown(listing, wish, known());
  if (archive && known() != nullptr && !SeenMade(*known(), *archive))
    Log(LogLevel::kWarning, "no run has seen the archive " + Printable(archive->name, 200) +
                                " made: its name, its time and what is in it are the word of whoever made it");
  return archive;
}

Task<Status> Reading::ListItems(Context context, ArchiveItems items, TakeItems take) {
  const auto make = [this, &items](const Client& client) { return borgop::ListItems(client, path_, items); };
  ItemWriter writer(std::move(take));
  const Result<ExchangeResult> result = co_await RunHere(context, Step::kList, make, &writer);
  if (!result) co_return Fail(result.error());
  co_return writer.Finish();
}

Task<Result<Reading::Warnings>> Reading::ExtractHere(Context context, ArchiveItems items, std::string directory) {
  const auto make = [&](const Client& client) { return InDirectory(directory, Extract(client, path_, items)); };
  const Result<ExchangeResult> result = co_await here_.Run(context, path_, make, Options(nullptr));
  if (!result) co_return Fail(result.error());
  co_return Conclude(Step::kExtract, "on this machine", *result);
}

Task<Result<Reading::Warnings>> Reading::ExportTar(Context context, ArchiveItems items, Writer& output) {
  const auto make = [&](const Client& client) { return borgop::ExportTar(client, path_, items); };
  const Result<ExchangeResult> result = co_await here_.Run(context, path_, make, Options(&output));
  if (!result) co_return Fail(result.error());
  co_return Conclude(Step::kExportTar, "on this machine", *result);
}

Task<Result<Reading::Warnings>> Reading::ExtractThere(Context context, ArchiveItems items, std::string directory) {
  const auto make = [&](const Client& client) { return Extract(client, path_, items); };
  guard::Guard guard(
      {.path = SpokenPath(path_), .pins = ledger_.pins(), .max_new_bytes = std::nullopt, .client = guard::Client::kRestore});
  const Result<ExchangeResult> result =
      co_await there_.Run(context, path_, "borg", std::move(directory), make, guard, Options(nullptr));
  ledger_.pins() = guard.pins();
  if (!result) co_return Fail(result.error());
  co_return Conclude(Step::kExtract, "on " + machines_.target_name(), *result);
}

Task<Result<ExchangeResult>> Reading::RunHere(Context context, Step step, BorgHere::MakeCommand make, Writer* output) {
  Result<ExchangeResult> result = co_await here_.Run(context, path_, make, Options(output));
  if (!result) co_return result;
  const Result<Warnings> judged = Conclude(step, "on this machine", *result);
  if (!judged) co_return Fail(judged.error());
  for (const std::string& warning : *judged) Log(LogLevel::kWarning, warning);
  co_return result;
}

Result<Reading::Warnings> Reading::Conclude(Step step, const std::string& where, const ExchangeResult& result) const {
  const Result<Completion> completion = JudgeExchange(step, where, "on " + machines_.server_name(), result);
  if (!completion) return Fail(completion.error());
  if (!completion->warnings) return Warnings();
  return WarningsOf(step, result.messages);
}

std::vector<std::string> WarningsOf(Step step, const Messages& messages) {
  if (messages.warnings.empty()) return {"borg " + std::string(ToString(step)) + " ended with a warning that it did not explain"};
  std::vector<std::string> warnings = messages.warnings;
  const std::size_t patterns = std::erase_if(warnings, [](const std::string& line) {
    return line.starts_with("Include pattern '") && line.ends_with("' never matched.");
  });
  if (messages.more_warnings != 0 && patterns == 0) warnings.push_back("and " + std::to_string(messages.more_warnings) + " more");
  return warnings;
}

ExchangeOptions Reading::Options(Writer* output) {
  ExchangeOptions options;
  options.unused_limit = target_.limits.socket_timeout;
  options.on_event = [this](const LogEvent& event, const BridgeCounters& counters) { OnEvent(event, counters); };
  options.output = output;
  return options;
}

void Reading::OnEvent(const LogEvent& event, const BridgeCounters& counters) {
  if (event.kind == LogEvent::Kind::kLog || event.kind == LogEvent::Kind::kPlain) {
    // Warnings are told when borg has ended.
    Log(LogLevel::kDebug, event.message);
    return;
  }
  if (event.kind != LogEvent::Kind::kPercent) return;
  progress_.percent = event.percent;
  progress_.path = event.path;
  progress_.bytes_bridged = counters.to_client;
  environment_.observer->OnProgress(target_.name, progress_);
}

}  // namespace borgop
