// What was refused in a session, counted for the report. T decides how much there is: so what is kept is bounded, and printable.
//
// Threading: one thread. Never fails.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/guard/object_id.h"

namespace borgop::guard {

struct Refusal {
  std::string method;       // letters, digits and "_"; "?" stands for anything else
  std::string_view reason;  // why, in words
  std::uint64_t count = 0;
  std::vector<ObjectId> ids;  // the first of those that it was about
};

class Refusals {
 public:
  static constexpr std::size_t kMaxKinds = 16, kMaxIds = 8, kMaxMethod = 40;

  void Add(std::string_view method, std::string_view reason, const std::optional<ObjectId>& id);

  bool empty() const { return kinds_.empty(); }
  // By method and reason, in the order in which they came first.
  std::span<const Refusal> kinds() const { return kinds_; }
  std::uint64_t of_other_kinds() const { return others_; }  // beyond kMaxKinds

 private:
  std::vector<Refusal> kinds_;
  std::uint64_t others_ = 0;
};

}  // namespace borgop::guard
