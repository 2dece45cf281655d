#include "engine/display/fd_output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

#include "engine/base/unique_fd.h"

namespace borgop {
namespace {

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) == 0) {
      read_end.reset(ends[0]);
      write_end.reset(ends[1]);
    }
  }
  UniqueFd read_end, write_end;
};

std::string Notice(std::size_t lost) { return "[" + std::to_string(lost) + " lost]\n"; }

std::string ReadToEnd(int fd) {
  std::string all;
  std::array<char, 65536> buffer{};
  for (ssize_t got = 1; got > 0;) {
    got = read(fd, buffer.data(), buffer.size());
    if (got > 0) all.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return all;
}

TEST(FdOutputTest, WritesEverythingInOrder) {
  Pipe pipe;
  std::string expected;
  std::string seen;
  std::thread reader([&] { seen = ReadToEnd(pipe.read_end.get()); });
  {
    FdOutput output(pipe.write_end.get(), Notice);
    for (int i = 0; i < 1000; ++i) {
      const std::string line = std::to_string(i) + std::string(100, 'x') + "\n";
      output.Write(line);
      expected += line;
    }
  }
  pipe.write_end.reset();
  reader.join();
  EXPECT_EQ(seen, expected);
}

TEST(FdOutputTest, NobodyReadsAndNothingWaits) {
  Pipe pipe;
  // Never closed: the thread outlives the test, and its descriptor's number must not become another one's.
  const int left_open = fcntl(pipe.write_end.get(), F_DUPFD_CLOEXEC, 0);
  const std::string line = std::string(1023, 'x') + "\n";
  {
    FdOutput output(left_open, Notice);
    for (int i = 0; i < 4096; ++i) output.Write(line);  // would block for ever
  }
  // The rest is given up, and the thread is left where it is; a reader that comes late still finds the first lines whole.
  std::array<char, 65536> buffer{};
  ASSERT_GT(read(pipe.read_end.get(), buffer.data(), buffer.size()), 1024);
  EXPECT_EQ(std::string_view(buffer.data(), 1024), line);
  pipe.read_end.reset();  // ends the thread some time: SIGPIPE is blocked there, so the write fails
}

TEST(FdOutputTest, SaysHowManyLinesAreMissing) {
  Pipe pipe;
  const std::string line = std::string(1023, 'x') + "\n";
  constexpr std::size_t kLines = 3000;
  std::string seen;
  std::thread reader;
  {
    FdOutput output(pipe.write_end.get(), Notice);
    for (std::size_t i = 0; i < kLines; ++i) output.Write(line);
    reader = std::thread([&] { seen = ReadToEnd(pipe.read_end.get()); });
    output.Write("last\n");
  }
  pipe.write_end.reset();
  reader.join();
  std::size_t whole = 0;
  std::size_t at = 0;
  while (seen.compare(at, line.size(), line) == 0) {
    at += line.size();
    ++whole;
  }
  EXPECT_LE(whole * line.size(), FdOutput::kMaxPending + 65536);
  EXPECT_GE(whole * line.size(), FdOutput::kMaxPending - line.size());
  const std::string rest = seen.substr(at);
  // "last" may have come in before or after there was room.
  const std::string with_last = Notice(kLines - whole) + "last\n";
  EXPECT_TRUE(rest == with_last || rest == Notice(kLines - whole + 1)) << whole << " lines, then " << rest.substr(0, 100);
}

TEST(FdOutputTest, ABrokenPipeIsNoReasonToStop) {
  Pipe pipe;
  pipe.read_end.reset();
  FdOutput output(pipe.write_end.get(), Notice);
  for (int i = 0; i < 10; ++i) output.Write("x\n");
}

}  // namespace
}  // namespace borgop
