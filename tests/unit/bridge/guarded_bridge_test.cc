// The bridge with a guard: what passes, what waits, and what ends it.
#include <gtest/gtest.h>

#include "engine/bridge/bridge.h"
#include "tests/fakes/loop_fixture.h"
#include "tests/fakes/memory_pipe.h"
#include "tests/unit/guard/spoken.h"

namespace borgop {
namespace {

using namespace std::chrono_literals;
using namespace guard;  // NOLINT(google-build-using-namespace)

struct Session {
  MemoryPipe client_out{1000}, client_in{1000}, server_in{1000}, server_out{1000};
  Guard guard{{kPath, {}, std::nullopt}};
  BridgeCounters counters;
  WaitQueue first_byte;
  BridgeResult result;
  std::string seen_by_server, seen_by_client;
  bool ended = false;
  TaskGroup* group_ = nullptr;
  ManifestReview review;

  Task<void> Run(Context context) {
    result = co_await RunBridge(context, {client_out, client_in}, {server_out, server_in}, &guard, counters, first_byte, review);
    ended = true;
  }
  static Task<void> Collect(Context context, Reader& from, std::string& into) {
    std::array<char, 700> buffer{};
    while (true) {
      const Result<std::size_t> got = co_await from.Read(context, buffer);
      if (!got || *got == 0) co_return;
      into.append(buffer.data(), *got);
    }
  }
  // Whoever says more than the bridge takes waits on the side.
  void Say(MemoryPipe& pipe, std::string bytes) const { group_->Spawn(Feed(group_->context(), pipe, std::move(bytes))); }
  static Task<void> Feed(Context context, MemoryPipe& pipe, std::string bytes) { co_await pipe.Write(context, bytes); }
  void Start(TaskGroup& group) {
    group_ = &group;
    group.Spawn(Run(group.context()));
    group.Spawn(Collect(group.context(), server_in, seen_by_server));
    group.Spawn(Collect(group.context(), client_in, seen_by_client));
  }
};

const std::string kOpened = OldCall(1, "negotiate", {Version()}) + Call(2, "open", OpenArguments());
const std::string kAnswered = OldReply(1, None(), Version()) + Reply(2, Id('R'));
// What the guard asks first.
const std::string kQuestion = EncodeList(Monitor::kOwnRequests, HeldObjects::kPage, nullptr);

// GCC 12 takes no braced lists in a coroutine.
std::string Put(std::uint64_t id, char object, std::size_t size) {
  return Call(id, "put", {{"id", Id(object)}, {"data", std::string(size, 'd')}});
}
std::string Commit(std::uint64_t id) { return Call(id, "commit", CommitArguments()); }
std::string Delete(std::uint64_t id, char object) { return Call(id, "delete", {{"id", Id(object)}}); }
std::string ListsNone(std::uint64_t question) { return ReplyIds(Monitor::kOwnRequests + question, {}); }
std::string Lists(std::uint64_t question, char object) { return ReplyIds(Monitor::kOwnRequests + question, {Id(object)}); }
Guard GuardOf(char repository) { return Guard({kPath, {Object(repository), std::nullopt, std::nullopt}, std::nullopt}); }

void Play(const std::function<Task<void>(Context, Session&)>& script) {
  RunJumping([&](Context context) -> Task<void> {
    Session session;
    TaskGroup group(context);
    session.Start(group);
    co_await script(group.context(), session);
    session.client_out.Close();
    session.server_out.Close();
    co_await Sleep(group.context(), 1s);
    session.server_in.Close();  // for the collectors
    session.client_in.Close();
    co_await group.Join();
  });
}

TEST(GuardedBridge, APutWaitsUntilBHasListedWhatItHolds) {
  Play([](Context context, Session& session) -> Task<void> {
    const std::string put = Put(3, 'x', 9000);
    const std::string rest = Put(4, 'y', 1) + Commit(5);
    session.Say(session.client_out, kOpened + put + rest);
    co_await Sleep(context, 60s);
    EXPECT_EQ(session.seen_by_server, kOpened + kQuestion);
    co_await session.server_out.Write(context, kAnswered + Lists(0, 'a'));
    co_await Sleep(context, 1s);
    co_await session.server_out.Write(context, Reply(3, None()));
    co_await Sleep(context, 60s);
    EXPECT_EQ(session.seen_by_server, kOpened + kQuestion + put + rest);
    EXPECT_EQ(session.seen_by_client, kAnswered + Reply(3, None())) << "the answer to the question is not T's";
    EXPECT_FALSE(session.result.refused);
    EXPECT_FALSE(session.ended);
  });
}

TEST(GuardedBridge, AskedInPagesAndInSmallPieces) {
  Play([](Context context, Session& session) -> Task<void> {
    const std::string put = Put(3, 'x', 3000);
    for (const char byte : kOpened + put) session.Say(session.client_out, std::string(1, byte));
    std::vector<std::string> page(HeldObjects::kPage, Id('b'));
    page.back() = Id('c');
    const std::string answers = kAnswered + ReplyIds(Monitor::kOwnRequests, page);
    session.Say(session.server_out, answers);
    co_await Sleep(context, 60s);
    const std::string asked = kOpened + kQuestion;
    const ObjectId marker = Object('c');
    EXPECT_EQ(session.seen_by_server, asked + EncodeList(Monitor::kOwnRequests + 1, HeldObjects::kPage, &marker));
    const std::string before = session.seen_by_server;
    for (const char byte : ListsNone(1)) co_await session.server_out.Write(context, std::string(1, byte));
    co_await Sleep(context, 60s);
    EXPECT_EQ(session.seen_by_server, before + put);
    EXPECT_EQ(session.seen_by_client, kAnswered);
  });
}

TEST(GuardedBridge, ARefusalEndsBothAndNothingOfItPasses) {
  Play([](Context context, Session& session) -> Task<void> {
    co_await session.client_out.Write(context, kOpened);
    co_await session.server_out.Write(context, kAnswered);
    co_await Sleep(context, 1s);
    co_await session.client_out.Write(context, Delete(3, 'x') + Commit(4));
    co_await Sleep(context, 60s);
    EXPECT_TRUE(session.ended);
    EXPECT_EQ(session.seen_by_server, kOpened);
    EXPECT_TRUE(session.server_in.closed());
    EXPECT_TRUE(session.client_in.closed());
    EXPECT_TRUE(session.result.refused);
    if (session.result.refused) {
      EXPECT_EQ(session.result.refused->reason, Reason::kTargetMisbehaved);
    }
    EXPECT_FALSE(session.result.client_error || session.result.server_error);
  });
}

Guard Reviewing() {
  Expectation expectation{kPath, {}, std::nullopt};
  expectation.reviews_manifests = true;
  return Guard(std::move(expectation));
}
std::string PutManifest(std::uint64_t id) { return Call(id, "put", {{"id", ManifestId()}, {"data", std::string(9000, 'm')}}); }

TEST(GuardedBridge, AManifestIsReadWhileTWaitsAndOnceBHasDoneAllBeforeIt) {
  Play([](Context context, Session& session) -> Task<void> {
    session.guard = Reviewing();
    std::string read;
    session.review = [&read](Context inner, std::string manifest) -> Task<Result<bool>> {
      read = std::move(manifest);
      co_await Sleep(inner, 10s);
      co_return true;
    };
    const std::string commit = Commit(3), put = PutManifest(4), rest = Commit(5);
    session.Say(session.client_out, kOpened + commit + put + rest);
    co_await session.server_out.Write(context, kAnswered);
    co_await Sleep(context, 60s);
    EXPECT_EQ(read, "") << "B has not answered the commit";
    EXPECT_EQ(session.seen_by_server, kOpened + commit);
    co_await session.server_out.Write(context, Reply(3, None()));
    co_await Sleep(context, 5s);
    EXPECT_EQ(read, std::string(9000, 'm'));
    EXPECT_EQ(session.seen_by_server, kOpened + commit) << "it is still being read";
    co_await Sleep(context, 60s);
    EXPECT_EQ(session.seen_by_server, kOpened + commit + put + rest);
    EXPECT_FALSE(session.result.refused);
  });
}

TEST(GuardedBridge, AManifestThatMayNotPassEndsTheSession) {
  for (const bool readable : {true, false}) {
    Play([readable](Context context, Session& session) -> Task<void> {
      session.guard = Reviewing();
      session.review = [readable](Context, std::string) -> Task<Result<bool>> {
        if (readable) co_return false;
        co_return Fail(Reason::kConnectionLost, "B is gone");
      };
      session.Say(session.client_out, kOpened + PutManifest(3) + Commit(4));
      co_await session.server_out.Write(context, kAnswered);
      co_await Sleep(context, 60s);
      EXPECT_TRUE(session.ended);
      EXPECT_EQ(session.seen_by_server, kOpened);
      EXPECT_TRUE(session.result.refused);
      if (session.result.refused) {
        EXPECT_EQ(session.result.refused->reason, readable ? Reason::kTargetMisbehaved : Reason::kConnectionLost);
      }
    });
  }
}

TEST(GuardedBridge, AManifestIsNotReadOnceBIsGone) {
  Play([](Context context, Session& session) -> Task<void> {
    session.guard = Reviewing();
    bool read = false;
    session.review = [&read](Context, std::string) -> Task<Result<bool>> {
      read = true;
      co_return true;
    };
    session.Say(session.client_out, kOpened + Commit(3) + PutManifest(4));
    co_await session.server_out.Write(context, kAnswered);
    co_await Sleep(context, 1s);
    session.server_out.Close();
    co_await Sleep(context, 60s);
    EXPECT_TRUE(session.ended);
    EXPECT_FALSE(read);
  });
}

TEST(GuardedBridge, AnObjectThatBHoldsIsNotReplaced) {
  Play([](Context context, Session& session) -> Task<void> {
    session.Say(session.client_out, kOpened + Put(3, 'x', 9000));
    co_await session.server_out.Write(context, kAnswered + Lists(0, 'x'));
    co_await Sleep(context, 60s);
    EXPECT_TRUE(session.ended);
    EXPECT_EQ(session.seen_by_server, kOpened + kQuestion);
    EXPECT_TRUE(session.result.refused);
  });
}

TEST(GuardedBridge, AnotherRepositoryIsNotShownToT) {
  Play([](Context context, Session& session) -> Task<void> {
    session.guard = GuardOf('S');
    co_await session.client_out.Write(context, kOpened);
    co_await session.server_out.Write(context, kAnswered);
    co_await Sleep(context, 60s);
    EXPECT_TRUE(session.ended);
    EXPECT_EQ(session.seen_by_client, "") << "what came with it does not pass either";
    EXPECT_TRUE(session.result.refused);
    if (session.result.refused) {
      EXPECT_EQ(session.result.refused->reason, Reason::kRepositoryTampered);
    }
  });
}

// T's put waits for an answer that will not come.
TEST(GuardedBridge, ABThatEndsInsteadOfAnsweringEndsIt) {
  Play([](Context context, Session& session) -> Task<void> {
    session.Say(session.client_out, kOpened + Put(3, 'x', 1));
    co_await session.server_out.Write(context, kAnswered);
    co_await Sleep(context, 60s);
    session.server_out.Close();
    co_await Sleep(context, 60s);
    EXPECT_TRUE(session.ended);
    EXPECT_EQ(session.seen_by_server, kOpened + kQuestion);
    EXPECT_EQ(session.seen_by_client, kAnswered);
    EXPECT_FALSE(session.result.refused);
  });
}

TEST(GuardedBridge, LastWordsAreNobodysFault) {
  for (const bool ended : {true, false}) {
    Play([ended](Context context, Session& session) -> Task<void> {
      co_await session.client_out.Write(context, kOpened);
      co_await session.server_out.Write(context, OldReply(1, None(), Version()));
      co_await Sleep(context, 1s);
      if (ended) session.client_out.Close();
      co_await Sleep(context, 1s);
      co_await session.server_out.Write(context, std::string("Borg 1.2.4: Got connection close before repository was opened.\n"));
      session.server_out.Close();
      co_await Sleep(context, 1s);
      EXPECT_EQ(session.seen_by_client, OldReply(1, None(), Version()));
      EXPECT_EQ(session.result.refused.has_value(), !ended);
    });
  }
}

TEST(GuardedBridge, AStopEndsTheWait) {
  RunJumping([](Context context) -> Task<void> {
    Session session;
    StopSource stop(context.stop);
    TaskGroup group(context.WithStop(stop));
    session.Start(group);
    session.Say(session.client_out, kOpened + Put(3, 'x', 1));
    co_await session.server_out.Write(context, kAnswered);
    co_await Sleep(context, 60s);
    EXPECT_FALSE(session.ended);
    stop.Stop();
    co_await group.Join();
    EXPECT_TRUE(session.ended);
    EXPECT_EQ(session.seen_by_server, kOpened + kQuestion);
  });
}

// Megabytes are not kept: a B that does not read holds T up.
TEST(GuardedBridge, BulkDataIsNotKept) {
  Play([](Context context, Session& session) -> Task<void> {
    std::string puts;
    for (std::uint64_t i = 3; i < 20; ++i) puts += Put(i, static_cast<char>('a' + i), 300'000);
    co_await session.client_out.Write(context, kOpened);
    co_await Sleep(context, 1s);
    session.Say(session.client_out, puts);
    co_await Sleep(context, 1s);
    co_await session.server_out.Write(context, kAnswered + ListsNone(0));
    co_await Sleep(context, 60s);
    EXPECT_EQ(session.seen_by_server.size(), kOpened.size() + kQuestion.size() + puts.size());
    EXPECT_TRUE(session.seen_by_server.ends_with(puts.substr(100)));
    EXPECT_FALSE(session.result.refused);
  });
}

}  // namespace
}  // namespace borgop
