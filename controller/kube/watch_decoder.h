// The body of a watch, in chunks that split anywhere, as events.
//
// The server writes one JSON object a line: {"type": …, "object": …}. A line is bounded in size and depth; whatever is no event ends the
// watch with an error, since what was lost cannot be known: the caller lists again.
//
// Thread safety: none; one decoder a watch. No IO. Source: Kubernetes API concepts, "Efficient detection of changes".
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/kube/bounded_json.h"
#include "controller/kube/error.h"

namespace borgop::kube {

struct WatchEvent {
  enum class Type : std::uint8_t { kAdded, kModified, kDeleted, kBookmark };
  Type type = Type::kAdded;
  nlohmann::json object;
};

class WatchDecoder {
 public:
  static constexpr std::size_t kMaxLine = std::size_t{8} << 20;

  // `without`: fields of objects that are dropped as they are read.
  explicit WatchDecoder(std::vector<FieldPath> without = {}, std::size_t max_line = kMaxLine)
      : without_(std::move(without)), max_line_(max_line) {}

  // The events that `chunk` completes. After an error (an ERROR event's own, or kProtocol) the decoder stays failed and answers with the
  // same error; events before the bad line are in `events` all the same.
  Status Feed(std::string_view chunk, std::vector<WatchEvent>& events);
  // Whether the stream may end here: not within a line.
  bool AtBoundary() const { return pending_.empty(); }

 private:
  Status Line(std::string_view line, std::vector<WatchEvent>& events);

  std::vector<FieldPath> without_;
  std::size_t max_line_;
  std::string pending_;
  std::optional<ApiError> failed_;
};

}  // namespace borgop::kube
