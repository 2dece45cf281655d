// Which objects a repository held before a session: what a `put` must not replace and a `delete` must not take.
//
// An id is a keyed hash that borg made, so eight of its bytes tell it: whoever forged an id to meet those of another would only have
// his own put refused, and of ten million objects beside a million new ones an honest one meets another in one run of two million.
//
// Memory: eight bytes an object up to kInMemory of them, 24 MiB at most. More are sorted and written to a temporary file, block by block,
// and the blocks merged into another; then one number of 512 stays in memory (a MiB for kMax), and a look-up reads 4 KiB.
//
// Threading: one thread; a file is written and read in place, and the loop waits (0.2 s for ten million). A copy shares the file: only
// of one that has been given nothing. Source: borg's `list` (repository.py) tells ids in pages, in the order of its index.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/result.h"
#include "engine/guard/number_file.h"
#include "engine/guard/object_id.h"

namespace borgop::guard {

class HeldObjects {
 public:
  // As many as borg lists for `limit` in one answer, which has to fit kAnswerLimits; a page that is not full is the last.
  static constexpr std::uint64_t kPage = 50'000;
  static constexpr std::size_t kInMemory = std::size_t{1} << 21;
  // 512 MiB on disk, and as much again while they are merged. borg's own index of as many takes several times that on B and on T.
  static constexpr std::size_t kMax = std::size_t{1} << 26;

  explicit HeldObjects(std::size_t in_memory = kInMemory, std::size_t max = kMax) : in_memory_(in_memory), max_(max) {}

  // The next page. Errors: kBorgOutputInvalid, where the pages do not end; those of NumberFile.
  Status Add(const std::vector<ObjectId>& page);
  bool complete() const { return complete_; }
  // The last of the last page: where the next one goes on. Only after a page that was not empty.
  const ObjectId& last() const { return last_; }
  bool any() const { return size_ != 0; }
  std::size_t size() const { return size_; }

  // Once complete. Errors: those of NumberFile; then nobody knows.
  Result<bool> Holds(const ObjectId& id) const;

 private:
  Status Keep(std::uint64_t fingerprint);
  Status Spill();
  Status Merge();

  std::size_t in_memory_, max_;
  std::size_t size_ = 0;
  std::vector<std::uint64_t> block_;  // what is in no file; in order, once complete
  std::shared_ptr<NumberFile> file_;  // blocks of in_memory_, each in order, the last may be shorter; once complete, all in order
  std::vector<std::uint64_t> marks_;  // once complete, where there is a file: each kMark-th number of it
  ObjectId last_{};
  bool complete_ = false;
};

}  // namespace borgop::guard
