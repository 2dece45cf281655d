// The policy, request by request: what is allowed, and every way of not being.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "session.h"

namespace borgop::guard {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct RequestsRow {
  const char* name;
  std::string message;
  const char* refused = nullptr;  // part of the reason
};

void Check(const RequestsRow& row, PlayedBridge& bridge) {
  bridge.Client(row.message);
  ASSERT_FALSE(bridge.error) << bridge.error->message;
  if (row.refused == nullptr) {
    EXPECT_EQ(bridge.to_server, row.message);
    EXPECT_TRUE(bridge.guard.refusals().empty());
    EXPECT_FALSE(bridge.guard.Accusation());
    return;
  }
  EXPECT_EQ(bridge.to_server, "");
  ASSERT_EQ(bridge.guard.refusals().kinds().size(), 1U);
  EXPECT_THAT(std::string(bridge.guard.refusals().kinds()[0].reason), HasSubstr(row.refused));
  ASSERT_TRUE(bridge.guard.Accusation());
  EXPECT_EQ(bridge.guard.Accusation()->reason, Reason::kTargetMisbehaved);
}

TEST(GuardRequestsTest, AtTheBeginning) {
  for (const RequestsRow& row : std::initializer_list<RequestsRow>{
           {"Negotiate", OldCall(1, "negotiate", {Version()})},
           {"NegotiateByName", Call(1, "negotiate", {{"client_data", Version()}})},
           {"OldProtocol", OldCall(1, "negotiate", {std::uint64_t{2}}), "old protocol"},
           {"NoProtocol", OldCall(1, "negotiate", {}), "old protocol"},
           {"TooManyArguments", OldCall(1, "negotiate", {Version(), Version()}), "an argument"},
           {"NumberZero", OldCall(0, "negotiate", {Version()}), "out of order"},
           {"NumberOfOurs", OldCall(std::uint64_t{1} << 48, "negotiate", {Version()}), "out of order"},
           {"OpenAtOnce", Call(1, "open", OpenArguments()), "not at this point"},
           {"GetAtOnce", Call(1, "get", {{"id", Id('x')}}), "not at this point"},
           {"PutAtOnce", Call(1, "put", {{"id", Id('x')}, {"data", "x"}}), "not at this point"}}) {
    SCOPED_TRACE(row.name);
    PlayedBridge bridge(Expected());
    Check(row, bridge);
  }
}

TEST(GuardRequestsTest, Open) {
  const Named open = OpenArguments();
  for (const RequestsRow& row : std::initializer_list<RequestsRow>{
           {"AsBorgDoes", Call(2, "open", open)},
           {"ByPosition", OldCall(2, "open", {kPath, false, None(), true, true, false})},
           {"OlderBorg", Call(2, "open", Without(open, "make_parent_dirs"))},
           {"AppendOnly", Call(2, "open", With(open, "append_only", true))},
           {"WithoutWaiting", Call(2, "open", With(open, "lock_wait", None()))},
           {"AnotherPath", Call(2, "open", With(open, "path", kPath + "2")), "another repository"},
           {"SamePathInOtherWords", Call(2, "open", With(open, "path", "/home/backups/./web")), "another repository"},
           {"NoPath", Call(2, "open", Without(open, "path")), "another repository"},
           {"PathOfAnotherType", Call(2, "open", With(open, "path", std::uint64_t{1})), "another repository"},
           {"PathTooLong", Call(2, "open", With(open, "path", kPath + std::string(20000, '/'))), "another repository"},
           {"Create", Call(2, "open", With(open, "create", true)), "makes a repository"},
           {"CreateByOne", Call(2, "open", With(open, "create", std::uint64_t{1})), "makes a repository"},
           {"MakeDirectories", Call(2, "open", With(open, "make_parent_dirs", true)), "makes directories"},
           {"WithoutLock", Call(2, "open", With(open, "lock", false)), "without the lock"},
           {"WithoutLockByNone", Call(2, "open", With(open, "lock", None())), "without the lock"},
           {"Shared", Call(2, "open", With(open, "exclusive", false)), "without the lock"},
           {"LikeOldBorg", Call(2, "open", With(open, "exclusive", None())), "without the lock"},
           {"ExclusiveUnsaid", Call(2, "open", Without(open, "exclusive")), "without the lock"},
           {"AnotherArgument", Call(2, "open", With(open, "storage_quota", std::uint64_t{0})), "an argument"},
           {"NegotiateAgain", OldCall(2, "negotiate", {Version()}), "not at this point"},
           {"PutBefore", Call(2, "put", {{"id", Id('x')}, {"data", "x"}}), "not at this point"}}) {
    SCOPED_TRACE(row.name);
    PlayedBridge bridge(Expected());
    bridge.Client(OldCall(1, "negotiate", {Version()}));
    bridge.to_server.clear();
    Check(row, bridge);
  }
}

TEST(GuardRequestsTest, Opened) {
  const Named put = {{"id", Id('x')}, {"data", "data"}};
  const Named commit = CommitArguments();
  for (const RequestsRow& row : std::initializer_list<RequestsRow>{
           {"LoadKey", Call(3, "load_key", {})},
           {"Length", Call(3, "__len__", {})},
           {"Rollback", Call(3, "rollback", {})},
           {"FreeNonce", Call(3, "get_free_nonce", {})},
           {"Get", Call(3, "get", {{"id", Id('x')}})},
           {"GetManifest", Call(3, "get", {{"id", ManifestId()}})},
           {"GetByPosition", OldCall(3, "get", {Id('x')})},
           {"GetShortId", Call(3, "get", {{"id", std::string(31, 'x')}}), "no id"},
           {"GetLongId", Call(3, "get", {{"id", std::string(33, 'x')}}), "no id"},
           {"GetNothing", Call(3, "get", {}), "no id"},
           {"Put", Call(3, "put", put)},
           {"PutByPosition", OldCall(3, "put", {Id('x'), "data"})},
           {"PutManifest", Call(3, "put", With(put, "id", ManifestId()))},
           {"PutEmpty", Call(3, "put", With(put, "data", std::string()))},
           {"PutShortId", Call(3, "put", With(put, "id", std::string(31, '\0'))), "no id"},
           {"PutNumberAsId", Call(3, "put", With(put, "id", std::uint64_t{0})), "no id"},
           {"PutNoId", Call(3, "put", Without(put, "id")), "no id"},
           {"PutNoData", Call(3, "put", Without(put, "data")), "no data"},
           {"PutOtherData", Call(3, "put", With(put, "data", None())), "no data"},
           {"PutAndWait", Call(3, "put", With(put, "wait", true))},
           {"PutWithMore", Call(3, "put", With(put, "compact", true)), "an argument"},
           {"DeleteOther", Call(3, "delete", {{"id", Id('x')}}), "did not put"},
           {"DeleteManifest", Call(3, "delete", {{"id", ManifestId()}}), "did not put"},
           {"DeleteNothing", Call(3, "delete", {}), "no id"},
           {"Commit", Call(3, "commit", commit)},
           {"CommitOnly", Call(3, "commit", {{"compact", false}})},
           {"CommitThreshold", Call(3, "commit", With(commit, "threshold", 0.0))},
           {"CommitCompact", Call(3, "commit", With(commit, "compact", true)), "frees space"},
           {"CommitUnsaid", Call(3, "commit", Without(commit, "compact")), "frees space, as borg before 1.2"},
           {"CommitByPosition", OldCall(3, "commit", {false}), "frees space"},
           {"CommitCompactByNumber", Call(3, "commit", With(commit, "compact", std::uint64_t{0})), "frees space"},
           {"CommitSaveSpace", Call(3, "commit", With(commit, "save_space", true)), "cleans up"},
           {"CommitCleanup", Call(3, "commit", With(commit, "cleanup_commits", true)), "cleans up"},
           {"OpenAgain", Call(3, "open", OpenArguments()), "not at this point"},
           {"NegotiateAgain", OldCall(3, "negotiate", {Version()}), "not at this point"},
           {"SameNumber", Call(2, "load_key", {}), "out of order"},
           {"EarlierNumber", Call(1, "load_key", {}), "out of order"},
           {"NumberLeftOut", Call(9, "load_key", {})},
           {"ArgumentForNothing", Call(3, "load_key", {{"x", true}}), "an argument"},
           {"Destroy", Call(3, "destroy", {}), "does not need"},
           {"SaveKey", Call(3, "save_key", {{"keydata", "x"}}), "does not need"},
           {"BreakLock", Call(3, "break_lock", {}), "does not need"},
           {"Check", Call(3, "check", {{"repair", true}}), "does not need"},
           {"List", Call(3, "list", {{"limit", std::uint64_t{1}}}), "does not need"},
           {"Scan", Call(3, "scan", {}), "does not need"},
           {"InjectException", Call(3, "inject_exception", {{"kind", "divide"}}), "does not need"},
           {"Unknown", Call(3, "put2", put), "does not need"},
           {"Attribute", Call(3, "__init__", {}), "does not need"},
           {"WithNul", Call(3, std::string_view("put\0", 4), put), "does not need"},
           {"Nameless", Call(3, "", {}), "does not need"}}) {
    SCOPED_TRACE(row.name);
    PlayedBridge bridge(Expected());
    Open(bridge);
    Check(row, bridge);
  }
}

TEST(GuardRequestsTest, Nonces) {
  const std::uint64_t said = 1000, step = std::uint64_t{1} << 28U;
  const auto reserve = [](const Spoken& next, const Spoken& start) {
    return Call(4, "commit_nonce_reservation", {{"next_unreserved", next}, {"start_nonce", start}});
  };
  struct NonceRow {
    const char* name;
    Spoken said;
    std::string message;
    const char* refused = nullptr;
  };
  for (const NonceRow& row : std::initializer_list<NonceRow>{
           {"AsBorgDoes", said, reserve(said + step, said)},
           {"Largest", said, reserve(said + Monitor::kMaxNonceStep, said)},
           {"TheFirst", None(), reserve(step, None())},
           {"TheFirstByPosition", None(), OldCall(4, "commit_nonce_reservation", {step, None()})},
           {"Back", said, reserve(said - 1, said), "takes nonces back"},
           {"Nowhere", said, reserve(said, said), "takes nonces back"},
           {"NothingFromNothing", None(), reserve(std::uint64_t{0}, None()), "takes nonces back"},
           {"ALeap", said, reserve(said + Monitor::kMaxNonceStep + 1, said), "uses up"},
           {"TheLast", said, reserve(~std::uint64_t{0}, said), "uses up"},
           {"FromHigher", said, reserve(step, said + 1), "from elsewhere"},
           {"FromLower", said, reserve(step, said - 1), "from elsewhere"},
           {"FromNothing", said, reserve(step, None()), "from elsewhere"},
           {"FromZeroForNothing", None(), reserve(step, std::uint64_t{0}), "from elsewhere"},
           {"FromText", None(), reserve(step, "0"), "from elsewhere"},
           {"FromUnsaid", None(), Call(4, "commit_nonce_reservation", {{"next_unreserved", step}}), "from elsewhere"},
           {"ToText", said, reserve("2000", said), "no number"},
           {"ToNegative", said, reserve(std::int64_t{-1}, said), "no number"}}) {
    SCOPED_TRACE(row.name);
    PlayedBridge bridge(Expected());
    Open(bridge);
    bridge.Client(Call(3, "get_free_nonce", {}));
    bridge.Server(Reply(3, row.said));
    bridge.to_server.clear();
    Check({row.name, row.message, row.refused}, bridge);
  }
}

TEST(GuardRequestsTest, ANonceThatBHasNotSaidIsNoStart) {
  PlayedBridge bridge(Expected());
  Open(bridge);
  bridge.Client(Call(3, "get_free_nonce", {}));
  bridge.to_server.clear();
  Check(
      {"", Call(4, "commit_nonce_reservation", {{"next_unreserved", std::uint64_t{5}}, {"start_nonce", None()}}), "from elsewhere"},
      bridge);
}

TEST(GuardRequestsTest, WhatWasReservedIsNoStartAnyMore) {
  for (const bool again : {false, true}) {
    PlayedBridge bridge(Expected());
    Open(bridge);
    bridge.Client(Call(3, "get_free_nonce", {}));
    bridge.Server(Reply(3, std::uint64_t{1000}));
    bridge.Client(
        Call(4, "commit_nonce_reservation", {{"next_unreserved", std::uint64_t{2000}}, {"start_nonce", std::uint64_t{1000}}}));
    bridge.Server(Reply(4, None()));
    const std::uint64_t start = again ? 1000 : 2000;
    bridge.Client(Call(5, "commit_nonce_reservation", {{"next_unreserved", std::uint64_t{3000}}, {"start_nonce", start}}));
    EXPECT_EQ(bridge.guard.refusals().empty(), !again);
  }
}

TEST(GuardRequestsTest, NoncesOfASessionAreLimitedTogether) {
  PlayedBridge bridge(Expected());
  Open(bridge);
  std::uint64_t nonce = 1000, id = 3;
  const auto reserve = [&](std::uint64_t next) {
    bridge.Client(Call(id, "get_free_nonce", {}));
    bridge.Server(Reply(id++, nonce));
    bridge.Client(Call(id, "commit_nonce_reservation", {{"next_unreserved", next}, {"start_nonce", nonce}}));
    bridge.Server(Reply(id++, None()));
    nonce = next;
  };
  reserve(nonce + Monitor::kMaxNonceStep - 5);
  EXPECT_TRUE(bridge.guard.refusals().empty());
  EXPECT_EQ(bridge.guard.pins().nonce, nonce);
  reserve(nonce + 6);
  EXPECT_FALSE(bridge.guard.refusals().empty());
}

TEST(GuardRequestsTest, OnlyWhatWasPutHereIsDeleted) {
  PlayedBridge bridge(Expected());
  Open(bridge);
  bridge.Client(Call(3, "put", {{"id", Id('x')}, {"data", "1"}}) + Call(4, "delete", {{"id", Id('x')}}));
  EXPECT_TRUE(bridge.guard.refusals().empty());
  bridge.Client(Call(5, "delete", {{"id", Id('x')}}));  // once
  ASSERT_EQ(bridge.guard.refusals().kinds().size(), 1U);
  EXPECT_THAT(bridge.guard.refusals().kinds()[0].ids, ElementsAre(Object('x')));
}

TEST(GuardRequestsTest, ThePutManifestIsNotDeleted) {
  PlayedBridge bridge(Expected());
  Open(bridge);
  bridge.Client(Call(3, "put", {{"id", ManifestId()}, {"data", "1"}}) + Call(4, "delete", {{"id", ManifestId()}}));
  EXPECT_EQ(bridge.guard.refusals().kinds().size(), 1U);
  EXPECT_TRUE(bridge.asked.empty());
}

TEST(GuardRequestsTest, ThePutsOfLongAgoAreNotDeleted) {
  PlayedBridge bridge(Expected());
  Open(bridge);
  std::uint64_t id = 3;
  const auto object = [](std::uint64_t number) {
    std::string bytes = Id('x');
    for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(number >> (8 * i) & 0xffU);
    return bytes;
  };
  for (std::uint64_t i = 0; i <= Monitor::kRememberedPuts; ++i) {
    bridge.Client(Call(id, "put", {{"id", object(i)}, {"data", "1"}}));
    bridge.Server(Reply(id++, None()));
  }
  bridge.Client(Call(id++, "delete", {{"id", object(1)}}));
  EXPECT_TRUE(bridge.guard.refusals().empty());
  bridge.Client(Call(id++, "delete", {{"id", object(0)}}));
  EXPECT_FALSE(bridge.guard.refusals().empty());
}

TEST(GuardRequestsTest, NewBytesAreLimited) {
  Expectation expected = Expected();
  expected.max_new_bytes = 20000;
  PlayedBridge bridge(expected);
  Open(bridge);
  bridge.Client(Call(3, "put", {{"id", Id('x')}, {"data", std::string(15000, 'x')}}));
  bridge.Client(Call(4, "put", {{"id", Id('y')}, {"data", std::string(5000, 'x')}}));
  EXPECT_TRUE(bridge.guard.refusals().empty());
  EXPECT_EQ(bridge.guard.new_bytes(), 20000U);
  bridge.Client(Call(5, "put", {{"id", ManifestId()}, {"data", "x"}}));
  ASSERT_FALSE(bridge.guard.refusals().empty());
  EXPECT_EQ(bridge.guard.refusals().kinds()[0].reason, "it is more than this target may add");
}

TEST(GuardRequestsTest, TooManyWithoutAnAnswer) {
  PlayedBridge bridge(Expected());
  Open(bridge);
  std::uint64_t id = 3;
  for (std::size_t i = 0; i < Monitor::kMaxPending; ++i) bridge.Client(Call(id++, "load_key", {}));
  EXPECT_TRUE(bridge.guard.refusals().empty());
  bridge.Client(Call(id, "load_key", {}));
  EXPECT_FALSE(bridge.guard.refusals().empty());
}

}  // namespace
}  // namespace borgop::guard
