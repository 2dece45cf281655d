#include "engine/ssh/retry.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace borgop {

std::optional<std::chrono::milliseconds> RetryDelay(const Error& error, int attempt, double fraction) {
  if (error.reason != Reason::kConnectionLost || attempt >= kMaxLoginTries) return std::nullopt;
  const std::int64_t most = std::int64_t{500} << std::clamp(attempt, 1, kMaxLoginTries);
  return std::chrono::milliseconds(most / 2 + std::llround(static_cast<double>(most / 2) * std::clamp(fraction, 0.0, 1.0)));
}

}  // namespace borgop
