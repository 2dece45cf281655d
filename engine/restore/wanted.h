// Which items of an archive a person asks for: paths as they are, and patterns where they say so.
//
// A path means that item and all below it; a slash at its beginning or end counts for nothing, as archives have none. Nothing in it is
// special. A pattern is one of borg's, with its style: fm:, sh:, re:, pp: or pf: (`borg help patterns`).
//
// Thread safety: none needed. Errors: a phrase that follows what was given.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace borgop {

class Wanted {
 public:
  // Neither paths nor patterns: everything.
  static tl::expected<Wanted, std::string> Of(const std::vector<std::string>& paths, const std::vector<std::string>& patterns);

  // For borg's command line; empty: everything.
  const std::vector<std::string>& patterns() const { return patterns_; }
  // An item that borg listed for those patterns, as borg says its path (borg/item_list.h).
  void See(std::string_view item);
  // The paths, as they were given, that no item was seen of.
  std::vector<std::string> Missing() const;

 private:
  struct Path {
    std::string given, spoken;
  };
  std::vector<std::string> patterns_;
  std::vector<Path> unseen_;
};

}  // namespace borgop
