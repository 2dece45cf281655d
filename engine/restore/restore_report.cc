#include <nlohmann/json.hpp>

#include "engine/base/rfc3339.h"
#include "engine/report/printable.h"
#include "engine/report/sizes.h"
#include "engine/restore/error_json.h"
#include "engine/restore/restore_run.h"

namespace borgop {
namespace {

using Json = nlohmann::ordered_json;

std::string Where(const RestoreReport& report) {
  switch (report.destination) {
    case Destination::kTar: return "as a tar";
    case Destination::kHere: return "to " + Printable(report.directory, 500) + " on this machine";
    case Destination::kTarget: return "to " + Printable(report.directory, 500) + " on the target";
    case Destination::kInPlace: return "on the target, in place";
  }
  return "";
}

Json Texts(const std::vector<std::string>& texts) {
  Json list = Json::array();
  for (const std::string& text : texts) list.push_back(ValidUtf8(text));
  return list;
}

}  // namespace

std::string ToText(const RestoreReport& report) {
  std::string text;
  for (const std::string& failed : report.failed) text += "not restored as it was: " + Printable(failed, kMaxMessage) + "\n";
  if (report.archive && (report.wrote || report.dry_run)) {
    std::string done = "restored";
    if (report.error && report.error->reason != Reason::kRestoreIncomplete) done = "not all was restored";
    if (report.dry_run) done = report.error ? "would not restore" : "would restore";
    text += Printable(report.target, 200) + ": " + done + " " + Printable(report.archive->name, 200) + " of " +
            report.archive->start + " UTC " + Where(report) + ": " + std::to_string(report.found.files) +
            (report.found.files == 1 ? " file, " : " files, ") + HumanBytes(report.found.bytes) + "\n";
  }
  if (report.error) {
    text += Printable(report.target, 200) + ": " + std::string(report.error->name()) + ": " +
            Printable(report.error->message, kMaxMessage) + "\n  " + Printable(report.error->what_to_do(), kMaxMessage) + "\n";
  }
  return text;
}

std::string ToJson(const RestoreReport& report) {
  Json json = {{"target", ValidUtf8(report.target)}};
  json["start"] = FormatRfc3339(report.start, 3);
  json["end"] = FormatRfc3339(report.end, 3);
  json["repository"] = {{"path", ValidUtf8(report.repository_path)}, {"id", report.repository_id}};
  if (report.archive)
    json["archive"] = {
        {"name", ValidUtf8(report.archive->name)}, {"id", report.archive->id}, {"start", report.archive->start + "Z"}};
  json["destination"] = {{"kind", ToString(report.destination)}, {"directory", ValidUtf8(report.directory)}};
  json["overwrite"] = report.overwrite;
  json["dryRun"] = report.dry_run;
  json["wrote"] = report.wrote;
  json["items"] = report.found.items;
  json["files"] = report.found.files;
  json["bytes"] = report.found.bytes;
  json["inTheWay"] = {{"count", report.found.conflicts.count}, {"paths", Texts(report.found.conflicts.paths)}};
  json["failed"] = Texts(report.failed);
  if (report.error) json["error"] = ErrorJson(*report.error);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace borgop
