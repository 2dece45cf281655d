// A random sample of an archive's files, the same for the same archive and seed.
//
// Any file can be in it but those whose names borg does not say exactly (item_list.h): they cannot be asked for by name. Memory: the sample.
//
// Threading: one thread.
#pragma once

#include <cstdint>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "engine/borg/item_list.h"

namespace borgop {

struct SampleLimits {
  std::size_t files = 100;
  std::uint64_t bytes = std::uint64_t{256} * 1024 * 1024;  // all files together
};

class Sampler {
 public:
  // What one command line may hold of names.
  static constexpr std::size_t kMaxNames = std::size_t{512} * 1024;

  Sampler(std::uint64_t seed, SampleLimits limits) : limits_(limits), random_(seed) {}

  // The next item of the archive.
  void See(const ListedItem& item);
  // The chosen ones, by path. One that does not fit into what is left of the bytes is passed over.
  std::vector<ListedItem> Take() const;

  std::uint64_t files() const { return files_; }      // that it chose from
  std::uint64_t unnamed() const { return unnamed_; }  // that it could not choose

 private:
  struct ByLot {
    bool operator()(const std::pair<std::uint64_t, ListedItem>& one, const std::pair<std::uint64_t, ListedItem>& other) const {
      return one.first < other.first;
    }
  };
  SampleLimits limits_;
  std::mt19937_64 random_;  // its numbers are the same everywhere (C++ standard, rand.eng.mers)
  std::multiset<std::pair<std::uint64_t, ListedItem>, ByLot> lots_;
  std::uint64_t files_ = 0, unnamed_ = 0;
};

}  // namespace borgop
