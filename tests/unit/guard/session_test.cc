// Which bytes pass when: splits, bulk data, questions, and nothing after a refusal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "session.h"
#include "unnamed_files.h"

namespace borgop::guard {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string Honest() {
  return OldCall(1, "negotiate", {Version()}) + Call(2, "open", OpenArguments()) + Call(3, "get", {{"id", ManifestId()}}) +
         Call(4, "put", {{"id", Id('x')}, {"data", std::string(9000, 'd')}}) +
         Call(5, "put", {{"id", Id('y')}, {"data", "small"}}) +
         Call(6, "put", {{"data", std::string(9000, 'd')}, {"id", Id('z')}}) + Call(7, "commit", CommitArguments()) +
         Call(8, "delete", {{"id", Id('y')}}) + Call(9, "put", {{"id", ManifestId()}, {"data", "m"}});
}

TEST(GuardSessionTest, SplitsMeanNothing) {
  const std::string honest = Honest();
  for (std::size_t piece = 1; piece <= 300; ++piece) {
    PlayedBridge bridge(Expected());
    bridge.list = [&](std::uint64_t id) {
      bridge.Server(OldReply(1, None(), Version()) + Reply(2, Id('R')) + Reply(3, "manifest"));
      return ReplyIds(id, {});
    };
    bridge.Client(honest, piece);
    ASSERT_EQ(bridge.to_server, honest) << piece;
    EXPECT_THAT(bridge.asked, ElementsAre(Object('x'), Object('y'), Object('z')));
    EXPECT_EQ(bridge.kept_client, "");
  }
}

TEST(GuardSessionTest, NothingOfARefusedMessagePassesHoweverItIsSplit) {
  const std::string before = OldCall(1, "negotiate", {Version()}) + Call(2, "open", OpenArguments());
  for (const std::string& refused : {Call(3, "destroy", {}), Call(3, "delete", {{"id", Id('x')}}),
                                     Call(3, "put", {{"id", "short"}, {"data", std::string(9000, 'd')}}),
                                     Call(3, "put", {{"data", std::string(9000, 'd')}, {"id", "short"}}),
                                     Call(3, "destroy", {{"data", std::string(9000, 'd')}})}) {
    for (std::size_t piece = 1; piece <= 100; ++piece) {
      PlayedBridge bridge(Expected());
      bridge.Client(before + refused + Call(4, "commit", CommitArguments()), piece);
      ASSERT_EQ(bridge.to_server, before) << piece;
      ASSERT_EQ(bridge.guard.refusals().kinds().size(), 2U);
      EXPECT_EQ(bridge.guard.refusals().kinds()[1].method, "commit");
      EXPECT_EQ(bridge.guard.refusals().kinds()[1].reason, "it came after what was refused");
    }
  }
}

TEST(GuardSessionTest, OnlyWholeMessagesPassButForBulkData) {
  const std::string message = Call(3, "put", {{"id", Id('x')}, {"data", std::string(100000, 'd')}});
  const std::size_t head = message.size() - 100000;
  PlayedBridge bridge(Expected());
  Open(bridge);
  bridge.Client(message.substr(0, head - 1));
  EXPECT_EQ(bridge.to_server.size(), 0U);
  bridge.Client(message.substr(head - 1, 1));
  EXPECT_EQ(bridge.to_server.size(), head);
  bridge.Client(message.substr(head, 500), 100);
  EXPECT_EQ(bridge.to_server.size(), head + 500);
  EXPECT_LT(bridge.most_kept, 200U);
  bridge.Client(message.substr(head + 500));
  EXPECT_EQ(bridge.to_server, message);
}

// The head of a message whose last value is long is all that decides: a second "m" cannot follow it.
TEST(GuardSessionTest, BulkDataThatIsNotLastIsKeptUntilTheRequestIsKnown) {
  const std::string message = Call(3, "put", {{"data", std::string(100000, 'd')}, {"id", Id('x')}});
  PlayedBridge bridge(Expected());
  Open(bridge);
  bridge.Client(message.substr(0, message.size() - 1), 1000);
  EXPECT_EQ(bridge.to_server, "");
  bridge.Client(message.substr(message.size() - 1));
  EXPECT_EQ(bridge.to_server, message);
}

TEST(GuardSessionTest, AHeldObjectIsNotOverwritten) {
  const std::string first = Call(3, "put", {{"id", Id('x')}, {"data", std::string(20000, 'd')}});
  const std::string second = Call(4, "put", {{"id", Id('y')}, {"data", std::string(20000, 'd')}});
  PlayedBridge bridge(Expected());
  Open(bridge);
  bridge.held = {Object('a'), Object('y'), Object('z')};
  bridge.Client(first + second + Call(5, "commit", CommitArguments()), 1000);
  EXPECT_EQ(bridge.to_server, first);
  EXPECT_THAT(bridge.asked, ElementsAre(Object('x'), Object('y')));
  ASSERT_EQ(bridge.guard.refusals().kinds().size(), 2U);
  EXPECT_EQ(bridge.guard.refusals().kinds()[0].reason, "it overwrites an object of the repository");
  EXPECT_THAT(bridge.guard.Accusation()->message, HasSubstr(Hex(Object('y'))));
}

TEST(GuardSessionTest, OwnObjectsAreNotAskedForAgainUntilDeleted) {
  PlayedBridge bridge(Expected());
  Open(bridge);
  const auto put = [&](std::uint64_t id) { bridge.Client(Call(id, "put", {{"id", Id('x')}, {"data", "1"}})); };
  put(3);
  put(4);
  EXPECT_EQ(bridge.asked.size(), 1U);
  bridge.Client(Call(5, "delete", {{"id", Id('x')}}));
  put(6);
  EXPECT_EQ(bridge.asked.size(), 2U);
  EXPECT_TRUE(bridge.guard.refusals().empty());
}

TEST(GuardSessionTest, BytesThatComeBeforeAQuestionIsAnsweredAreRefused) {
  PlayedBridge bridge(Expected());
  Open(bridge);
  Result<Guard::Step> step = bridge.guard.FromClient(Call(3, "put", {{"id", Id('x')}, {"data", std::string(20000, 'd')}}));
  ASSERT_TRUE(step.has_value());
  EXPECT_EQ(step->verdict, Guard::Verdict::kAsk);
  EXPECT_EQ(bridge.guard.Decide(), Guard::Verdict::kAsk);
  step = bridge.guard.FromClient("x");
  ASSERT_TRUE(step.has_value());
  EXPECT_EQ(step->verdict, Guard::Verdict::kRefuse);
  EXPECT_EQ(bridge.guard.Decide(), Guard::Verdict::kRefuse);
}

TEST(GuardSessionTest, TheGuardsQuestionIsAnsweredToItAlone) {
  PlayedBridge bridge(Expected());
  Open(bridge);
  const std::string before = Reply(3, std::string(40000, 'a')), after = Reply(4, None());
  bridge.Client(Call(3, "get", {{"id", Id('a')}}));
  bridge.list = [&](std::uint64_t id) {
    // What T asked before is answered first.
    bridge.Server(before, 1000);
    EXPECT_EQ(bridge.to_client, before);
    return ReplyIds(id, {Id('a')});
  };
  bridge.Client(Call(4, "put", {{"id", Id('x')}, {"data", "1"}}));
  bridge.Server(after);
  EXPECT_EQ(bridge.to_client, before + after);
  EXPECT_EQ(bridge.questions.size(), 1U);
  EXPECT_FALSE(bridge.error);
  EXPECT_EQ(bridge.guard.held().size(), 1U);
}

// What B lists goes on after the last id of each full page, and is asked for once.
TEST(GuardSessionTest, BListsInPages) {
  PlayedBridge bridge(Expected());
  Open(bridge);
  for (std::uint32_t i = 1; i <= 2 * HeldObjects::kPage; ++i) {
    ObjectId id{};
    for (unsigned byte = 0; byte < 4; ++byte) id.at(byte) = static_cast<char>(i >> (24 - 8 * byte));
    bridge.held.insert(id);
  }
  const std::string one = Call(3, "put", {{"id", Id('x')}, {"data", "1"}}), two = Call(4, "put", {{"id", Id('y')}, {"data", "1"}});
  bridge.Client(one + two);
  EXPECT_EQ(bridge.to_server, one + two);
  ASSERT_EQ(bridge.questions.size(), 3U);  // two full ones and an empty one
  const Result<Request> first = DecodeRequest(bridge.questions[0]), second = DecodeRequest(bridge.questions[1]);
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_EQ(first->method, "list");
  EXPECT_EQ(first->Find("limit")->number, HeldObjects::kPage);
  EXPECT_EQ(first->Find("marker"), nullptr);
  EXPECT_EQ(ObjectIdOf(second->Find("marker")->bytes), *std::next(bridge.held.begin(), HeldObjects::kPage - 1));
  EXPECT_EQ(bridge.guard.held().size(), 2 * HeldObjects::kPage);
  // The last one listed is known too.
  const ObjectId last = *bridge.held.rbegin();
  bridge.Client(Call(5, "put", {{"id", std::string(last.data(), last.size())}, {"data", "1"}}));
  EXPECT_FALSE(bridge.guard.refusals().empty());
}

// More than are kept in memory.
TEST(GuardSessionTest, WhatIsHeldMayBeInAFile) {
  PlayedBridge bridge(Expected(), HeldObjects(10));
  Open(bridge);
  for (int byte = 0; byte < 100; ++byte) bridge.held.insert(Object(static_cast<char>(byte)));
  const std::string put = Call(3, "put", {{"id", Id('x')}, {"data", "1"}});
  bridge.held.erase(Object('x'));
  bridge.Client(put);
  EXPECT_EQ(bridge.to_server, put);
  EXPECT_TRUE(bridge.guard.refusals().empty());
  bridge.Client(Call(4, "put", {{"id", Id('a')}, {"data", "1"}}));
  EXPECT_EQ(bridge.to_server, put);
  EXPECT_FALSE(bridge.guard.refusals().empty());
}

TEST(GuardSessionTest, WithoutRoomForWhatIsHeldNothingPasses) {
  const char* was = std::getenv("TMPDIR");
  const std::string before = was == nullptr ? "" : was;
  setenv("TMPDIR", "/no/such/directory", 1);
  PlayedBridge bridge(Expected(), HeldObjects(10));
  Open(bridge);
  for (int byte = 0; byte < 100; ++byte) bridge.held.insert(Object(static_cast<char>(byte)));
  bridge.Client(Call(3, "put", {{"id", Id('x')}, {"data", "1"}}));
  was == nullptr ? unsetenv("TMPDIR") : setenv("TMPDIR", before.c_str(), 1);
  EXPECT_EQ(bridge.to_server, "");
  ASSERT_TRUE(bridge.error);
  EXPECT_EQ(
      bridge.error->message,
      "cannot make a temporary file in /no/such/directory for the list of what the repository holds: No such file or directory");
  EXPECT_FALSE(bridge.guard.Accusation());
  EXPECT_FALSE(bridge.guard.FromClient("x").has_value());
}

// Nobody knows any more what B holds.
TEST(GuardSessionTest, WhereTheFileCannotBeReadNothingPasses) {
  PlayedBridge bridge(Expected(), HeldObjects(10));
  Open(bridge);
  for (int byte = 0; byte < 100; ++byte) bridge.held.insert(Object(static_cast<char>(byte)));
  bridge.held.erase(Object('x'));
  bridge.held.erase(Object('y'));
  const std::string put = Call(3, "put", {{"id", Id('x')}, {"data", "1"}});
  bridge.Client(put);
  ASSERT_EQ(bridge.to_server, put);
  const std::vector<int> files = UnnamedFiles();
  ASSERT_EQ(files.size(), 1U);
  ASSERT_EQ(ftruncate(files[0], 0), 0);
  bridge.Client(Call(4, "put", {{"id", Id('y')}, {"data", "1"}}));
  EXPECT_EQ(bridge.to_server, put);
  EXPECT_FALSE(bridge.guard.Accusation());
  EXPECT_NE(bridge.guard.WhyRefused().message.find("cannot read a temporary file in "), std::string::npos);
  EXPECT_FALSE(bridge.guard.FromClient("x").has_value());
}

TEST(GuardSessionTest, WhatIsNoListEndsTheSession) {
  struct Row {
    const char* name;
    std::function<std::string(std::uint64_t)> list;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"Nothing", [](std::uint64_t id) { return Reply(id, None()); }},
           {"ABlob", [](std::uint64_t id) { return Reply(id, std::string(100000, 'x')); }},
           {"AnException", [](std::uint64_t id) { return ReplyException(id, "AttributeError"); }},
           {"AShortId",
            [](std::uint64_t id) {
              return ReplyIds(id, {Id('a'), std::string(31, 'b')});
            }},
           {"ALongId", [](std::uint64_t id) { return ReplyIds(id, {std::string(10000, 'b')}); }},
           {"MoreThanAsked",
            [](std::uint64_t id) { return ReplyIds(id, std::vector<std::string>(HeldObjects::kPage + 1, Id('a'))); }},
           {"OfAnotherQuestion", [](std::uint64_t id) { return ReplyIds(id + 1, {}); }},
           {"InTheOldForm", [](std::uint64_t id) { return OldReply(id, None(), None()); }}}) {
    SCOPED_TRACE(row.name);
    PlayedBridge bridge(Expected());
    Open(bridge);
    bridge.list = row.list;
    bridge.Client(Call(3, "put", {{"id", Id('x')}, {"data", "1"}}));
    EXPECT_EQ(bridge.to_server, "");
    EXPECT_EQ(bridge.to_client, "");
    ASSERT_TRUE(bridge.error);
    EXPECT_EQ(bridge.error->reason, Reason::kBorgOutputInvalid);
    EXPECT_FALSE(bridge.guard.Accusation());
  }
}

// C's own borg may do anything; B has to be the same for it.
TEST(GuardSessionTest, TheTrustedClientIsNotRefused) {
  const auto open = [](PlayedBridge& bridge) {
    bridge.Client(OldCall(1, "negotiate", {Version()}) + Call(2, "open", With(OpenArguments(), "create", true)));
    bridge.Server(OldReply(1, None(), Version()));
  };
  Expectation expectation = Expected();
  expectation.client = Client::kTrusted;
  PlayedBridge bridge(expectation);
  open(bridge);
  bridge.Server(Reply(2, Id('R')));
  bridge.to_server.clear();
  const std::string all = Call(3, "save_key", {{"keydata", "BORG_KEY"}}) + Call(4, "delete", {{"id", Id('x')}}) +
                          Call(5, "put", {{"id", Id('x')}, {"data", "1"}}) + Call(6, "commit", {{"compact", true}}) +
                          Call(7, "check", {{"repair", true}}) + Call(8, "list", {{"limit", std::uint64_t{9}}}) +
                          Call(9, "get_free_nonce", {}) +
                          Call(10, "commit_nonce_reservation", {{"next_unreserved", std::uint64_t{70}}}) + Call(11, "load_key", {});
  bridge.Client(all, 7);
  EXPECT_EQ(bridge.to_server, all);
  bridge.Server(Reply(3, None()) + Reply(4, None()) + Reply(5, None()) + Reply(6, None()) + Reply(7, true) +
                ReplyIds(8, {Id('x')}) + Reply(9, std::uint64_t{60}) + Reply(10, None()) + Reply(11, "BORG_KEY"));
  EXPECT_FALSE(bridge.error);
  EXPECT_TRUE(bridge.asked.empty());
  EXPECT_EQ(bridge.guard.pins(), (Pins{Object('R'), 70, KeyPrintOf("BORG_KEY")}));

  expectation.pins = {Object('S'), std::nullopt, std::nullopt};
  PlayedBridge swapped(expectation);
  open(swapped);
  swapped.Server(Reply(2, Id('R')));
  ASSERT_TRUE(swapped.error);
  EXPECT_EQ(swapped.error->reason, Reason::kRepositoryTampered);
}

// What is restored is read, under a lock that others may share.
TEST(GuardSessionTest, ARestoreOnlyReads) {
  Expectation expectation = Expected();
  expectation.client = Client::kRestore;
  const std::string opened = OldCall(1, "negotiate", {Version()}) + Call(2, "open", With(OpenArguments(), "exclusive", false));
  const std::string reads = Call(3, "get", {{"id", ManifestId()}}) + Call(4, "load_key", {}) + Call(5, "get", {{"id", Id('x')}}) +
                            Call(20, "rollback", {});
  PlayedBridge honest(expectation);
  honest.Client(opened + reads, 7);
  EXPECT_EQ(honest.to_server, opened + reads);
  for (const std::string& wrong :
       {Call(6, "put", {{"id", Id('x')}, {"data", "1"}}), Call(6, "put", {{"id", ManifestId()}, {"data", "1"}}),
        Call(6, "delete", {{"id", Id('x')}}), Call(6, "commit", CommitArguments()), Call(6, "get_free_nonce", {}),
        Call(6, "break_lock", {})}) {
    PlayedBridge bridge(expectation);
    bridge.Client(opened + wrong + reads);
    EXPECT_EQ(bridge.to_server, opened);
    EXPECT_FALSE(bridge.guard.refusals().empty());
  }
  for (const std::string& open :
       {Call(2, "open", OpenArguments()), Call(2, "open", With(With(OpenArguments(), "exclusive", false), "lock", false))}) {
    PlayedBridge bridge(expectation);
    bridge.Client(OldCall(1, "negotiate", {Version()}) + open);
    EXPECT_FALSE(bridge.guard.refusals().empty());
  }
}

TEST(GuardSessionTest, AfterSomethingMalformedNothingPasses) {
  PlayedBridge bridge(Expected());
  Open(bridge);
  bridge.Client(Call(3, "load_key", {}) + "\xc1" + Call(4, "load_key", {}));
  EXPECT_EQ(bridge.to_server, Call(3, "load_key", {}));
  ASSERT_TRUE(bridge.error);
  EXPECT_EQ(bridge.error->reason, Reason::kBorgOutputInvalid);
  EXPECT_FALSE(bridge.guard.FromClient(Call(4, "load_key", {})).has_value());
  EXPECT_FALSE(bridge.guard.FromServer(Reply(3, None())).has_value());
  EXPECT_FALSE(bridge.guard.Accusation());  // garbage is no deed
}

TEST(GuardSessionTest, RefusalsAreCountedAndBounded) {
  PlayedBridge bridge(Expected());
  Open(bridge);
  bridge.Client(Call(3, "delete", {{"id", Id('a')}}));
  for (std::uint64_t i = 0; i < 100; ++i) bridge.Client(Call(4 + i, "delete", {{"id", Id(static_cast<char>(i % 50))}}));
  bridge.Client(Call(200, "\n\xff" + std::string(1000, 'm'), {}));
  for (char c = 'a'; c <= 'z'; ++c) bridge.Client(Call(300, std::string(1, c), {}));
  const Refusals& refusals = bridge.guard.refusals();
  ASSERT_EQ(refusals.kinds().size(), Refusals::kMaxKinds);
  EXPECT_EQ(refusals.kinds()[0].count, 1U);
  EXPECT_EQ(refusals.kinds()[1].method, "delete");
  EXPECT_EQ(refusals.kinds()[1].count, 100U);
  EXPECT_EQ(refusals.kinds()[1].ids.size(), Refusals::kMaxIds);
  EXPECT_EQ(refusals.kinds()[2].method, "??" + std::string(Refusals::kMaxMethod - 2, 'm'));
  EXPECT_EQ(refusals.of_other_kinds(), 26U - (Refusals::kMaxKinds - 3));
  EXPECT_EQ(
      bridge.guard.Accusation()->message,
      "the target's borg asked for delete, which was refused: it deletes what this session did not put (" + Hex(Object('a')) + ")");
}

}  // namespace
}  // namespace borgop::guard
