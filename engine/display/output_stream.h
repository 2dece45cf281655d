// Where a display writes and what time it is: the seam that tests replace.
//
// Threading: used from the loop's thread only. Write neither waits, throws nor reports errors: a display that cannot be seen must not
// stop a backup.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string_view>

#include "engine/report/report.h"

namespace borgop {

struct TerminalSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

class OutputStream {
 public:
  virtual ~OutputStream() = default;
  virtual void Write(std::string_view bytes) = 0;
  virtual TerminalSize Size() = 0;  // asked before each drawing, so that a resize is seen
};

using MonotonicTime = std::chrono::steady_clock::time_point;

struct DisplayClock {
  std::function<MonotonicTime()> monotonic = [] { return std::chrono::steady_clock::now(); };
  std::function<WallTime()> wall = [] { return std::chrono::system_clock::now(); };
};

}  // namespace borgop
