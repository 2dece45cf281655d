#include "controller/kube/http.h"

#include <algorithm>

namespace borgop::kube {

std::optional<std::chrono::seconds> ReadRetryAfter(std::string_view header) {
  constexpr std::int64_t kMax = 3600;
  std::int64_t seconds = 0;
  if (header.empty()) return std::nullopt;
  for (const char c : header) {
    if (c < '0' || c > '9') return std::nullopt;
    seconds = std::min(seconds * 10 + (c - '0'), kMax);
  }
  return std::chrono::seconds(seconds);
}

}  // namespace borgop::kube
