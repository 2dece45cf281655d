#include "engine/remote/script.h"

#include <gtest/gtest.h>

#include "tests/fakes/loop_fixture.h"
#include "tests/fakes/sent_script.h"

namespace borgop {
namespace {

using namespace std::chrono_literals;

// Prints `before` + the marker line + `behind`, in two writes with a pause at `split`.
FakeProgram Printing(std::string before, std::string behind, std::size_t split) {
  return [=](Context context, FakeStdio& stdio, std::string command) -> Task<ExitStatus> {
    const SentScript sent = co_await ReadSentScript(context, stdio, command);
    EXPECT_TRUE(sent.whole);
    EXPECT_EQ(sent.text, "the script\n");
    const std::string all = before + sent.MarkerLine() + behind;
    co_await stdio.out.Write(context, std::string_view(all).substr(0, split));
    co_await Sleep(context, 1s);
    co_await stdio.out.Write(context, std::string_view(all).substr(std::min(split, all.size())));
    co_return ExitStatus{};
  };
}

Task<Result<std::string>> Output(Context context, FakeConnection& connection) {
  Result<std::unique_ptr<RemoteProcess>> process =
      co_await StartScript(context, connection, "the script\n", Connection::kSmallWindow);
  if (!process) co_return Fail(process.error());
  co_return co_await ReadAll(context, (*process)->out(), 1 << 20);
}

TEST(StartScript, FindsItsMarkerWhereverTheBytesAreSplit) {
  const std::string noise = "Welcome!\nborg-engine-\n";
  for (std::size_t split = 0; split <= noise.size() + 60; ++split) {
    SCOPED_TRACE(split);
    RunJumping([&](Context context) -> Task<void> {
      FakeConnection connection(*context.loop, Printing(noise, "what the script says", split));
      const Result<std::string> output = co_await Output(context, connection);
      EXPECT_EQ(output.value_or("failed"), "what the script says");
      co_await connection.Disconnect(context);
    });
  }
}

TEST(StartScript, ErrorsWithoutEndBeforeItDoNotHoldItUpAndItsOwnAreKept) {
  RunJumping([](Context context) -> Task<void> {
    FakeConnection connection(*context.loop, [](Context inner, FakeStdio& stdio, std::string command) -> Task<ExitStatus> {
      const SentScript sent = co_await ReadSentScript(inner, stdio, command);
      const std::string line(1000, 'x');
      for (int i = 0; i < 2000; ++i) co_await stdio.err.Write(inner, line);
      co_await stdio.out.Write(inner, sent.MarkerLine());
      co_await stdio.err.Write(inner, std::string_view("its own words"));
      co_return ExitStatus{};
    });
    Result<std::unique_ptr<RemoteProcess>> process =
        co_await StartScript(context, connection, "the script\n", Connection::kSmallWindow);
    EXPECT_TRUE(process.has_value()) << (process ? "" : process.error().message);
    if (process) {
      const Result<std::string> errors = co_await ReadAll(context, (*process)->err(), 1 << 20);
      EXPECT_TRUE(errors.value_or("").ends_with("xits own words"));
      EXPECT_LT(errors.value_or("").size(), 200'000U);
    }
    co_await connection.Disconnect(context);
  });
}

TEST(StartScript, TakesAMarkerOfItsOwnEachTime) {
  RunJumping([](Context context) -> Task<void> {
    std::vector<std::string> markers;
    FakeConnection connection(*context.loop, [&](Context inner, FakeStdio& stdio, std::string command) -> Task<ExitStatus> {
      const SentScript sent = co_await ReadSentScript(inner, stdio, command);
      markers.push_back(sent.marker);
      co_await stdio.out.Write(inner, sent.MarkerLine());
      co_return ExitStatus{};
    });
    co_await Output(context, connection);
    co_await Output(context, connection);
    EXPECT_EQ(markers.size(), 2U);
    if (markers.size() == 2) {
      EXPECT_NE(markers[0], markers[1]);
    }
    co_await connection.Disconnect(context);
  });
}

struct ScriptRow {
  const char* name;
  FakeProgram program;
  Reason reason;
  std::vector<std::string> message;  // parts of it
};

TEST(StartScript, SaysWhyAnAccountDoesNotRunIt) {
  const auto ending = [](std::string out, std::string err, ExitStatus exit) -> FakeProgram {
    return [=](Context context, FakeStdio& stdio, std::string) -> Task<ExitStatus> {
      co_await stdio.out.Write(context, out);
      co_await stdio.err.Write(context, err);
      co_return exit;
    };
  };
  const FakeProgram silent = [](Context context, FakeStdio&, std::string) -> Task<ExitStatus> {
    co_await Waiter(context, nullptr);
    co_return ExitStatus{};
  };
  const FakeProgram chatty = [](Context context, FakeStdio& stdio, std::string) -> Task<ExitStatus> {
    const std::string line(1000, 'x');
    while (true) {
      const Status written = co_await stdio.out.Write(context, line);
      if (!written) co_return ExitStatus{1, {}};
    }
  };
  const std::vector<ScriptRow> rows = {
      {"a forced command",
       ending("", "only borg serve here\n", {1, {}}),
       Reason::kShellUnusable,
       {"status 1", "only borg serve here"}},
      {"nologin says it on its output",
       ending("This account is not available.\n", "", {1, {}}),
       Reason::kShellUnusable,
       {"status 1", "This account is not available."}},
      {"it dies", ending("", "", {0, "SEGV"}), Reason::kShellUnusable, {"SIGSEGV"}},
      {"control characters stay out of messages", ending("", "a\x1b[31mb", {2, {}}), Reason::kShellUnusable, {"status 2", "a"}},
      {"silence", silent, Reason::kShellUnusable, {"did not answer within 30 s"}},
      {"noise without end", chatty, Reason::kShellUnusable, {"xxx"}},
  };
  for (const ScriptRow& row : rows) {
    SCOPED_TRACE(row.name);
    RunJumping([&](Context context) -> Task<void> {
      FakeConnection connection(*context.loop, row.program);
      const Result<std::string> output = co_await Output(context, connection);
      EXPECT_FALSE(output.has_value());
      if (!output) {
        EXPECT_EQ(output.error().reason, row.reason) << output.error().message;
        EXPECT_NE(output.error().message.find("the fake machine"), std::string::npos);
        for (const std::string& part : row.message)
          EXPECT_NE(output.error().message.find(part), std::string::npos) << output.error().message;
        EXPECT_EQ(output.error().message.find('\x1b'), std::string::npos);
        EXPECT_LT(output.error().message.size(), 600U);
      }
      EXPECT_FALSE(connection.failure().has_value()) << "the connection itself is fine";
      co_await connection.Disconnect(context);
    });
  }
}

TEST(StartScript, ABrokenConnectionIsNotTheShellsFault) {
  RunJumping([](Context context) -> Task<void> {
    FakeConnection connection(*context.loop, [](Context inner, FakeStdio&, std::string) -> Task<ExitStatus> {
      co_await Waiter(inner, nullptr);
      co_return ExitStatus{};
    });
    Result<std::string> output = Fail(Reason::kInternal, "not run");
    const auto run = [&](Context inner) -> Task<void> { output = co_await Output(inner, connection); };
    TaskGroup group(context);
    group.Spawn(run(group.context()));
    co_await Sleep(context, 1s);
    connection.Abort({Reason::kNoProgress, "silent for 60 s", {}});
    co_await group.Join();
    EXPECT_FALSE(output.has_value());
    if (!output) {
      EXPECT_EQ(output.error().reason, Reason::kNoProgress);
    }
    co_await connection.Disconnect(context);
  });
}

TEST(StartScript, AStopIsAStop) {
  RunJumping([](Context context) -> Task<void> {
    FakeConnection connection(*context.loop, [](Context inner, FakeStdio&, std::string) -> Task<ExitStatus> {
      co_await Waiter(inner, nullptr);
      co_return ExitStatus{};
    });
    StopSource stop;
    Result<std::string> output = Fail(Reason::kInternal, "not run");
    const auto run = [&](Context inner) -> Task<void> { output = co_await Output(inner, connection); };
    TaskGroup group(context);
    group.Spawn(run(context.WithStop(stop)));
    co_await Sleep(context, 1s);
    stop.Stop();
    co_await group.Join();
    EXPECT_FALSE(output.has_value());
    if (!output) {
      EXPECT_EQ(output.error().reason, Reason::kCancelled);
    }
    co_await connection.Disconnect(context);
  });
}

}  // namespace
}  // namespace borgop
