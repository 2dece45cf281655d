#include "engine/report/report_reader.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/base/hex.h"
#include "engine/base/rfc3339.h"

namespace borgop {
namespace {

using Json = nlohmann::json;

constexpr double kMaxPhaseSeconds = 10.0 * 366 * 24 * 3600;

// The deepest nesting of brackets outside strings. Looked at before parsing, so that the parser never sees more.
std::size_t DepthOf(std::string_view json) {
  std::size_t depth = 0, deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

// An object of the report with its place in it. The first problem of a whole reading is kept; later ones follow from it.
class Reader {
 public:
  Reader(const Json& object, std::string path, std::string& problem) : object_(object), path_(std::move(path)), problem_(problem) {}

  void Problem(const char* key, const std::string& what) const {
    if (problem_.empty()) problem_ = path_ + key + ": " + what;
  }

  const Json* Find(const char* key) const {
    const auto found = object_.find(key);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }

  std::optional<std::string> Text(const char* key) const {
    const Json* value = Find(key);
    if (value == nullptr) return std::nullopt;
    if (value->is_string()) return value->get<std::string>();
    Problem(key, "is not a text");
    return std::nullopt;
  }

  std::string RequiredText(const char* key) const {
    if (Find(key) == nullptr) Problem(key, "is missing");
    return Text(key).value_or("");
  }

  std::string Id(const char* key, bool may_be_empty) const {
    std::string id = RequiredText(key);
    if (!IsHex(id, kSha256Digits) && !(may_be_empty && id.empty())) Problem(key, "is not 64 hexadecimal digits");
    return id;
  }

  std::optional<std::uint64_t> Count(const char* key) const {
    const Json* value = Find(key);
    if (value == nullptr) return std::nullopt;
    if (value->is_number_unsigned()) return value->get<std::uint64_t>();
    Problem(key, "is not a whole number from 0");
    return std::nullopt;
  }

  bool Boolean(const char* key) const {
    const Json* value = Find(key);
    if (value == nullptr) return false;
    if (value->is_boolean()) return value->get<bool>();
    Problem(key, "is neither true nor false");
    return false;
  }

  std::optional<WallTime> Time(const char* key) const {
    const std::optional<std::string> text = Text(key);
    if (!text) return std::nullopt;
    const std::optional<WallTime> time = ParseRfc3339(*text);
    if (!time) Problem(key, "is not a time in RFC 3339");
    return time;
  }

  std::chrono::milliseconds Duration(const char* key) const {
    const Json* value = Find(key);
    const double seconds = value != nullptr && value->is_number() ? value->get<double>() : -1;
    if (!(seconds >= 0 && seconds <= kMaxPhaseSeconds)) {
      Problem(key, "is not a number of seconds");
      return {};
    }
    return std::chrono::milliseconds(std::llround(seconds * 1000));
  }

  std::string Dump() const { return object_.dump(-1, ' ', false, Json::error_handler_t::replace); }

  template <typename Read>
  void Object(const char* key, Read read) const {
    const Json* value = Find(key);
    if (value == nullptr) return;
    if (!value->is_object()) return Problem(key, "is not an object");
    read(Reader(*value, path_ + key + '.', problem_));
  }

  template <typename Read>
  void Objects(const char* key, std::size_t max, Read read) const {
    const Json* value = Find(key);
    if (value == nullptr) return;
    if (!value->is_array()) return Problem(key, "is not a list");
    if (value->size() > max) return Problem(key, "has more than " + std::to_string(max) + " entries");
    for (std::size_t i = 0; i < value->size(); ++i) {
      const std::string place = std::string(key) + '[' + std::to_string(i) + ']';
      if (!(*value)[i].is_object()) return Problem(place.c_str(), "is not an object");
      read(Reader((*value)[i], path_ + place + '.', problem_));
    }
  }

  std::vector<std::string> Texts(const char* key, std::size_t max) const {
    std::vector<std::string> texts;
    const Json* value = Find(key);
    if (value == nullptr) return texts;
    if (!value->is_array()) Problem(key, "is not a list");
    for (const Json& item : *value) {
      if (texts.size() == max) break;
      if (item.is_string()) {
        texts.push_back(item.get<std::string>());
      } else {
        Problem(key, "has an entry that is not a text");
      }
    }
    return texts;
  }

 private:
  const Json& object_;
  std::string path_;
  std::string& problem_;
};

template <typename Enum, std::size_t N>
std::optional<Enum> Named(std::string_view name, const std::array<Enum, N>& all) {
  for (const Enum value : all) {
    if (ToString(value) == name) return value;
  }
  return std::nullopt;
}

constexpr std::array kOutcomes = {Outcome::kCompleted, Outcome::kCompletedWithWarnings, Outcome::kFailed, Outcome::kCancelled};
constexpr std::array kKinds = {ErrorKind::kTransient, ErrorKind::kWaiting, ErrorKind::kTerminal, ErrorKind::kCancelled};
constexpr std::array kPhases = {PhaseName::kConnect, PhaseName::kInspect, PhaseName::kInit,   PhaseName::kBefore,
                                PhaseName::kCreate,  PhaseName::kAfter,   PhaseName::kList,   PhaseName::kPrune,
                                PhaseName::kCheck,   PhaseName::kCompact, PhaseName::kCleanup};

ReportedArchive ReadArchive(const Reader& in) {
  ReportedArchive archive;
  archive.id = in.Id("id", false);
  archive.name = in.RequiredText("name");
  const std::optional<std::uint64_t> original = in.Count("originalSize");
  if (!original) return archive;
  archive.details = ReportedArchive::Details{in.Text("start").value_or(""),
                                             in.Text("end").value_or(""),
                                             *original,
                                             in.Count("compressedSize").value_or(0),
                                             in.Count("deduplicatedSize").value_or(0),
                                             in.Count("files").value_or(0)};
  return archive;
}

ReportedTarget ReadTarget(const Reader& in) {
  ReportedTarget target;
  target.name = in.RequiredText("name");
  const std::string outcome = in.RequiredText("outcome");
  const std::optional<Outcome> known = Named(outcome, kOutcomes);
  if (!known) in.Problem("outcome", "is none of Completed, CompletedWithWarnings, Failed, Cancelled");
  target.outcome = known.value_or(Outcome::kFailed);
  target.start = in.Time("start");
  target.end = in.Time("end");
  in.Object("repository", [&](const Reader& repository) {
    RepositoryReport& to = target.repository.emplace();
    to.id = repository.Id("id", true);
    to.path = repository.Text("path").value_or("");
    to.initialized = repository.Boolean("initialized");
    to.key = repository.Text("keyFingerprint").value_or("");
    to.archives = repository.Count("archives");
    to.encryption = repository.Text("encryption").value_or("");
    to.original_size = repository.Count("originalSize");
    to.deduplicated_size = repository.Count("deduplicatedSize");
  });
  in.Object("archive", [&](const Reader& archive) { target.archive = ReadArchive(archive); });
  target.pruned = in.Count("pruned");
  target.bytes_to_server = in.Count("bytesToServer");
  target.bytes_to_target = in.Count("bytesToTarget");
  in.Objects("phases", 1000, [&](const Reader& phase) {
    const std::optional<PhaseName> name = Named(phase.RequiredText("name"), kPhases);
    if (!name) return;  // of a newer engine
    target.phases.push_back(Phase{*name, phase.Time("start").value_or(WallTime{}), phase.Duration("seconds"), phase.Boolean("ok")});
  });
  target.warnings = in.Texts("warnings", TargetReport::kMaxWarnings + 1);
  in.Object("error", [&](const Reader& error) {
    target.error =
        ReportedError{Named(error.RequiredText("kind"), kKinds).value_or(ErrorKind::kTerminal), error.RequiredText("reason"),
                      error.Text("message").value_or(""), error.Text("action").value_or(""), error.Text("finding").value_or("")};
  });
  in.Object("ledger", [&](const Reader& ledger) { target.ledger = ledger.Dump(); });
  const bool completed = target.outcome == Outcome::kCompleted || target.outcome == Outcome::kCompletedWithWarnings;
  if (completed && target.error) in.Problem("error", "is there although the outcome is " + outcome);
  if (!completed && !target.error) in.Problem("error", "is missing although the outcome is " + outcome);
  return target;
}

}  // namespace

const Phase* ReportedTarget::Find(PhaseName wanted) const {
  const auto found = std::find_if(phases.begin(), phases.end(), [wanted](const Phase& phase) { return phase.name == wanted; });
  return found == phases.end() ? nullptr : &*found;
}

Result<ReportedRun> ReadReport(std::string_view json, const ReportLimits& limits) {
  const auto fail = [](const std::string& what) { return Fail(Reason::kInternal, "the report cannot be read: " + what); };
  if (json.size() > limits.max_bytes) return fail("it is larger than " + std::to_string(limits.max_bytes) + " bytes");
  if (DepthOf(json) > limits.max_depth) return fail("it is nested more than " + std::to_string(limits.max_depth) + " deep");
  const Json root = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (root.is_discarded()) return fail("it is not JSON");
  if (!root.is_object()) return fail("it is not an object");
  std::string problem;
  const Reader top(root, "", problem);
  if (top.Find("version") == nullptr) top.Problem("version", "is missing");
  if (const std::optional<std::uint64_t> version = top.Count("version"); version && *version != 1)
    top.Problem("version", "is " + std::to_string(*version) + ", and only 1 is known");
  ReportedRun run;
  run.engine_version = top.Text("engineVersion").value_or("");
  run.start = top.Time("start");
  run.end = top.Time("end");
  run.truncated = top.Boolean("truncated");
  if (top.Find("targets") == nullptr && !run.truncated) top.Problem("targets", "is missing");
  top.Objects("targets", limits.max_targets, [&](const Reader& target) { run.targets.push_back(ReadTarget(target)); });
  if (!problem.empty()) return fail(problem);
  return run;
}

Result<ReportedRun> ReadReportFromLog(std::string_view log, const ReportLimits& limits) {
  std::optional<Error> first;
  while (!log.empty()) {
    const std::size_t newline = log.rfind('\n');
    const std::string_view line = newline == std::string_view::npos ? log : log.substr(newline + 1);
    log = newline == std::string_view::npos ? std::string_view() : log.substr(0, newline);
    // Log lines are objects too, so a line counts as a report only with the field that each report has.
    if (!line.starts_with('{') || line.find("\"version\":") == std::string_view::npos) continue;
    Result<ReportedRun> run = ReadReport(line, limits);
    if (run) return run;
    if (!first) first = run.error();
  }
  if (first) return Fail(*std::move(first));
  return Fail(Reason::kInternal, "the report cannot be read: the log has none");
}

}  // namespace borgop
