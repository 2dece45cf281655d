#include "engine/bridge/half_close.h"

#include <cstddef>

namespace borgop {

HalfActions HalfClose::On(Direction direction, HalfEvent event) {
  const auto index = static_cast<std::size_t>(direction);
  if (ended_[index]) return {};
  ended_[index] = true;
  const bool other_open = !ended_[1 - index];
  switch (event) {
    case HalfEvent::kEnd: return {.close_sink = true, .stop_other = false};
    case HalfEvent::kReadFailed: return {.close_sink = true, .stop_other = other_open};
    case HalfEvent::kWriteFailed: return {};
  }
  return {};
}

}  // namespace borgop
