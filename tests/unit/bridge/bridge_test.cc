#include "engine/bridge/bridge.h"

#include <gtest/gtest.h>

#include "tests/fakes/loop_fixture.h"
#include "tests/fakes/memory_pipe.h"

namespace borgop {
namespace {

using namespace std::chrono_literals;

// Two machines joined by a bridge; the test plays both.
struct Machines {
  MemoryPipe client_out{1000}, client_in{1000}, server_in{1000}, server_out{1000};
  BridgeCounters counters;
  WaitQueue first_byte;
  guard::Guard* guard = nullptr;
  BridgeResult result;
  bool ended = false;
  BridgeEnd client() { return {client_out, client_in}; }
  BridgeEnd server() { return {server_out, server_in}; }
  Task<void> Run(Context context) {
    result = co_await RunBridge(context, client(), server(), guard, counters, first_byte);
    ended = true;
  }
};

Task<void> Feed(Context context, MemoryPipe& to, std::string bytes) {
  co_await to.Write(context, bytes);
  to.Close();
}

TEST(Bridge, CarriesBothWaysAndCounts) {
  RunJumping([](Context context) -> Task<void> {
    Machines machines;
    TaskGroup group(context);
    std::string seen_by_server;
    std::string seen_by_client;
    const auto collect = [](Context inner, Reader& from, std::string& into) -> Task<void> {
      into = (co_await ReadAll(inner, from, 1 << 20)).value_or("?");
    };
    group.Spawn(machines.Run(context));
    group.Spawn(Feed(context, machines.client_out, std::string(100'000, 'c')));
    group.Spawn(Feed(context, machines.server_out, std::string(70'000, 's')));
    group.Spawn(collect(context, machines.server_in, seen_by_server));
    group.Spawn(collect(context, machines.client_in, seen_by_client));
    co_await group.Join();
    EXPECT_EQ(seen_by_server, std::string(100'000, 'c'));
    EXPECT_EQ(seen_by_client, std::string(70'000, 's'));
    EXPECT_EQ(machines.counters.to_server, 100'000U);
    EXPECT_EQ(machines.counters.to_client, 70'000U);
    EXPECT_FALSE(machines.result.client_error.has_value());
    EXPECT_FALSE(machines.result.server_error.has_value());
  });
}

TEST(Bridge, AReaderThatDoesNotReadStopsTheWriter) {
  RunJumping([](Context context) -> Task<void> {
    Machines machines;
    TaskGroup group(context);
    StopSource stop;
    group.Spawn(machines.Run(context.WithStop(stop)));
    bool fed = false;
    const auto feed = [&](Context inner) -> Task<void> {
      fed = (co_await machines.client_out.Write(inner, std::string(10'000'000, 'x'))).has_value();
    };
    group.Spawn(feed(context.WithStop(stop)));
    co_await Sleep(context, 3600s);
    EXPECT_FALSE(fed);
    EXPECT_LE(machines.counters.to_server, 256U * 1024U) << "taken from the client although the server reads nothing";
    stop.Stop();
    co_await group.Join();
  });
}

TEST(Bridge, TheClientsEndIsPassedOnAndTheServerMayStillAnswer) {
  RunJumping([](Context context) -> Task<void> {
    Machines machines;
    TaskGroup group(context);
    group.Spawn(machines.Run(context));
    machines.client_out.Close();
    const Result<std::string> end = co_await ReadAll(context, machines.server_in, 10);
    EXPECT_EQ(end.value_or("?"), "");
    EXPECT_FALSE(machines.ended);
    group.Spawn(Feed(context, machines.server_out, "last words"));
    const Result<std::string> last = co_await ReadAll(context, machines.client_in, 100);
    EXPECT_EQ(last.value_or("?"), "last words");
    co_await group.Join();
    EXPECT_TRUE(machines.ended);
  });
}

TEST(Bridge, TellsWhichSideBroke) {
  RunJumping([](Context context) -> Task<void> {
    Machines machines;
    TaskGroup group(context);
    group.Spawn(machines.Run(context));
    co_await Sleep(context, 1s);
    machines.server_out.Break({Reason::kNoProgress, "B is silent", {}});
    co_await group.Join();
    EXPECT_TRUE(machines.result.server_error.has_value());
    EXPECT_FALSE(machines.result.client_error.has_value());
    EXPECT_TRUE(machines.client_in.closed()) << "the client must see an end";
    EXPECT_TRUE(machines.server_in.closed());
  });
}

TEST(Bridge, SaysWhenTheClientSpeaksFirst) {
  RunJumping([](Context context) -> Task<void> {
    Machines machines;
    TaskGroup group(context);
    group.Spawn(machines.Run(context));
    group.Spawn(Feed(context, machines.server_out, "hello"));
    EXPECT_EQ(co_await machines.first_byte.Wait(context.WithTimeout(60s)), Wake::kTimedOut) << "the server's bytes do not count";
    group.Spawn(Feed(context, machines.client_out, "x"));
    EXPECT_EQ(co_await machines.first_byte.Wait(context.WithTimeout(60s)), Wake::kNotified);
    co_await group.Join();
  });
}

TEST(Bridge, StopEndsItAndClosesBothSides) {
  RunJumping([](Context context) -> Task<void> {
    Machines machines;
    StopSource stop;
    TaskGroup group(context);
    group.Spawn(machines.Run(context.WithStop(stop)));
    co_await Sleep(context, 1s);
    stop.Stop();
    co_await group.Join();
    EXPECT_TRUE(machines.client_in.closed());
    EXPECT_TRUE(machines.server_in.closed());
    EXPECT_FALSE(machines.result.client_error.has_value());
    EXPECT_FALSE(machines.result.server_error.has_value());
  });
}

}  // namespace
}  // namespace borgop
