// What everybody may rely on from a Connection, held against the one in memory and the real ones.
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <stdexcept>

#include "tests/conformance/machine.h"
#include "tests/conformance/sample_bytes.h"
#include "tests/fakes/loop_fixture.h"

namespace borgop {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kWindow = 1024 * 1024;

// All that a command came to.
struct Ran {
  Result<ExitStatus> exit = Fail(Reason::kInternal, "not run");
  std::string out, err;
};

Task<void> Collect(Context context, Reader& from, std::string& into) {
  const Result<std::string> all = co_await ReadAll(context, from, std::size_t{1} << 30U);
  into = all ? *all : "failed: " + all.error().message;
}

Task<void> Feed(Context context, Writer& to, std::string bytes, Status& status) {
  status = co_await to.Write(context, bytes);
  co_await to.CloseWrite(context);
}

Task<void> RunThrough(Context context, Connection& connection, std::string command, std::string input, Ran& ran) {
  Result<std::unique_ptr<Channel>> channel = co_await connection.Exec(context, std::move(command), kWindow);
  if (!channel) {
    ran.exit = Fail(channel.error());
    co_return;
  }
  Status fed;
  TaskGroup group(context);
  group.Spawn(Feed(group.context(), (*channel)->in(), std::move(input), fed));
  group.Spawn(Collect(group.context(), (*channel)->out(), ran.out));
  group.Spawn(Collect(group.context(), (*channel)->err(), ran.err));
  co_await group.Join();
  ran.exit = co_await (*channel)->WaitExit(context);
  const Status closed = co_await (*channel)->Close(context);
  EXPECT_TRUE(closed.has_value());
}

class Connections : public testing::TestWithParam<MachineKind> {
 protected:
  // Every test has a minute, on the real clock: what hangs fails.
  void With(const std::function<Task<void>(Context, Connection&)>& body) {
    RunReal([&](Context unlimited) -> Task<void> {
      const Context context = unlimited.WithTimeout(60s);
      Result<std::unique_ptr<Connection>> connection = co_await Reach(context, GetParam());
      EXPECT_TRUE(connection.has_value()) << connection.error().message;
      if (!connection) co_return;
      co_await body(context, **connection);
      EXPECT_EQ(context.Interrupted(), Wake::kNotified) << "it took more than a minute";
      co_await (*connection)->Disconnect(unlimited.WithTimeout(5s));
    });
  }
  static Task<std::unique_ptr<Channel>> Exec(Context context, Connection& connection, std::string command,
                                             std::uint32_t window = kWindow) {
    Result<std::unique_ptr<Channel>> channel = co_await connection.Exec(context, std::move(command), window);
    EXPECT_TRUE(channel.has_value()) << channel.error().message;
    if (!channel) throw std::runtime_error("no channel");
    co_return std::move(*channel);
  }
  // The connection still does what it is there for.
  static Task<void> ExpectUsable(Context context, Connection& connection) {
    Ran ran;
    co_await RunThrough(context, connection, commands::Cat(), "still here", ran);
    EXPECT_EQ(ran.out, "still here");
    EXPECT_TRUE(ran.exit.has_value());
  }
};

TEST_P(Connections, ExitStatusAndSignal) {
  With([](Context context, Connection& connection) -> Task<void> {
    for (const int status : {0, 3, 127}) {
      Ran ran;
      co_await RunThrough(context, connection, commands::Exit(status), "", ran);
      EXPECT_TRUE(ran.exit.has_value());
      if (!ran.exit) co_return;
      EXPECT_EQ(ran.exit->status, status);
      EXPECT_EQ(ran.exit->signal, "");
      EXPECT_EQ(ran.exit->ok(), status == 0);
    }
    Ran ran;
    co_await RunThrough(context, connection, commands::Killed(), "", ran);
    EXPECT_TRUE(ran.exit.has_value());
    if (!ran.exit) co_return;
    EXPECT_EQ(ran.exit->signal, "KILL");
    EXPECT_FALSE(ran.exit->ok());
  });
}

TEST_P(Connections, OutputAndErrorsStayApartToTheByte) {
  With([](Context context, Connection& connection) -> Task<void> {
    const std::string bytes = Bytes(1 << 20);
    Ran ran;
    co_await RunThrough(context, connection, commands::Both(), bytes, ran);
    EXPECT_TRUE(ran.out == bytes) << ran.out.size();
    EXPECT_TRUE(ran.err == bytes) << ran.err.size();
  });
}

TEST_P(Connections, AnInputThatEndsLeavesTheOutputOpen) {
  With([](Context context, Connection& connection) -> Task<void> {
    Ran ran;
    co_await RunThrough(context, connection, commands::SwallowThenSay(), Bytes(100'000), ran);
    EXPECT_EQ(ran.out, "got all");
  });
}

TEST_P(Connections, ManyBytesBothWaysAtOnce) {
  With([](Context context, Connection& connection) -> Task<void> {
    const std::string bytes = Bytes(std::size_t{64} << 20U);
    Ran ran;
    co_await RunThrough(context, connection, commands::Cat(), bytes, ran);
    EXPECT_EQ(ran.out.size(), bytes.size());
    EXPECT_TRUE(ran.out == bytes) << "the bytes differ";
  });
}

TEST_P(Connections, SeveralChannelsAtOnce) {
  With([](Context context, Connection& connection) -> Task<void> {
    std::vector<Ran> ran(6);
    TaskGroup group(context);
    for (std::uint32_t i = 0; i < ran.size(); ++i) {
      group.Spawn(RunThrough(group.context(), connection, commands::Cat(), Bytes(500'000, i + 1), ran[i]));
    }
    co_await group.Join();
    for (std::uint32_t i = 0; i < ran.size(); ++i)
      EXPECT_TRUE(ran[i].out == Bytes(500'000, i + 1)) << i << ": " << ran[i].out.size();
  });
}

TEST_P(Connections, AReaderThatDoesNotReadHoldsNobodyElseUp) {
  With([](Context context, Connection& connection) -> Task<void> {
    const std::unique_ptr<Channel> idle = co_await Exec(context, connection, commands::Emit(8 << 20), Connection::kSmallWindow);
    Ran ran;
    co_await RunThrough(context, connection, commands::Cat(), Bytes(4 << 20), ran);
    EXPECT_TRUE(ran.out == Bytes(4 << 20)) << ran.out.size();
    std::string late;
    co_await Collect(context, idle->out(), late);
    EXPECT_EQ(late.size(), std::size_t{8} << 20U) << "nothing of what waited is lost";
    co_await idle->Close(context);
  });
}

TEST_P(Connections, CloseWhileTheProgramWrites) {
  With([](Context context, Connection& connection) -> Task<void> {
    const std::unique_ptr<Channel> channel = co_await Exec(context, connection, commands::Endless());
    std::array<char, 1000> buffer{};
    const Result<std::size_t> got = co_await channel->out().Read(context, buffer);
    EXPECT_TRUE(got.has_value());
    const Status closed = co_await channel->Close(context);
    EXPECT_TRUE(closed.has_value());
    const Status again = co_await channel->Close(context);
    EXPECT_TRUE(again.has_value()) << "it is idempotent";
    co_await ExpectUsable(context, connection);
  });
}

TEST_P(Connections, WritingToAProgramThatHasEndedFails) {
  With([](Context context, Connection& connection) -> Task<void> {
    const std::unique_ptr<Channel> channel = co_await Exec(context, connection, commands::Exit(0));
    std::string out;
    co_await Collect(context, channel->out(), out);
    const Result<ExitStatus> exit = co_await channel->WaitExit(context);
    EXPECT_TRUE(exit.has_value());
    const std::string bytes(16 << 20, 'x');
    const Status written = co_await channel->in().Write(context, bytes);
    EXPECT_FALSE(written.has_value());
    if (!written) {
      EXPECT_EQ(written.error().reason, Reason::kConnectionLost) << written.error().message;
    }
    co_await channel->Close(context);
    co_await ExpectUsable(context, connection);
  });
}

TEST_P(Connections, DeadlinesEndWaitingAndNothingElse) {
  With([](Context context, Connection& connection) -> Task<void> {
    const std::unique_ptr<Channel> channel = co_await Exec(context, connection, commands::Deaf());
    std::array<char, 10> buffer{};
    const Result<std::size_t> got = co_await channel->out().Read(context.WithTimeout(200ms), buffer);
    EXPECT_FALSE(got.has_value());
    if (!got) {
      EXPECT_EQ(got.error().reason, Reason::kDeadlineExceeded) << got.error().message;
    }
    const Result<ExitStatus> exit = co_await channel->WaitExit(context.WithTimeout(200ms));
    EXPECT_FALSE(exit.has_value());
    if (!exit) {
      EXPECT_EQ(exit.error().reason, Reason::kDeadlineExceeded) << exit.error().message;
    }
    // More than any window and pipe in between takes.
    const std::string bytes(64 << 20, 'x');
    const Status written = co_await channel->in().Write(context.WithTimeout(1s), bytes);
    EXPECT_FALSE(written.has_value());
    if (!written) {
      EXPECT_EQ(written.error().reason, Reason::kDeadlineExceeded) << written.error().message;
    }
    EXPECT_FALSE(connection.failure().has_value());
    co_await ExpectUsable(context, connection);
    co_await channel->Close(context);
    co_await ExpectUsable(context, connection);
  });
}

TEST_P(Connections, AStopEndsABlockedWrite) {
  With([](Context context, Connection& connection) -> Task<void> {
    const std::unique_ptr<Channel> channel = co_await Exec(context, connection, commands::Deaf());
    StopSource stop;
    Status written;
    const std::string bytes(64 << 20, 'x');
    TaskGroup group(context);
    group.Spawn(Feed(context.WithStop(stop), channel->in(), bytes, written));
    co_await Sleep(context, 500ms);
    stop.Stop();
    co_await group.Join();
    EXPECT_FALSE(written.has_value());
    if (!written) {
      EXPECT_EQ(written.error().reason, Reason::kCancelled) << written.error().message;
    }
    co_await channel->Close(context);
    co_await ExpectUsable(context, connection);
  });
}

TEST_P(Connections, AbortWakesAllWhoWait) {
  With([](Context context, Connection& connection) -> Task<void> {
    const std::unique_ptr<Channel> reading = co_await Exec(context, connection, commands::Deaf());
    const std::unique_ptr<Channel> writing = co_await Exec(context, connection, commands::Deaf());
    const std::unique_ptr<Channel> ending = co_await Exec(context, connection, commands::Deaf());
    Result<std::size_t> read = std::size_t{0};
    Status written;
    Result<ExitStatus> exit = ExitStatus{};
    std::array<char, 10> buffer{};
    const std::string bytes(64 << 20, 'x');
    const auto read_it = [&](Context inner) -> Task<void> { read = co_await reading->out().Read(inner, buffer); };
    const auto end_it = [&](Context inner) -> Task<void> { exit = co_await ending->WaitExit(inner); };
    TaskGroup group(context);
    group.Spawn(read_it(group.context()));
    group.Spawn(Feed(group.context(), writing->in(), bytes, written));
    group.Spawn(end_it(group.context()));
    co_await Sleep(context, 300ms);
    connection.Abort({Reason::kNoProgress, "for this reason", {}});
    co_await group.Join();
    EXPECT_FALSE(read.has_value());
    EXPECT_FALSE(written.has_value());
    EXPECT_FALSE(exit.has_value());
    if (read || written || exit) co_return;
    EXPECT_EQ(read.error().message, "for this reason");
    EXPECT_EQ(written.error().message, "for this reason");
    EXPECT_EQ(exit.error().message, "for this reason");
    EXPECT_EQ(connection.failure().value_or(Error{}).message, "for this reason");
    const Result<std::unique_ptr<Channel>> after = co_await connection.Exec(context, commands::Cat(), kWindow);
    EXPECT_FALSE(after.has_value());
    if (!after) {
      EXPECT_EQ(after.error().message, "for this reason");
    }
  });
}

TEST_P(Connections, NothingRunsAfterGoodbye) {
  With([](Context context, Connection& connection) -> Task<void> {
    co_await ExpectUsable(context, connection);
    co_await connection.Disconnect(context);
    const Result<std::unique_ptr<Channel>> after = co_await connection.Exec(context, commands::Cat(), kWindow);
    EXPECT_FALSE(after.has_value());
    if (!after) {
      EXPECT_EQ(after.error().reason, Reason::kConnectionLost) << after.error().message;
    }
  });
}

TEST_P(Connections, AProgramThatClosesItsInputIsNoHang) {
  With([](Context context, Connection& connection) -> Task<void> {
    const std::unique_ptr<Channel> channel = co_await Exec(context, connection, commands::CloseInput());
    std::array<char, 100> buffer{};
    const Result<std::size_t> got = co_await channel->out().Read(context, buffer);
    EXPECT_TRUE(got.has_value());
    // sshd notices by writing, and then takes and drops what comes: it ends, one way or the other, at the deadline at the latest.
    const std::string bytes(1 << 20, 'x');
    co_await channel->in().Write(context.WithTimeout(1s), bytes);
    EXPECT_FALSE(connection.failure().has_value());
    co_await channel->Close(context);
    co_await ExpectUsable(context, connection);
  });
}

TEST_P(Connections, AHundredInARow) {
  With([](Context context, Connection& connection) -> Task<void> {
    for (int i = 0; i < 100; ++i) {
      Ran ran;
      co_await RunThrough(context, connection, commands::Cat(), std::to_string(i), ran);
      EXPECT_EQ(ran.out, std::to_string(i));
      if (ran.out != std::to_string(i)) co_return;
    }
  });
}

INSTANTIATE_TEST_SUITE_P(All, Connections, testing::Values(MachineKind::kMemory, MachineKind::kDirect, MachineKind::kJump),
                         [](const auto& kind) { return ToString(kind.param); });

}  // namespace
}  // namespace borgop
