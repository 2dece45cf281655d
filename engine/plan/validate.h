// The checks that both readers share, at the place in the file where the value stands. Rules that look at one value alone are in
// rules.h; here they meet Fields, and here are those that look at several values.
//
// Every problem has the form `FILE:LINE: KEY.PATH: what is wrong (what to do)`; list indices in a path begin with 0.
//
// Thread safety: none needed. Errors: reported to the Fields' Problems.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/secret.h"
#include "engine/plan/field.h"
#include "engine/plan/plan.h"

namespace borgop {

using Rule = std::string (*)(std::string_view);  // as in rules.h

// The value where it is given; `fallback` where it is not or has a problem.
std::string CheckedText(const Field& field, Rule rule, std::string fallback = {});
// As CheckedText, but a missing value is a problem.
std::string RequiredText(const Field& field, Rule rule, std::string_view what_to_do);
std::vector<std::string> CheckedTexts(const Field& list, Rule rule);

// Whether borg can take the whole path of a repository, whose own part stands at `field` and has no problem.
void CheckLocation(const Field& field, const Server& server, const Repository& repository);
void CheckKey(const Field& field, const Secret& key, const Secret& passphrase);
// Whether the text as such is in order.
bool CheckKnownHostsText(const Field& field, std::string_view known_hosts);
// Whether it pins a key for host and port.
void CheckHostIsPinned(const Field& field, std::string_view known_hosts, const std::string& host, std::uint16_t port);

// Values of which no two may be the same.
class Unique {
 public:
  // `why` ends the sentence "is the same as in PLACE on line N".
  explicit Unique(std::string_view why) : why_(why) {}
  // Whether it is the first of its kind; one that is not is reported.
  bool Add(const Field& field, const std::string& value);

 protected:
  struct Place {
    std::string path;
    std::uint32_t line;
    std::string ToString() const;  // "PLACE on line N"
  };
  const std::map<std::string, Place>& seen() const { return seen_; }

 private:
  std::string_view why_;
  std::map<std::string, Place> seen_;
};

// Paths of repositories, normalised, below one directory. Nor may one be inside of another: borg makes no such repository.
class RepositoryPaths : private Unique {
 public:
  RepositoryPaths() : Unique(" (give each target a repository of its own)") {}
  void Add(const Field& field, const std::string& path);
};

constexpr std::string_view kNamesAreUnique = " (give each target a name of its own)";

}  // namespace borgop
