#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/rfc3339.h"
#include "engine/report/printable.h"
#include "engine/restore/error_json.h"
#include "engine/restore/list_run.h"

namespace borgop {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxName = 200;

struct Row {
  std::string target, archive, start, id, seen;
};

// BEGUN is T's word, SEEN is C's.
std::string SeenText(const TargetListing& listing, const ArchiveEntry& archive, const TimeZone& zone) {
  if (archive.seen) return FormatInZone(*archive.seen, zone);
  return listing.known ? "not seen made" : "";
}

std::string Padded(const std::string& text, std::size_t columns) {
  const std::size_t used = ColumnsOf(text);
  return used < columns ? text + std::string(columns - used, ' ') : text;
}

}  // namespace

std::string ToTable(const std::vector<TargetListing>& listings, const TimeZone& zone) {
  std::vector<Row> rows = {{"TARGET", "ARCHIVE", "BEGUN", "ID", "SEEN"}};
  std::string below;
  for (const TargetListing& listing : listings) {
    const std::string target = Printable(listing.target, kMaxName);
    if (listing.error) {
      below += target + ": " + std::string(listing.error->name()) + ": " + Printable(listing.error->message, kMaxMessage) + "\n  " +
               Printable(listing.error->what_to_do(), kMaxMessage) + "\n";
      continue;
    }
    if (listing.archives.empty()) below += target + ": no archives\n";
    for (const ArchiveEntry& archive : listing.archives)
      rows.push_back({target, Printable(archive.name, kMaxName), FormatInZone(archive.start, zone), archive.id.substr(0, 16),
                      SeenText(listing, archive, zone)});
  }
  if (rows.size() == 1) return below;
  std::size_t target = 0, archive = 0, start = 0;
  for (const Row& row : rows) {
    target = std::max(target, ColumnsOf(row.target));
    archive = std::max(archive, ColumnsOf(row.archive));
    start = std::max(start, ColumnsOf(row.start));
  }
  std::string table;
  const bool known = std::any_of(listings.begin(), listings.end(), [](const TargetListing& listing) { return listing.known; });
  for (const Row& row : rows) {
    table += Padded(row.target, target) + "  " + Padded(row.archive, archive) + "  " + Padded(row.start, start) + "  ";
    table += known && !row.seen.empty() ? Padded(row.id, 16) + "  " + row.seen : row.id;
    table += '\n';
  }
  return table + below;
}

std::string ToJson(const std::vector<TargetListing>& listings) {
  Json targets = Json::array();
  for (const TargetListing& listing : listings) {
    Json archives = Json::array();
    for (const ArchiveEntry& archive : listing.archives) {
      Json entry = {{"name", ValidUtf8(archive.name)}, {"id", archive.id}, {"start", FormatRfc3339(archive.start, 3)}};
      if (listing.known) entry["seen"] = archive.seen ? Json(FormatRfc3339(*archive.seen, 3)) : Json();
      archives.push_back(std::move(entry));
    }
    Json target = {{"name", ValidUtf8(listing.target)}};
    target["repository"] = {
        {"path", ValidUtf8(listing.path)}, {"id", listing.repository_id}, {"encryption", ValidUtf8(listing.encryption)}};
    target["archives"] = std::move(archives);
    if (listing.error) target["error"] = ErrorJson(*listing.error);
    targets.push_back(std::move(target));
  }
  return Json{{"targets", std::move(targets)}}.dump();
}

}  // namespace borgop
