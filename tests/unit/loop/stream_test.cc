#include "engine/loop/stream.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <csignal>

#include "engine/loop/fd_stream.h"
#include "tests/fakes/loop_fixture.h"
#include "tests/fakes/memory_pipe.h"

namespace borgop {
namespace {

using namespace std::chrono_literals;

Task<void> Feed(Context context, Writer& to, std::string bytes) {
  co_await to.Write(context, bytes);
  co_await to.CloseWrite(context);
}

TEST(ReadAll, KeepsNoMoreThanItsLimitAndReadsOn) {
  RunJumping([](Context context) -> Task<void> {
    MemoryPipe pipe(16);
    TaskGroup group(context);
    group.Spawn(Feed(context, pipe, std::string(1000, 'x')));
    const Result<std::string> got = co_await ReadAll(context, pipe, 10);
    co_await group.Join();
    EXPECT_EQ(got.value_or(""), std::string(10, 'x'));
  });
}

struct SocketPair {
  std::array<int, 2> ends{};
  SocketPair() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0); }
};

TEST(FdStream, CarriesMoreThanTheKernelHolds) {
  RunReal([](Context context) -> Task<void> {
    const SocketPair pair;
    FdStream left(*context.loop, UniqueFd(pair.ends[0]), "left");
    FdStream right(*context.loop, UniqueFd(pair.ends[1]), "right");
    const std::string sent(3'000'000, 'y');
    TaskGroup group(context);
    group.Spawn(Feed(context, left, sent));
    const Result<std::string> got = co_await ReadAll(context, right, sent.size() + 1);
    co_await group.Join();
    EXPECT_EQ(got.value_or("").size(), sent.size());
  });
}

Task<void> StopSoon(Context context, StopSource& stop) {
  co_await Sleep(context, 20ms);
  stop.Stop();
}

TEST(FdStream, OneThatNeverRunsDryLeavesTheOthersTheirTurn) {
  RunReal([](Context context) -> Task<void> {
    FdStream zeros(*context.loop, UniqueFd(open("/dev/zero", O_RDONLY | O_CLOEXEC)), "zeros");
    StopSource stop;
    TaskGroup group(context);
    group.Spawn(StopSoon(context, stop));
    std::vector<char> buffer(std::size_t{64} * 1024);
    Result<std::size_t> got = std::size_t{0};
    for (int i = 0; i < 200'000 && got; ++i) got = co_await zeros.Read(context.WithStop(stop), buffer);
    EXPECT_EQ(got ? Reason::kInternal : got.error().reason, Reason::kCancelled) << "it was not stopped";
    co_await group.Join();
  });
}

TEST(FdStream, AHalfClosedSocketStillAnswers) {
  RunReal([](Context context) -> Task<void> {
    const SocketPair pair;
    FdStream left(*context.loop, UniqueFd(pair.ends[0]), "left");
    FdStream right(*context.loop, UniqueFd(pair.ends[1]), "right");
    co_await left.CloseWrite(context);
    const Result<std::string> end = co_await ReadAll(context, right, 10);
    EXPECT_EQ(end.value_or("?"), "");
    co_await Feed(context, right, "answer");
    const Result<std::string> answer = co_await ReadAll(context, left, 10);
    EXPECT_EQ(answer.value_or("?"), "answer");
  });
}

TEST(FdStream, WritingToAClosedPeerIsAnErrorNotASignal) {
  ASSERT_NE(std::signal(SIGPIPE, SIG_IGN), SIG_ERR);
  RunReal([](Context context) -> Task<void> {
    const SocketPair pair;
    FdStream left(*context.loop, UniqueFd(pair.ends[0]), "left");
    close(pair.ends[1]);
    const Status written = co_await left.Write(context, std::string_view("x"));
    EXPECT_FALSE(written.has_value());
    if (!written) {
      EXPECT_EQ(written.error().reason, Reason::kConnectionLost);
    }
  });
}

TEST(FdStream, AReadEndsWithItsContext) {
  RunReal([](Context context) -> Task<void> {
    const SocketPair pair;
    FdStream left(*context.loop, UniqueFd(pair.ends[0]), "left");
    FdStream right(*context.loop, UniqueFd(pair.ends[1]), "right");
    std::array<char, 4> buffer{};
    const Result<std::size_t> got = co_await left.Read(context.WithTimeout(20ms), buffer);
    EXPECT_FALSE(got.has_value());
    if (!got) {
      EXPECT_EQ(got.error().reason, Reason::kDeadlineExceeded);
    }
  });
}

}  // namespace
}  // namespace borgop
