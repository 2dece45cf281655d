#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/report/printable.h"
#include "engine/report/report.h"
#include "engine/report/sizes.h"

namespace borgop {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr std::size_t kNoLimit = std::string::npos;

// What a summary still says; each level leaves out more than the one before.
struct Detail {
  bool warnings = true;
  bool phases = true;  // and what was refused
  bool archive_details = true;
  bool sizes = true;                // bytes, times, the repository and what is for its ledger
  std::size_t max_text = kNoLimit;  // of names and messages
};

std::string Text(std::string_view bytes, std::size_t max_bytes) {
  return max_bytes == kNoLimit ? ValidUtf8(bytes) : Printable(bytes, max_bytes);
}

double Seconds(std::chrono::milliseconds duration) { return static_cast<double>(duration.count()) / 1000.0; }

OrderedJson ErrorJson(const Error& error, const Detail& detail) {
  OrderedJson json = {{"kind", ToString(error.kind())},
                      {"reason", error.name()},
                      {"message", Text(error.message, detail.max_text)},
                      {"action", Text(error.what_to_do(), detail.max_text)}};
  if (!error.finding.empty()) json["finding"] = error.finding;
  return json;
}

OrderedJson ArchiveJson(const Archive& archive, const Detail& detail) {
  OrderedJson json = {{"id", Text(archive.id, detail.max_text)}, {"name", Text(archive.name, detail.max_text)}};
  if (!detail.archive_details) return json;
  json["start"] = Text(archive.start, detail.max_text);
  json["end"] = Text(archive.end, detail.max_text);
  json["originalSize"] = archive.original_size;
  json["compressedSize"] = archive.compressed_size;
  json["deduplicatedSize"] = archive.deduplicated_size;
  json["files"] = archive.nfiles;
  return json;
}

OrderedJson RefusedJson(const RefusedRequests& refused) {
  return {{"method", refused.method}, {"reason", refused.reason}, {"count", refused.count}, {"objects", refused.objects}};
}

OrderedJson TargetJson(const TargetReport& target, const Detail& detail) {
  OrderedJson json = {{"name", Text(target.name, detail.max_text)}, {"outcome", ToString(target.outcome)}};
  if (detail.sizes) {
    json["start"] = Rfc3339(target.start);
    json["end"] = Rfc3339(target.end);
    json["repository"] = {{"id", Text(target.repository.id, detail.max_text)},
                          {"path", Text(target.repository.path, detail.max_text)},
                          {"initialized", target.repository.initialized}};
    OrderedJson& repository = json["repository"];
    const auto count = [&](const char* name, const std::optional<std::uint64_t>& value) {
      if (value) repository[name] = *value;
    };
    if (!target.repository.encryption.empty()) repository["encryption"] = Text(target.repository.encryption, detail.max_text);
    if (!target.repository.key.empty()) repository["keyFingerprint"] = target.repository.key;
    count("archives", target.repository.archives);
    count("originalSize", target.repository.original_size);
    count("deduplicatedSize", target.repository.deduplicated_size);
  }
  if (target.archive) json["archive"] = ArchiveJson(*target.archive, detail);
  if (detail.sizes) {
    json["pruned"] = target.pruned;
    json["bytesToServer"] = target.bytes_to_server;
    json["bytesToTarget"] = target.bytes_to_target;
  }
  if (detail.phases) {
    json["phases"] = OrderedJson::array();
    for (const Phase& phase : target.phases) {
      json["phases"].push_back({{"name", ToString(phase.name)},
                                {"start", Rfc3339(phase.start)},
                                {"seconds", Seconds(phase.duration)},
                                {"ok", phase.ok}});
    }
  }
  if (detail.warnings) {
    json["warnings"] = OrderedJson::array();
    const std::size_t shown = std::min(target.warnings.size(), TargetReport::kMaxWarnings + 1);
    for (std::size_t i = 0; i < shown; ++i) json["warnings"].push_back(Text(target.warnings[i], detail.max_text));
  }
  if (detail.phases && !target.refused.empty()) {
    json["refused"] = OrderedJson::array();
    for (const RefusedRequests& refused : target.refused) json["refused"].push_back(RefusedJson(refused));
  }
  if (target.error) json["error"] = ErrorJson(*target.error, detail);
  if (detail.sizes && !target.ledger.empty())
    json["ledger"] = OrderedJson::parse(target.ledger, nullptr, /*allow_exceptions=*/false);
  return json;
}

OrderedJson CountsJson(const RunReport& report) {
  const auto count = [&](Outcome outcome) {
    return std::count_if(report.targets.begin(), report.targets.end(),
                         [outcome](const TargetReport& t) { return t.outcome == outcome; });
  };
  return {{"targets", report.targets.size()},
          {"completed", count(Outcome::kCompleted)},
          {"completedWithWarnings", count(Outcome::kCompletedWithWarnings)},
          {"failed", count(Outcome::kFailed)},
          {"cancelled", count(Outcome::kCancelled)}};
}

OrderedJson Head(const RunReport& report, const Detail& detail) {
  return {{"version", 1},
          {"engineVersion", Text(report.engine_version, detail.max_text)},
          {"start", Rfc3339(report.start)},
          {"end", Rfc3339(report.end)},
          {"counts", CountsJson(report)}};
}

std::string Dump(const OrderedJson& json) { return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace); }

}  // namespace

std::string ToJson(const RunReport& report) {
  OrderedJson json = Head(report, {});
  json["targets"] = OrderedJson::array();
  for (const TargetReport& target : report.targets) json["targets"].push_back(TargetJson(target, {}));
  return Dump(json);
}

std::string ToSummaryJson(const RunReport& report, std::size_t limit) {
  constexpr Detail kLevels[] = {
      {},
      {.warnings = false},
      {.warnings = false, .phases = false},
      {.warnings = false, .phases = false, .archive_details = false},
      {.warnings = false, .phases = false, .archive_details = false, .sizes = true, .max_text = 300},
      {.warnings = false, .phases = false, .archive_details = false, .sizes = false, .max_text = 300},
  };
  for (const Detail& detail : kLevels) {
    OrderedJson json = Head(report, detail);
    if (&detail != &kLevels[0]) json["truncated"] = true;
    json["targets"] = OrderedJson::array();
    std::size_t size = Dump(json).size();
    for (const TargetReport& target : report.targets) {
      OrderedJson entry = TargetJson(target, detail);
      size += Dump(entry).size() + 1;
      if (size > limit) break;
      json["targets"].push_back(std::move(entry));
    }
    if (json["targets"].size() == report.targets.size() && size <= limit) return Dump(json);
  }
  // Not all targets fit. Those that failed say more than those that did not.
  std::vector<const TargetReport*> order;
  order.reserve(report.targets.size());
  for (const TargetReport& target : report.targets) order.push_back(&target);
  std::stable_sort(order.begin(), order.end(),
                   [](const TargetReport* a, const TargetReport* b) { return (a->error && !b->error); });
  for (const std::size_t max_text : {std::size_t{300}, std::size_t{80}, std::size_t{20}}) {
    const Detail detail{.warnings = false, .phases = false, .archive_details = false, .sizes = false, .max_text = max_text};
    OrderedJson json = Head(report, detail);
    json["truncated"] = true;
    json["targets"] = OrderedJson::array();
    std::size_t size = Dump(json).size();
    for (const TargetReport* target : order) {
      OrderedJson entry = TargetJson(*target, detail);
      const std::size_t more = Dump(entry).size() + 1;
      if (size + more > limit) break;
      size += more;
      json["targets"].push_back(std::move(entry));
    }
    if (!json["targets"].empty()) return Dump(json);
  }
  std::string counts = Dump({{"version", 1}, {"counts", CountsJson(report)}, {"truncated", true}});
  if (counts.size() <= limit) return counts;
  return limit >= 18 ? "{\"truncated\":true}" : limit >= 2 ? "{}" : "";
}

}  // namespace borgop
