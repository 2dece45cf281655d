#include "controller/reconcile/carried_state.h"

#include <algorithm>
#include <utility>

#include "controller/api/names.h"
#include "controller/reconcile/conditions.h"
#include "controller/reconcile/json_view.h"
#include "controller/reconcile/names.h"
#include "controller/reconcile/owned_meta.h"
#include "engine/report/printable.h"

namespace borgop::controller {
namespace {

using nlohmann::json;

constexpr const char* kKey = "state.json";
constexpr std::size_t kMaxBytes = std::size_t{256} << 10U;
constexpr const char* kFoundId = ": its id is ";
constexpr std::size_t kMaxName = 256;
// In a condition there must be room for how to acknowledge it.
constexpr std::size_t kMaxMessage = 640;

bool IsId(std::string_view id) { return id.size() == 64 && id.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

json ToJson(const CarriedState& state) {
  json to = {{"version", 1}, {"archives", json::array()}};
  if (!state.repository_id.empty()) to["repositoryID"] = state.repository_id;
  for (const KnownArchive& archive : state.archives)
    to["archives"].push_back({{"id", archive.id}, {"name", archive.name}, {"time", api::KubeTime(archive.time)}});
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

std::optional<std::string> ReadArchives(const json& from, CarriedState& state) {
  const json* list = Find(from, {"archives"});
  if (list == nullptr) return std::nullopt;
  if (!list->is_array()) return "archives is not a list";
  for (std::size_t i = 0; i < list->size(); ++i) {
    const json& entry = (*list)[i];
    const std::optional<WallTime> time = TimeAt(entry, {"time"});
    KnownArchive archive{TextAt(entry, {"id"}), TextAt(entry, {"name"}), time.value_or(WallTime{})};
    if (!IsId(archive.id) || archive.name.empty() || !time)
      return "archives[" + std::to_string(i) + "] lacks an id of 64 hexadecimal digits, a name or a time";
    state.archives.push_back(std::move(archive));
  }
  return std::nullopt;
}

std::optional<std::string> ReadFinding(const json& from, CarriedState& state) {
  const json* found = Find(from, {"finding"});
  if (found == nullptr) return std::nullopt;
  const std::optional<WallTime> time = TimeAt(*found, {"time"});
  Finding finding{TextAt(*found, {"id"}),  TextAt(*found, {"reason"}),       Printable(TextAt(*found, {"message"}), kMaxMessage),
                  TextAt(*found, {"job"}), TextAt(*found, {"repositoryID"}), time.value_or(WallTime{})};
  if (finding.id.empty() || finding.reason.empty() || !time) return "finding lacks an id, a reason or a time";
  if (!finding.repository_id.empty() && !IsId(finding.repository_id)) return "finding.repositoryID is not 64 hexadecimal digits";
  state.finding = std::move(finding);
  return std::nullopt;
}

void TakeArchive(CarriedState& state, const JobRun& run) {
  const ReportedArchive& archive = *run.report->archive;
  const bool known =
      std::any_of(state.archives.begin(), state.archives.end(), [&](const KnownArchive& seen) { return seen.id == archive.id; });
  if (known) return;
  state.archives.push_back(
      {archive.id, Printable(archive.name, kMaxName), std::chrono::floor<std::chrono::seconds>(run.end.value_or(WallTime{}))});
  if (state.archives.size() > CarriedState::kMaxArchives)
    state.archives.erase(state.archives.begin(), state.archives.end() - CarriedState::kMaxArchives);
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
    finding.id = DigestOf(finding.reason + '/' + run.job.uid);
    return finding;
  }
  if (state.repository_id.empty() || id.empty() || id == state.repository_id) return std::nullopt;
  finding.reason = kRepositoryTampered;
  finding.repository_id = id;
  finding.message = (run.report->repository->initialized ? "The repository had vanished and was made anew"
                                                         : "There is another repository in the place of the known one") +
                    std::string(kFoundId) + id + ", and was " + state.repository_id +
                    ". Find out what happened on the repository server.";
  finding.id = FoundRepositoryId(state.repository_id, id);
  return finding;
}

}  // namespace

bool Accuses(std::string_view reason) { return reason == kRepositoryTampered || reason == kTargetMisbehaved; }

tl::expected<CarriedState, std::string> ReadCarriedState(const json& config_map) {
  const std::string text = TextAt(config_map, {"data", kKey});
  if (text.empty()) return tl::unexpected(std::string("has no ") + kKey);
  if (text.size() > kMaxBytes) return tl::unexpected(std::string("has more than 256 KiB in ") + kKey);
  const json from = json::parse(text, nullptr, false);
  if (!from.is_object()) return tl::unexpected(std::string("has no JSON object in ") + kKey);
  const auto problem = [](const std::string& what) { return tl::unexpected(std::string("is wrong in ") + kKey + ": " + what); };
  if (IntegerAt(from, {"version"}) != 1) return problem("version is not 1");
  CarriedState state;
  state.repository_id = TextAt(from, {"repositoryID"});
  if (Find(from, {"repositoryID"}) != nullptr && !IsId(state.repository_id))
    return problem("repositoryID is not 64 hexadecimal digits");
  if (const std::optional<std::string> wrong = ReadArchives(from, state)) return problem(*wrong);
  if (const std::optional<std::string> wrong = ReadFinding(from, state)) return problem(*wrong);
  return state;
}

namespace {

// A finding as the condition tells it. The repository that was found is part of its id, and so only believed where the two fit.
std::optional<Finding> FindingInStatus(const api::TargetStatus& status) {
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
  const std::size_t id = finding.message.find(kFoundId);
  if (id == std::string::npos) return finding;
  const std::string found = finding.message.substr(id + std::string_view(kFoundId).size(), 64);
  if (IsId(found) && FoundRepositoryId(status.repository.id, found) == finding.id) finding.repository_id = found;
  return finding;
}

}  // namespace

CarriedState StateFromStatus(const api::TargetStatus& status) {
  CarriedState state;
  if (IsId(status.repository.id)) state.repository_id = status.repository.id;
  if (const auto& last = status.last_successful_backup; last && IsId(last->archive_id) && last->completion_time)
    state.archives.push_back({last->archive_id, Printable(last->archive, kMaxName), *last->completion_time});
  state.finding = FindingInStatus(status);
  return state;
}

json BuildCarriedState(const api::ObjectMeta& meta, const CarriedState& state) {
  json labels = {{std::string(api::kTargetLabel), LabelValue(meta.name)}, {std::string(api::kManagedByLabel), api::kManagedBy}};
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata", OwnedMeta(meta, StateName(meta.name), std::move(labels))},
          {"data", {{kKey, ToJson(state).dump(2, ' ', false, json::error_handler_t::replace) + '\n'}}}};
}

std::optional<Finding> TakeIn(CarriedState& state, const JobRun& run) {
  if (!run.report) return std::nullopt;
  std::optional<Finding> finding = FindingOf(state, run);
  if (finding) {
    // The first finding stays until it is acknowledged: later ones follow from it more often than not.
    if (!state.finding) state.finding = finding;
    return finding;
  }
  if (state.repository_id.empty() && run.report->repository) state.repository_id = run.report->repository->id;
  if (run.report->archive) TakeArchive(state, run);
  return std::nullopt;
}

bool Acknowledge(CarriedState& state, std::string_view annotation) {
  if (!state.finding || annotation.empty() || annotation != state.finding->id) return false;
  if (!state.finding->repository_id.empty()) {
    state.repository_id = state.finding->repository_id;
    state.archives.clear();  // they were in the other
  }
  state.finding.reset();
  return true;
}

}  // namespace borgop::controller
