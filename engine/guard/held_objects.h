// Which objects a repository held before a session: what a `put` must not replace and a `delete` must not take.
//
// An id is a keyed hash that borg made, so eight of its bytes tell it: whoever forged an id to meet those of another would only have
// his own put refused, and of ten million objects beside a million new ones an honest one meets another in one run of two million.
//
// Memory: eight bytes an object. Threading: one thread. Source: borg's `list` (repository.py) tells ids in pages, in the order of its index.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/base/result.h"
#include "engine/guard/object_id.h"

namespace borgop::guard {

class HeldObjects {
 public:
  // As many as borg lists for `limit` in one answer, which has to fit kAnswerLimits; a page that is not full is the last.
  static constexpr std::uint64_t kPage = 50'000;
  // 512 MiB here. borg's own index of as many takes several times that on B and on T.
  static constexpr std::size_t kMax = std::size_t{1} << 26;

  // The next page. Errors: kBorgOutputInvalid, where the pages do not end.
  Status Add(const std::vector<ObjectId>& page);
  bool complete() const { return complete_; }
  // The last of the last page: where the next one goes on. Only after a page that was not empty.
  const ObjectId& last() const { return last_; }
  bool any() const { return !fingerprints_.empty(); }
  std::size_t size() const { return fingerprints_.size(); }

  // Once complete.
  bool Holds(const ObjectId& id) const;

 private:
  std::vector<std::uint64_t> fingerprints_;  // in order, once complete
  ObjectId last_{};
  bool complete_ = false;
};

}  // namespace borgop::guard
