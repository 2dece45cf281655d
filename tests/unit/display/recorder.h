// A screen and a clock that tests look into.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "engine/display/output_stream.h"

namespace borgop {

struct Recorded {
  std::string text;  // all that was written
  TerminalSize size;
  MonotonicTime now{};
  int writes = 0;
};

class RecordingOutput : public OutputStream {
 public:
  explicit RecordingOutput(Recorded& recorded) : recorded_(recorded) {}
  void Write(std::string_view bytes) override {
    recorded_.text += bytes;
    ++recorded_.writes;
  }
  TerminalSize Size() override { return recorded_.size; }

 private:
  Recorded& recorded_;
};

inline DisplayClock ClockOf(Recorded& recorded) {
  DisplayClock clock;
  clock.monotonic = [&recorded] { return recorded.now; };
  clock.wall = [] { return WallTime(std::chrono::milliseconds(1795498632456)); };
  return clock;
}

// What a terminal of `columns` columns shows after `text`: enough of VT100 for what the display writes.
inline std::vector<std::string> ScreenOf(const std::string& text, std::size_t columns) {
  std::vector<std::string> rows(1);
  std::size_t row = 0, column = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      column = 0;
      if (++row == rows.size()) rows.emplace_back();
    } else if (c == '\r') {
      column = 0;
    } else if (c == '\x1b') {
      const std::size_t end = text.find_first_of("ABCDHJKhlm", i + 2);
      const std::string argument = text.substr(i + 2, end - i - 2);
      if (text[end] == 'A') row -= std::min<std::size_t>(row, argument.empty() ? 1 : std::stoul(argument));
      if (text[end] == 'J') {
        rows.resize(row + 1);
        rows[row].resize(std::min(rows[row].size(), column));
      }
      i = end;
    } else {
      if (column == columns) {
        column = 0;
        if (++row == rows.size()) rows.emplace_back();
      }
      rows[row].resize(std::max(rows[row].size(), column + 1), ' ');
      rows[row][column++] = c;
    }
  }
  return rows;
}

inline TargetReport DoneReport(std::string name, Outcome outcome) {
  TargetReport report;
  report.name = std::move(name);
  report.outcome = outcome;
  report.end = report.start + std::chrono::milliseconds(65000);
  if (outcome == Outcome::kFailed) {
    report.error = Error{Reason::kDiskFull, "no space on the repository server", ""};
  } else {
    report.archive = Archive{"", "snapshot-1", "", "", 3 * 1024 * 1024, 0, 2048, 12345};
  }
  return report;
}

}  // namespace borgop
