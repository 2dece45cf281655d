#include "controller/reconcile/carried_state.h"

#include <algorithm>
#include <set>
#include <utility>

#include "controller/api/names.h"
#include "controller/reconcile/conditions.h"
#include "controller/reconcile/job_builder.h"
#include "controller/reconcile/json_view.h"
#include "controller/reconcile/names.h"
#include "controller/reconcile/owned_meta.h"
#include "engine/base/finding.h"
#include "engine/report/printable.h"
#include "engine/retention/ledger_changes.h"

namespace borgop::controller {
namespace {

using nlohmann::json;

constexpr const char* kStateKey = "state.json";
constexpr int kVersion = 2;
const std::string kLedgerKey(kLedgerFile);
constexpr std::size_t kMaxStateText = std::size_t{16} << 10U;
constexpr const char* kFoundId = ": its id is ";
// In a condition there must be room for how to acknowledge it.
constexpr std::size_t kMaxMessage = 640;

json ToJson(const CarriedState& state) {
  json to = {{"version", kVersion}};
  if (state.finding) {
    const Finding& finding = *state.finding;
    to["finding"] = {{"id", finding.id},
                     {"reason", finding.reason},
                     {"message", finding.message},
                     {"job", finding.job},
                     {"time", api::KubeTime(finding.time)}};
    if (!finding.repository_id.empty()) to["finding"]["repositoryID"] = finding.repository_id;
  }
  return to;
}

std::optional<std::string> ReadFinding(const json& from, CarriedState& state) {
  const json* found = Find(from, {"finding"});
  if (found == nullptr) return std::nullopt;
  const std::optional<WallTime> time = TimeAt(*found, {"time"});
  Finding finding{TextAt(*found, {"id"}),  TextAt(*found, {"reason"}),       Printable(TextAt(*found, {"message"}), kMaxMessage),
                  TextAt(*found, {"job"}), TextAt(*found, {"repositoryID"}), time.value_or(WallTime{})};
  if (finding.id.empty() || finding.reason.empty() || !time) return "finding lacks an id, a reason or a time";
  if (!finding.repository_id.empty() && !IsLedgerId(finding.repository_id))
    return "finding.repositoryID is not 64 hexadecimal digits";
  state.finding = std::move(finding);
  return std::nullopt;
}

LedgerTime EndOf(const JobRun& run) { return std::chrono::floor<std::chrono::milliseconds>(run.end.value_or(WallTime{})); }

// What a report says without a ledger's changes: a summary of one that could not be had whole.
Status TakeArchive(std::optional<Ledger>& ledger, const JobRun& run) {
  const std::string id = run.report->repository ? run.report->repository->id : std::string();
  if (!ledger && !id.empty()) ledger = Ledger{id, {}};
  if (!ledger || !run.report->archive) return {};
  const ReportedArchive& archive = *run.report->archive;
  const bool known = std::any_of(ledger->archives.begin(), ledger->archives.end(),
                                 [&archive](const LedgerArchive& seen) { return seen.id == archive.id; });
  if (known) return {};
  return Record(*ledger, archive.id, archive.name, EndOf(run));
}

// Of changes to a ledger for which there is no room: what they say of archives that it has, or as much of that as there is room for. What is not
// noted now, the next run says again. False: something was left out.
bool TakeWithoutNew(std::optional<Ledger>& ledger, LedgerChanges changes) {
  std::set<std::string_view> known;
  if (ledger && ledger->repository_id == changes.now.repository_id) {
    for (const LedgerArchive& archive : ledger->archives) known.insert(archive.id);
  }
  std::vector<LedgerArchive>& marked = changes.now.archives;
  const std::size_t all = marked.size();
  std::erase_if(marked, [&known](const LedgerArchive& archive) { return !known.contains(archive.id); });
  for (;; marked.resize(marked.size() / 2)) {
    std::optional<Ledger> next = ledger;
    if (!Apply(next, changes)) return false;
    const Result<std::string> text = WriteLedger(*next);
    if (text && text->size() <= CarriedState::kMaxMarkedLedgerText) {
      ledger = std::move(next);
      return marked.size() == all;
    }
    if (marked.empty()) return false;
  }
}

// All or nothing, but where there is no room for all.
Status TakeLedger(std::optional<Ledger>& ledger, const JobRun& run) {
  std::optional<Ledger> next = ledger;
  std::optional<LedgerChanges> changes;
  if (!run.report->ledger.empty()) {
    Result<LedgerChanges> read = ReadLedgerChanges(run.report->ledger);
    if (!read) return Fail(read.error());
    changes = *std::move(read);
  }
  if (Status taken = changes ? Apply(next, *changes) : TakeArchive(next, run); !taken) return taken;
  if (next) {
    const Result<std::string> text = WriteLedger(*next);
    if (!text) return Fail(text.error());
    if (text->size() > CarriedState::kMaxLedgerText) {
      if (changes && TakeWithoutNew(ledger, *std::move(changes))) return {};
      return Fail(Reason::kLedgerInvalid, "the ledger is full: it would have " + std::to_string(text->size()) +
                                              " bytes, and may have " + std::to_string(CarriedState::kMaxLedgerText) +
                                              ". Keep fewer archives (spec.retention), or split what is backed up");
    }
  }
  ledger = std::move(next);
  return {};
}

bool Replaces(const JobRun& run, const std::string& repository_id) {
  const Result<LedgerChanges> changes = ReadLedgerChanges(run.report->ledger);
  return changes && changes->replaces == repository_id;
}

std::string FoundRepositoryId(const std::string& known, const std::string& found) {
  return DigestOf(std::string(kRepositoryTampered) + '/' + known + '/' + found);
}

std::optional<Finding> FindingOf(const CarriedState& state, const JobRun& run) {
  Finding finding;
  finding.job = run.job.name;
  finding.time = std::chrono::floor<std::chrono::seconds>(run.end.value_or(WallTime{}));
  const std::string id = run.report->repository ? run.report->repository->id : std::string();
  if (run.failure && Accuses(run.failure->reason)) {
    finding.reason = run.failure->reason;
    finding.message = Printable(run.failure->message, kMaxMessage);
    if (run.report->error) finding.id = run.report->error->finding;
    if (!IsFindingId(finding.id)) finding.id = DigestOf(finding.reason + '/' + run.job.uid);
    return finding;
  }
  const std::string& known = state.repository_id();
  // The engine replaces one by another only where that very finding was acknowledged.
  if (known.empty() || id.empty() || id == known || Replaces(run, known)) return std::nullopt;
  finding.reason = kRepositoryTampered;
  finding.repository_id = id;
  finding.message = (run.report->repository->initialized ? "The repository had vanished and was made anew"
                                                         : "There is another repository in the place of the known one") +
                    std::string(kFoundId) + id + ", and was " + known + ". Find out what happened on the repository server.";
  finding.id = FoundRepositoryId(known, id);
  return finding;
}

}  // namespace

const std::string& CarriedState::repository_id() const {
  static const std::string kNone;
  return ledger ? ledger->repository_id : kNone;
}

bool Accuses(std::string_view reason) { return reason == kRepositoryTampered || reason == kTargetMisbehaved; }

tl::expected<CarriedState, std::string> ReadCarriedState(const json& config_map) {
  const auto wrong = [](const std::string& key, const std::string& what) {
    return tl::unexpected("is wrong in " + key + ": " + what);
  };
  const std::string text = TextAt(config_map, {"data", kStateKey});
  if (text.empty()) return tl::unexpected(std::string("has no ") + kStateKey);
  if (text.size() > kMaxStateText) return wrong(kStateKey, "it has more than 16 KiB");
  const json from = json::parse(text, nullptr, false);
  if (!from.is_object()) return wrong(kStateKey, "it is no JSON object");
  if (IntegerAt(from, {"version"}) != kVersion) return wrong(kStateKey, "version is not " + std::to_string(kVersion));
  CarriedState state;
  if (const std::optional<std::string> problem = ReadFinding(from, state)) return wrong(kStateKey, *problem);
  if (Find(config_map, {"data", kLedgerKey.c_str()}) == nullptr) return state;
  const std::string ledger_text = TextAt(config_map, {"data", kLedgerKey.c_str()});
  if (ledger_text.size() > CarriedState::kMaxMarkedLedgerText)
    return wrong(kLedgerKey, "it has more than " + std::to_string(CarriedState::kMaxMarkedLedgerText) + " bytes");
  Result<Ledger> ledger = ReadLedger(ledger_text);
  if (!ledger) return wrong(kLedgerKey, ledger.error().message);
  state.ledger = *std::move(ledger);
  return state;
}

std::optional<Finding> FindingIn(const api::TargetStatus& status) {
  const api::Condition* trusted = api::Find(status.conditions, kRepositoryTrusted);
  if (trusted == nullptr || trusted->status != api::Truth::kFalse) return std::nullopt;
  const std::string key = std::string(api::kAcknowledgeAnnotation) + '=';
  const std::size_t at = trusted->message.rfind(key), told = trusted->message.find(kUntilAcknowledged);
  if (at == std::string::npos || told == std::string::npos) return std::nullopt;
  Finding finding;
  finding.id = trusted->message.substr(at + key.size());
  finding.reason = trusted->reason;
  finding.message = trusted->message.substr(0, told);
  finding.time = trusted->last_transition;
  if (status.last_backup) finding.job = status.last_backup->job;
  // The repository that was found is part of the id, and so only believed where the two fit.
  const std::size_t id = finding.message.find(kFoundId);
  if (id == std::string::npos) return finding;
  const std::string found = finding.message.substr(id + std::string_view(kFoundId).size(), 64);
  if (IsLedgerId(found) && FoundRepositoryId(status.repository.id, found) == finding.id) finding.repository_id = found;
  return finding;
}

CarriedState StateFromStatus(const api::TargetStatus& status) {
  CarriedState state;
  if (IsLedgerId(status.repository.id)) {
    state.ledger = Ledger{status.repository.id, {}};
    // One that the ledger cannot hold is one less that is known.
    if (const auto& last = status.last_successful_backup; last && last->completion_time)
      (void)Record(*state.ledger, last->archive_id, last->archive,
                   std::chrono::floor<std::chrono::milliseconds>(*last->completion_time));
  }
  state.finding = FindingIn(status);
  return state;
}

json BuildCarriedState(const api::ObjectMeta& meta, const CarriedState& state) {
  json labels = {{std::string(api::kTargetLabel), LabelValue(meta.name)}, {std::string(api::kManagedByLabel), api::kManagedBy}};
  json data = {{kStateKey, ToJson(state).dump(2, ' ', false, json::error_handler_t::replace) + '\n'}};
  // Whatever came into the ledger can be written.
  if (state.ledger) data[kLedgerKey] = WriteLedger(*state.ledger).value_or("");
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata", OwnedMeta(meta, StateName(meta.name), std::move(labels))},
          {"data", std::move(data)}};
}

TakenIn TakeIn(CarriedState& state, const JobRun& run) {
  TakenIn taken;
  if (!run.report) return taken;
  taken.finding = FindingOf(state, run);
  if (taken.finding) {
    // The first finding stays until it is acknowledged: later ones follow from it more often than not.
    if (!state.finding) state.finding = taken.finding;
    // Of a repository that was rolled back both archives and nonces are findings, the second only after the first was acknowledged. So what an
    // engine hands on counts also where it went on to accuse: else the first would be found anew for ever.
    if (run.report->ledger.empty() || !run.failure || !Accuses(run.failure->reason)) return taken;
  }
  if (const Status in = TakeLedger(state.ledger, run); !in) taken.problem = in.error().message;
  return taken;
}

bool Acknowledge(CarriedState& state, std::string_view annotation) {
  if (!state.finding || annotation.empty() || annotation != state.finding->id) return false;
  if (!state.finding->repository_id.empty()) {
    state.ledger = Ledger{state.finding->repository_id, {}};  // what is known was in the other
  }
  state.finding.reset();
  return true;
}

}  // namespace borgop::controller
