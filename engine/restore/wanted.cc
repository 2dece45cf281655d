#include "engine/restore/wanted.h"

#include <algorithm>
#include <array>

#include "engine/borg/item_list.h"
#include "engine/plan/document.h"

namespace borgop {
namespace {

// Without slashes at either end, doubled ones, and "." components; nothing where a component is "..".
tl::expected<std::string, std::string> Normalized(const std::string& path) {
  std::string normal;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view component = std::string_view(path).substr(begin, end - begin);
    begin = end + 1;
    if (component == "..") return tl::unexpected("the path " + Quoted(path) + " has a \"..\" (write it as the archive has it)");
    if (component.empty() || component == ".") continue;
    if (!normal.empty()) normal += '/';
    normal += component;
  }
  return normal;
}

bool HasStyle(std::string_view pattern) {
  constexpr std::array<std::string_view, 5> kStyles = {"fm:", "sh:", "re:", "pp:", "pf:"};
  return std::any_of(kStyles.begin(), kStyles.end(), [&](std::string_view style) { return pattern.starts_with(style); });
}

}  // namespace

tl::expected<Wanted, std::string> Wanted::Of(const std::vector<std::string>& paths, const std::vector<std::string>& patterns) {
  Wanted wanted;
  bool all = paths.empty() && patterns.empty();
  for (const std::string& path : paths) {
    if (path.empty()) return tl::unexpected(std::string("a path is empty (name an item of the archive, or no path for all of it)"));
    const auto normal = Normalized(path);
    if (!normal) return tl::unexpected(normal.error());
    all = all || normal->empty();
    wanted.patterns_.push_back("pp:" + *normal);
    wanted.unseen_.push_back({path, Spoken(*normal)});
  }
  for (const std::string& pattern : patterns) {
    if (!HasStyle(pattern))
      return tl::unexpected("the pattern " + Quoted(pattern) + " has no style (begin it with sh:, fm:, re:, pp: or pf:)");
    wanted.patterns_.push_back(pattern);
  }
  if (all) {
    wanted.patterns_.clear();
    wanted.unseen_.clear();
  }
  return wanted;
}

void Wanted::See(std::string_view item) {
  std::erase_if(unseen_, [&](const Path& path) {
    return item == path.spoken ||
           (item.starts_with(path.spoken) && item.size() > path.spoken.size() && item[path.spoken.size()] == '/');
  });
}

std::vector<std::string> Wanted::Missing() const {
  std::vector<std::string> missing;
  missing.reserve(unseen_.size());
  for (const Path& path : unseen_) missing.push_back(path.given);
  return missing;
}

}  // namespace borgop
