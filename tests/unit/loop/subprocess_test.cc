#include "engine/loop/subprocess.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "tests/fakes/loop_fixture.h"

namespace borgop {
namespace {

using namespace std::chrono_literals;
using Environment = std::vector<std::pair<std::string, std::string>>;

struct Ended {
  int status = -1;
  std::string out, err;
};

Ended RunToEnd(const std::vector<std::string>& argv, const Environment& env = {}, const std::string& input = {}) {
  Ended ended;
  RunReal([&](Context context) -> Task<void> {
    Signals signals(*context.loop, [](int) {});
    Result<std::unique_ptr<Subprocess>> child = Subprocess::Start(*context.loop, signals, argv, env);
    EXPECT_TRUE(child.has_value());
    const Context limited = context.WithTimeout(30s);
    co_await (*child)->in().Write(limited, input);
    co_await (*child)->in().CloseWrite(limited);
    ended.out = (co_await ReadAll(limited, (*child)->out(), 1 << 20)).value_or("?");
    ended.err = (co_await ReadAll(limited, (*child)->err(), 1 << 20)).value_or("?");
    ended.status = (co_await (*child)->Wait(limited)).value_or(-1);
  });
  return ended;
}

TEST(Subprocess, HasItsThreeStreams) {
  const Ended ended = RunToEnd({"sh", "-c", "cat; echo oops >&2; exit 3"}, {{"PATH", "/usr/bin:/bin"}}, "hello");
  EXPECT_EQ(ended.out, "hello");
  EXPECT_EQ(ended.err, "oops\n");
  EXPECT_TRUE(WIFEXITED(ended.status));
  EXPECT_EQ(WEXITSTATUS(ended.status), 3);
}

// The program would get what stands before it.
TEST(Subprocess, AnArgumentWithANulIsNone) {
  RunReal([](Context context) -> Task<void> {
    Signals signals(*context.loop, [](int) {});
    const std::vector<std::string> argv = {"echo", std::string("a\0b", 3)};
    const auto child = Subprocess::Start(*context.loop, signals, argv, {});
    EXPECT_EQ(child ? Reason::kCancelled : child.error().reason, Reason::kInternal);
    co_return;
  });
}

TEST(Subprocess, GetsExactlyTheGivenEnvironment) {
  const Ended ended = RunToEnd({"env"}, {{"A", "1"}, {"B", "two words"}});
  EXPECT_EQ(ended.out, "A=1\nB=two words\n");
}

TEST(Subprocess, InheritsNothingButItsStreams) {
  const Ended ended = RunToEnd({"sh", "-c", "ls /proc/self/fd"}, {{"PATH", "/usr/bin:/bin"}});
  EXPECT_EQ(ended.out, "0\n1\n2\n3\n") << "3 is what ls reads the directory by";
}

TEST(Subprocess, AMissingProgramEndsAsAShellWouldHaveIt) {
  const Ended ended = RunToEnd({"/no/such/program"});
  EXPECT_EQ(WEXITSTATUS(ended.status), 127);
}

TEST(Subprocess, AFileThatIsNoProgramEndsAsAShellWouldHaveIt) {
  const Ended ended = RunToEnd({"/etc/passwd"});
  EXPECT_EQ(WEXITSTATUS(ended.status), 126);
}

TEST(Subprocess, TellsTheSignalThatEndedIt) {
  const Ended ended = RunToEnd({"sh", "-c", "kill -TERM $$"}, {{"PATH", "/usr/bin:/bin"}});
  EXPECT_TRUE(WIFSIGNALED(ended.status));
  EXPECT_EQ(WTERMSIG(ended.status), SIGTERM);
}

TEST(Subprocess, ItsSignalsAreAtTheirDefaults) {
  // This process ignores SIGPIPE and blocks SIGTERM; the child must not. (The C library keeps signals 32 and 33 for itself.)
  const Ended ended = RunToEnd({"grep", "-hoE", "^Sig(Blk|Ign):.*", "/proc/self/status"});
  std::istringstream lines(ended.out);
  std::string name;
  std::string mask;
  int seen = 0;
  while (lines >> name >> mask) {
    EXPECT_EQ(std::stoull(mask, nullptr, 16) & 0x7FFFFFFFU, 0U) << name << mask;
    ++seen;
  }
  EXPECT_EQ(seen, 2) << ended.out;
}

TEST(Subprocess, IsKilledWhenItIsDropped) {
  RunReal([](Context context) -> Task<void> {
    Signals signals(*context.loop, [](int) {});
    pid_t pid = 0;
    {
      Result<std::unique_ptr<Subprocess>> child =
          Subprocess::Start(*context.loop, signals, {"sh", "-c", "echo $$; exec sleep 1000"}, {{"PATH", "/usr/bin:/bin"}});
      EXPECT_TRUE(child.has_value());
      std::array<char, 32> buffer{};
      const Result<std::size_t> got = co_await (*child)->out().Read(context.WithTimeout(10s), buffer);
      std::istringstream(std::string(buffer.data(), got.value_or(0))) >> pid;
      EXPECT_GT(pid, 1);
      EXPECT_EQ(kill(pid, 0), 0);
    }
    EXPECT_NE(kill(pid, 0), 0);
  });
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // Subprocess::LimitMemory
TEST(Subprocess, GetsNoMoreMemoryThanItMay) {
  RunReal([](Context context) -> Task<void> {
    Signals signals(*context.loop, [](int) {});
    Result<std::unique_ptr<Subprocess>> child =
        Subprocess::Start(*context.loop, signals, {"sh", "-c", "read go; ulimit -v"}, {{"PATH", "/usr/bin:/bin"}});
    EXPECT_TRUE(child.has_value());
    (*child)->LimitMemory(std::uint64_t{1} << 30);
    const std::string_view go = "go\n";
    const Status told = co_await (*child)->in().Write(context.WithTimeout(10s), go);
    EXPECT_TRUE(told.has_value());
    std::array<char, 32> buffer{};
    const Result<std::size_t> got = co_await (*child)->out().Read(context.WithTimeout(10s), buffer);
    EXPECT_EQ(std::string(buffer.data(), got.value_or(0)), "1048576\n");
  });
}
#endif

TEST(Signals, DeliversStopSignals) {
  for (const int sent : {SIGTERM, SIGINT}) {
    RunReal([sent](Context context) -> Task<void> {
      WaitQueue told;
      int number = 0;
      Signals signals(*context.loop, [&](int got) {
        number = got;
        told.NotifyAll();
      });
      kill(getpid(), sent);
      EXPECT_EQ(co_await told.Wait(context.WithTimeout(10s)), Wake::kNotified);
      EXPECT_EQ(number, sent);
    });
  }
}

// As a parent may leave it: the kernel would then reap children, and nobody learn of it.
TEST(Signals, ChildrenAreSeenToEndWhereTheirSignalWasIgnored) {
  static_cast<void>(std::signal(SIGCHLD, SIG_IGN));
  RunReal([](Context context) -> Task<void> {
    Signals signals(*context.loop, [](int) {});
    Result<std::unique_ptr<Subprocess>> child =
        Subprocess::Start(*context.loop, signals, {"sh", "-c", "exit 7"}, {{"PATH", "/usr/bin:/bin"}});
    EXPECT_TRUE(child.has_value());
    const Result<int> ended = co_await (*child)->Wait(context.WithTimeout(10s));
    EXPECT_TRUE(ended.has_value()) << ended.error().message;
    EXPECT_EQ(ended.value_or(0) >> 8, 7);
  });
}

}  // namespace
}  // namespace borgop
