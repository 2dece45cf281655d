// A borg client and a `borg serve` in memory, and the exchange between them.
#include "engine/run/exchange.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_connection.h"
#include "tests/fakes/loop_fixture.h"
#include "tests/unit/guard/spoken.h"

namespace borgop {
namespace {

using namespace std::chrono_literals;

// Plays borg; what it does is the test's. Its two ends towards the bridge are `to_server` and `from_server`.
class FakeBorg final : public BorgProcess, public BridgeEntrance {
 public:
  using Program = std::function<Task<Exit>(Context, FakeBorg&)>;
  FakeBorg(const Context& context, Program program) : program_(std::move(program)), group_(context) {
    group_.Spawn(Run(group_.context()));
  }

  Writer& in() override { return stdin_; }
  Reader& out() override { return stdout_; }
  Reader& err() override { return stderr_; }
  Task<Result<Exit>> Wait(Context context) override {
    while (!exit_) {
      const Wake wake = co_await ended_.Wait(context);
      if (wake != Wake::kNotified) co_return Fail(InterruptedError(wake, "waiting for borg"));
    }
    co_return *exit_;
  }
  Task<void> Terminate(Context) override {
    ++terminated;
    if (heeds) group_.Stop();
    co_return;
  }
  Task<Result<BridgeEnd>> Open(Context) override { co_return BridgeEnd{to_server, from_server}; }
  Task<void> Used(Context) override {
    ++used;
    co_return;
  }
  Task<void> End() {
    group_.Stop();
    co_await group_.Join();
  }

  MemoryPipe stdin_, stdout_, stderr_, to_server, from_server;
  int terminated = 0, used = 0;
  bool heeds = true;

 private:
  Task<void> Run(Context context) {
    const Exit exit = co_await program_(context, *this);
    exit_ = exit;
    stdout_.Close();
    stderr_.Close();
    to_server.Close();
    ended_.NotifyAll();
  }
  Program program_;
  std::optional<Exit> exit_;
  WaitQueue ended_;
  TaskGroup group_;
};

const std::string kHello = guard::OldCall(1, "negotiate", {guard::Version()}),
                  kAnswer = guard::OldReply(1, guard::None(), guard::Version());

// `borg serve` that answers, and ends with its input.
Task<ExitStatus> Answer(Context context, FakeStdio& stdio, std::string) {
  std::array<char, 1000> heard{};
  bool answered = false;
  while (true) {
    const Result<std::size_t> got = co_await stdio.in.Read(context, heard);
    if (!got || *got == 0) co_return ExitStatus{};
    if (!std::exchange(answered, true)) co_await stdio.out.Write(context, kAnswer);
  }
}

struct Played {
  ExchangeResult result;
  int terminated = 0, used = 0;
  std::chrono::nanoseconds took{0};
};

Task<void> Play(Context context, FakeBorg::Program client, FakeProgram server, bool heeds, Played& played,
                std::chrono::milliseconds limit, Writer* output) {
  FakeConnection connection(*context.loop, std::move(server));
  Result<std::unique_ptr<Channel>> channel = co_await connection.Exec(context, "borg serve", Connection::kSmallWindow);
  EXPECT_TRUE(channel.has_value());
  if (!channel) co_return;
  RemoteProcess serve(std::move(*channel), "", "");
  FakeBorg borg(context, std::move(client));
  borg.heeds = heeds;
  const Secret passphrase("correct horse");
  guard::Guard guard({"/repository", {}, std::nullopt});
  const MonotonicTime start = context.loop->Now();
  ExchangeOptions options;
  options.unused_limit = 120s;
  options.output = output;
  played.result = co_await RunExchange(context.WithTimeout(limit), borg, borg, serve, guard, passphrase, options);
  played.took = context.loop->Now() - start;
  played.terminated = borg.terminated;
  played.used = borg.used;
  co_await borg.End();
  co_await connection.Disconnect(context);
}

Played RunPlay(const FakeBorg::Program& client, const FakeProgram& server = Answer, bool heeds = true,
               std::chrono::milliseconds limit = 24h, Writer* output = nullptr) {
  Played played;
  RunJumping([&](Context context) { return Play(context, client, server, heeds, played, limit, output); });
  return played;
}

TEST(RunExchange, CarriesHandsOverThePassphraseOnceAndCollects) {
  std::string heard;
  std::string answer;
  const Played played = RunPlay([&](Context context, FakeBorg& borg) -> Task<Exit> {
    heard = (co_await ReadAll(context, borg.stdin_, 1000)).value_or("?");
    co_await borg.to_server.Write(context, kHello);
    borg.to_server.Close();
    answer = (co_await ReadAll(context, borg.from_server, 1000)).value_or("?");
    co_await borg.stdout_.Write(context, std::string_view("{\"json\": 1}"));
    co_await borg.stderr_.Write(context, std::string_view("something odd\n"));
    co_return Exit{};
  });
  EXPECT_EQ(heard, "correct horse\n") << "and then the end of input";
  EXPECT_EQ(answer, kAnswer);
  EXPECT_EQ(played.result.output, "{\"json\": 1}");
  EXPECT_EQ(played.result.counters.to_server, kHello.size());
  EXPECT_EQ(played.result.counters.to_client, kAnswer.size());
  EXPECT_TRUE(played.result.used);
  EXPECT_EQ(played.used, 1);
  EXPECT_EQ(played.terminated, 0);
  EXPECT_TRUE(played.result.exit.has_value());
  EXPECT_TRUE(played.result.server_exit.has_value());
  EXPECT_FALSE(played.result.interrupted.has_value());
  EXPECT_LT(played.took, 30s);
}

// Takes so many bytes, and then no more.
class Taker final : public Writer {
 public:
  explicit Taker(std::size_t limit) : limit_(limit) {}
  Task<Status> Write(Context, std::span<const char> bytes) override {
    taken.append(bytes.data(), bytes.size());
    if (taken.size() > limit_) co_return Fail(Reason::kInternal, "the reader has gone");
    co_return Status{};
  }
  Task<Status> CloseWrite(Context) override { co_return Status{}; }
  std::string taken;

 private:
  std::size_t limit_;
};

// A client that prints for as long as somebody takes it, and would never end by itself.
Task<Exit> PrintForEver(Context context, FakeBorg& borg) {
  co_await borg.to_server.Write(context, kHello);
  const std::string piece(1000, 'y');
  while (context.Interrupted() == Wake::kNotified) {
    const Status printed = co_await borg.stdout_.Write(context, piece);
    if (!printed) break;
  }
  co_return Exit{};
}

TEST(RunExchange, OutputGoesWhereItIsWanted) {
  Taker taker(1000);
  const Played played = RunPlay(
      [](Context context, FakeBorg& borg) -> Task<Exit> {
        co_await borg.stdout_.Write(context, std::string_view("a tar"));
        borg.to_server.Close();
        co_return Exit{};
      },
      Answer, true, 24h, &taker);
  EXPECT_EQ(taker.taken, "a tar");
  EXPECT_EQ(played.result.output, "");
  EXPECT_FALSE(played.result.output_error.has_value());
}

TEST(RunExchange, OutputThatIsNotTakenEndsIt) {
  Taker taker(5000);
  const Played played = RunPlay(PrintForEver, Answer, true, 24h, &taker);
  ASSERT_TRUE(played.result.output_error.has_value());
  EXPECT_FALSE(played.result.interrupted.has_value());
  EXPECT_LT(played.took, 60s);
  const Result<Completion> judged = JudgeExchange(Step::kExportTar, "here", "there", played.result);
  ASSERT_FALSE(judged.has_value());
  EXPECT_EQ(judged.error().message, "the reader has gone");
}

TEST(RunExchange, AClientThatEndsWithoutConnectingIsNotWaitedFor) {
  const Played played = RunPlay([](Context context, FakeBorg& borg) -> Task<Exit> {
    co_await borg.stderr_.Write(context, std::string_view("borg: command not found\n"));
    co_return Exit{127, {}};
  });
  EXPECT_FALSE(played.result.used);
  EXPECT_FALSE(played.result.never_connected);
  EXPECT_EQ(played.result.exit.value_or(Exit{}).status, 127);
  EXPECT_EQ(played.terminated, 0);
  EXPECT_LT(played.took, 60s);
}

TEST(RunExchange, AClientThatNeverConnectsIsAskedToEnd) {
  const Played played = RunPlay([](Context context, FakeBorg&) -> Task<Exit> {
    co_await Waiter(context, nullptr);
    co_return Exit{143, {}};
  });
  EXPECT_TRUE(played.result.never_connected);
  EXPECT_EQ(played.terminated, 1);
  EXPECT_EQ(played.result.exit.value_or(Exit{}).status, 143);
  EXPECT_GE(played.took, 120s);
  EXPECT_LT(played.took, 200s);
}

// What waits for an answer until it is asked to end.
Task<Exit> Ask(Context context, FakeBorg& borg) {
  co_await borg.to_server.Write(context, kHello);
  co_await ReadAll(context, borg.from_server, 1000);
  co_return Exit{143, {}};
}

TEST(RunExchange, AServerThatNeverAnswersIsGivenUpWhateverItLogs) {
  const Played played = RunPlay(Ask, [](Context context, FakeStdio& stdio, std::string) -> Task<ExitStatus> {
    for (int i = 0; i < 1000; ++i) {
      co_await stdio.err.Write(context, std::string_view("still here\n"));
      const Wake wake = co_await Sleep(context, 1s);
      if (wake != Wake::kTimedOut) break;
    }
    co_return ExitStatus{};
  });
  EXPECT_TRUE(played.result.never_answered);
  EXPECT_FALSE(played.result.never_connected);
  EXPECT_EQ(played.terminated, 1);
  EXPECT_EQ(played.result.exit.value_or(Exit{}).status, 143);
  EXPECT_LT(played.took, 300s);
}

TEST(RunExchange, ASilenceOfBothIsGivenUp) {
  const Played played = RunPlay(Ask);
  EXPECT_TRUE(played.result.stalled);
  EXPECT_FALSE(played.result.never_answered);
  EXPECT_EQ(played.terminated, 1);
  EXPECT_GE(played.took, 2h);
  EXPECT_LT(played.took, 3h);
}

TEST(RunExchange, WhoSaysSomethingNowAndThenIsLeftToItsWork) {
  const Played played = RunPlay([](Context context, FakeBorg& borg) -> Task<Exit> {
    std::array<char, 100> answer{};
    co_await borg.to_server.Write(context, kHello);
    co_await borg.from_server.Read(context, answer);
    for (int i = 0; i < 6; ++i) {
      const Wake wake = co_await Sleep(context, 1h);
      if (wake != Wake::kTimedOut) co_return Exit{143, {}};
      co_await borg.stderr_.Write(context, std::string_view("working\n"));
    }
    co_return Exit{};
  });
  EXPECT_EQ(played.result.exit.value_or(Exit{1, {}}).status, 0);
  EXPECT_EQ(played.terminated, 0);
  EXPECT_FALSE(played.result.stalled);
}

TEST(RunExchange, OneThatDoesNotHeedIsLeft) {
  const Played played = RunPlay(
      [](Context context, FakeBorg&) -> Task<Exit> {
        co_await Waiter(context, nullptr);
        co_return Exit{};
      },
      Answer, false);
  EXPECT_TRUE(played.result.never_connected);
  EXPECT_FALSE(played.result.exit.has_value());
  EXPECT_EQ(played.terminated, 1);
  EXPECT_LT(played.took, 240s);
}

TEST(RunExchange, AServerThatDiesEndsTheClient) {
  const Played played = RunPlay(
      [](Context context, FakeBorg& borg) -> Task<Exit> {
        co_await borg.to_server.Write(context, kHello);
        const Result<std::string> answer = co_await ReadAll(context, borg.from_server, 1000);
        co_return Exit{answer ? 2 : 3, {}};
      },
      [](Context context, FakeStdio& stdio, std::string) -> Task<ExitStatus> {
        std::array<char, 10> buffer{};
        co_await stdio.in.Read(context, buffer);
        co_await stdio.err.Write(context, std::string_view("OSError: [Errno 28] No space left on device\n"));
        co_return ExitStatus{1, {}};
      });
  EXPECT_EQ(played.result.exit.value_or(Exit{}).status, 2) << "it saw the end of the server's words";
  EXPECT_EQ(played.result.server_exit.value_or(ExitStatus{}).status, 1);
  EXPECT_TRUE(played.result.server_messages.no_space);
  EXPECT_LT(played.took, 120s);
}

TEST(RunExchange, WhatTheGuardRefusesEndsIt) {
  std::string heard;
  const Played played = RunPlay(
      [](Context context, FakeBorg& borg) -> Task<Exit> {
        co_await borg.to_server.Write(context, kHello + guard::Call(2, "destroy", {}));
        const Result<std::string> answer = co_await ReadAll(context, borg.from_server, 1000);
        co_return Exit{answer ? 2 : 3, {}};
      },
      [&](Context context, FakeStdio& stdio, std::string) -> Task<ExitStatus> {
        heard = (co_await ReadAll(context, stdio.in, 1000)).value_or("?");
        co_return ExitStatus{};
      });
  EXPECT_EQ(heard, "") << "nothing goes out with what is refused";
  ASSERT_TRUE(played.result.bridge.refused);
  EXPECT_EQ(played.result.bridge.refused->reason, Reason::kTargetMisbehaved);
  EXPECT_EQ(played.result.exit.value_or(Exit{}).status, 2) << "it saw the end of the server's words";
  const Result<Completion> judged = JudgeExchange(Step::kCreate, "on T", "on B", played.result);
  ASSERT_FALSE(judged.has_value());
  EXPECT_EQ(judged.error().reason, Reason::kTargetMisbehaved);
  EXPECT_LT(played.took, 120s);
}

TEST(RunExchange, ADeadlineEndsItSoon) {
  const Played played = RunPlay(
      [](Context context, FakeBorg& borg) -> Task<Exit> {
        co_await borg.to_server.Write(context, kHello);
        co_await Waiter(context, nullptr);
        co_return Exit{};
      },
      Answer, true, 600s);
  EXPECT_TRUE(played.result.interrupted.has_value());
  if (played.result.interrupted) {
    EXPECT_EQ(played.result.interrupted->reason, Reason::kDeadlineExceeded);
  }
  EXPECT_FALSE(played.result.exit.has_value());
  EXPECT_LT(played.took, 660s);
}

TEST(RunExchange, OutputIsBounded) {
  const Played played = RunPlay([](Context context, FakeBorg& borg) -> Task<Exit> {
    const std::string piece(1 << 20, 'x');
    for (int i = 0; i < 20; ++i) co_await borg.stdout_.Write(context, piece);
    co_return Exit{};
  });
  EXPECT_EQ(played.result.output.size(), kMaxListOutput + 1) << "one more than is accepted, so that the cut is noticed";
  EXPECT_TRUE(played.result.exit.has_value());
}

}  // namespace
}  // namespace borgop
