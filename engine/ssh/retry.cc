#include "engine/ssh/retry.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace borgop {

std::optional<std::chrono::milliseconds> RetryDelay(const Error& error, int attempt, double fraction) {
  if (error.reason != Reason::kConnectionLost || attempt >= kMaxLoginTries) return std::nullopt;
  const std::int64_t least = std::int64_t{250} << std::clamp(attempt, 1, kMaxLoginTries);
  return std::chrono::milliseconds(least + std::llround(static_cast<double>(least) * std::clamp(fraction, 0.0, 1.0)));
}

}  // namespace borgop
