#include "engine/retention/succession.h"

#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "engine/report/printable.h"

namespace borgop {
namespace {

constexpr std::size_t kShown = 200;  // of a name

std::string Quoted(std::string_view name) { return '"' + Printable(name, kShown) + '"'; }

}  // namespace

std::optional<std::string> Objection(const Listing& before, const Listing& after) {
  if (before.repository_id != after.repository_id) return "it is one of another repository";
  std::map<std::string_view, const ListedArchive*> listed;
  for (const ListedArchive* archive : after.All()) {
    if (!listed.emplace(archive->name, archive).second) return "the archive " + Quoted(archive->name) + " is in it twice";
  }
  std::set<std::string_view> ids;
  for (const ListedArchive* archive : before.All()) {
    const auto found = listed.find(archive->name);
    if (found == listed.end()) return "the archive " + Quoted(archive->name) + " is not in it any more";
    if (found->second->id != archive->id) return "the archive " + Quoted(archive->name) + " is another one in it";
    if (found->second->start != archive->start) return "the archive " + Quoted(archive->name) + " has another time in it";
    listed.erase(found);
    ids.insert(archive->id);
  }
  if (listed.size() > 1) return std::to_string(listed.size()) + " archives in it are new, and a backup makes one";
  // With two names it would be gone under both once one of them is deleted.
  if (!listed.empty() && ids.contains(listed.begin()->second->id))
    return "the archive " + Quoted(listed.begin()->first) + " in it is an earlier one under another name";
  return std::nullopt;
}

}  // namespace borgop
