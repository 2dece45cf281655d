// When a connection that failed is tried again: pure.
//
// Only a host that hung up is asked again: a busy sshd drops connections before the login (MaxStartups), and says nothing.
#pragma once

#include <chrono>
#include <optional>

#include "engine/base/error.h"

namespace borgop {

inline constexpr int kMaxLoginTries = 4;

// The pause before the next try, or nothing: give up with `error`. `attempt` counts from 1; `fraction` is random, from 0 up to 1, so
// that those who were turned away together do not come back together. The pause is between a half and the whole of 1 s, 2 s, 4 s.
std::optional<std::chrono::milliseconds> RetryDelay(const Error& error, int attempt, double fraction);

}  // namespace borgop
