#include "engine/restore/item_check.h"

#include "engine/report/printable.h"

namespace borgop {
namespace {

constexpr std::size_t kMaxShown = 300;

bool StaysBelow(const std::string& path) {
  if (path == ".") return true;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view component = std::string_view(path).substr(begin, end - begin);
    if (component.empty() || component == "." || component == "..") return false;
    begin = end + 1;
  }
  return true;
}

}  // namespace

ItemCheck::ItemCheck(const std::vector<std::string>& links_there, bool in_place)
    : links_(links_there.begin(), links_there.end()), in_place_(in_place) {}

std::optional<std::string> ItemCheck::See(const ListedItem& item) {
  if (!StaysBelow(item.path))
    return "the archive has an item that no borg create makes, and that would leave the directory: " +
           Printable(item.path, kMaxShown);
  if (in_place_) return std::nullopt;
  for (std::size_t slash = item.path.find('/'); !links_.empty() && slash != std::string::npos;
       slash = item.path.find('/', slash + 1)) {
    const std::string parent = item.path.substr(0, slash);
    if (links_.contains(parent)) {
      return "what is below " + Printable(parent, kMaxShown) +
             " would leave the directory, as that is a symbolic link: " + Printable(item.path, kMaxShown);
    }
  }
  if (item.type == 'l') links_.insert(item.path);
  return std::nullopt;
}

}  // namespace borgop
