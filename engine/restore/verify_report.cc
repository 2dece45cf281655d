#include <nlohmann/json.hpp>

#include "engine/base/rfc3339.h"
#include "engine/report/printable.h"
#include "engine/report/sizes.h"
#include "engine/restore/error_json.h"
#include "engine/restore/verify_run.h"

namespace borgop {
namespace {

using Json = nlohmann::ordered_json;

std::string Files(std::uint64_t count) { return std::to_string(count) + (count == 1 ? " file" : " files"); }

}  // namespace

std::string ToText(const VerifyReport& report) {
  const std::string name = Printable(report.target, 200);
  std::string text;
  for (const std::string& difference : report.differences) text += "differs: " + Printable(difference, kMaxMessage) + "\n";
  if (report.archive && report.files != 0) {
    text += name + ": restored " + Files(report.files) + " of " + std::to_string(report.files_in_archive) + ", " +
            HumanBytes(report.bytes) + ", of " + Printable(report.archive->name, 200) + " of " + report.archive->start +
            " UTC (seed " + std::to_string(report.seed) +
            ")\n  each is there with the size, permissions and time that the archive has, "
            "and borg checked every byte\n";
    if (report.against_target) {
      text += "  on the target: " + std::to_string(report.same_on_target) + " the same, " +
              std::to_string(report.changed_on_target) + " changed since, " + std::to_string(report.missing_on_target) +
              " not there any more, " + std::to_string(report.unreadable_on_target) + " not readable\n";
    }
  }
  if (report.error) {
    text += name + ": " + std::string(report.error->name()) + ": " + Printable(report.error->message, kMaxMessage) + "\n  " +
            Printable(report.error->what_to_do(), kMaxMessage) + "\n";
  }
  return text;
}

std::string ToJson(const VerifyReport& report) {
  Json json = {{"target", ValidUtf8(report.target)}};
  json["start"] = FormatRfc3339(report.start, 3);
  json["end"] = FormatRfc3339(report.end, 3);
  json["repository"] = {{"path", ValidUtf8(report.repository_path)}, {"id", report.repository_id}};
  if (report.archive)
    json["archive"] = {
        {"name", ValidUtf8(report.archive->name)}, {"id", report.archive->id}, {"start", report.archive->start + "Z"}};
  json["seed"] = report.seed;
  json["filesInArchive"] = report.files_in_archive;
  json["notNameable"] = report.not_nameable;
  json["files"] = report.files;
  json["bytes"] = report.bytes;
  if (report.against_target) {
    json["onTarget"] = {{"same", report.same_on_target},
                        {"changed", report.changed_on_target},
                        {"missing", report.missing_on_target},
                        {"unreadable", report.unreadable_on_target}};
  }
  Json differences = Json::array();
  for (const std::string& difference : report.differences) differences.push_back(ValidUtf8(difference));
  json["differences"] = std::move(differences);
  if (report.error) json["error"] = ErrorJson(*report.error);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace borgop
