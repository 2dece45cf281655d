// What B answers: it has to be the repository of before, and as far as it was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/finding.h"
#include "session.h"

namespace borgop::guard {
namespace {

using testing::HasSubstr;

struct AnswersRow {
  const char* name;
  Pins pins;
  std::string answer;            // to the third request
  std::optional<Reason> reason;  // of the error
  Pins after;
};

void Check(const AnswersRow& row, const std::string& third) {
  SCOPED_TRACE(row.name);
  for (const std::size_t piece : {std::size_t{1}, std::string::npos}) {
    PlayedBridge bridge(Expected(row.pins));
    Open(bridge);
    bridge.Client(third);
    bridge.Server(row.answer, piece);
    EXPECT_EQ(bridge.guard.pins(), row.after);
    if (!row.reason) {
      EXPECT_FALSE(bridge.error);
      EXPECT_EQ(bridge.to_client, row.answer);
      continue;
    }
    ASSERT_TRUE(bridge.error);
    EXPECT_EQ(bridge.error->reason, *row.reason);
    EXPECT_EQ(bridge.to_client, "");
    bridge.to_server.clear();
    bridge.Client(Call(4, "load_key", {}));
    EXPECT_EQ(bridge.to_server, "") << "goes on";
  }
}

TEST(GuardAnswersTest, TheRepository) {
  struct OpenRow {
    const char* name;
    std::optional<ObjectId> pin;
    std::string answer;
    std::optional<Reason> reason;
    std::optional<ObjectId> after;
  };
  const std::optional<ObjectId> same = Object('R'), none;
  for (const OpenRow& row : std::initializer_list<OpenRow>{
           {"TheFirst", none, Reply(2, Id('R')), std::nullopt, same},
           {"TheSame", same, Reply(2, Id('R')), std::nullopt, same},
           {"AsBinary", same, Reply(2, Binary{Id('R')}), std::nullopt, same},
           {"Another", same, Reply(2, Id('S')), Reason::kRepositoryTampered, same},
           {"AlmostTheSame", same, Reply(2, std::string(31, 'R') + "S"), Reason::kRepositoryTampered, same},
           {"NoId", same, Reply(2, None()), Reason::kBorgOutputInvalid, same},
           {"NoIdAtFirst", none, Reply(2, None()), Reason::kBorgOutputInvalid, none},
           {"ShortId", none, Reply(2, std::string(31, 'R')), Reason::kBorgOutputInvalid, none},
           {"NotOpened", same, ReplyException(2, "LockTimeout"), std::nullopt, same}}) {
    SCOPED_TRACE(row.name);
    PlayedBridge bridge(Expected({row.pin, std::nullopt, std::nullopt}));
    bridge.Client(OldCall(1, "negotiate", {Version()}) + Call(2, "open", OpenArguments()));
    bridge.Server(OldReply(1, None(), Version()));
    bridge.to_client.clear();
    bridge.Server(row.answer);
    EXPECT_EQ(bridge.to_client, row.reason ? "" : row.answer);
    EXPECT_EQ(bridge.error ? std::optional(bridge.error->reason) : std::nullopt, row.reason);
    EXPECT_EQ(bridge.guard.pins().repository, row.after);
    EXPECT_FALSE(bridge.guard.Accusation());  // B's doing is not T's
  }
}

TEST(GuardAnswersTest, TheFreeNonce) {
  const auto pins = [](std::optional<std::uint64_t> nonce) { return Pins{Object('R'), nonce, std::nullopt}; };
  for (const AnswersRow& row : std::initializer_list<AnswersRow>{
           {"TheFirst", pins(std::nullopt), Reply(3, std::uint64_t{1000}), std::nullopt, pins(1000)},
           {"NoneYet", pins(std::nullopt), Reply(3, None()), std::nullopt, pins(std::nullopt)},
           {"TheSame", pins(1000), Reply(3, std::uint64_t{1000}), std::nullopt, pins(1000)},
           {"Higher", pins(1000), Reply(3, std::uint64_t{1001}), std::nullopt, pins(1001)},
           {"Lower", pins(1000), Reply(3, std::uint64_t{999}), Reason::kRepositoryTampered, pins(1000)},
           {"Gone", pins(1000), Reply(3, None()), Reason::kRepositoryTampered, pins(1000)},
           {"Negative", pins(1000), Reply(3, std::int64_t{-1}), Reason::kBorgOutputInvalid, pins(1000)},
           {"Text", pins(std::nullopt), Reply(3, "1000"), Reason::kBorgOutputInvalid, pins(std::nullopt)},
           {"Failed", pins(1000), ReplyException(3, "InvalidRPCMethod"), std::nullopt, pins(1000)},
           {"OutOfTurn", pins(1000), Reply(4, std::uint64_t{1}), Reason::kBorgOutputInvalid, pins(1000)},
           {"TheNumberBefore", pins(1000), Reply(2, std::uint64_t{1}), Reason::kBorgOutputInvalid, pins(1000)}})
    Check(row, Call(3, "get_free_nonce", {}));
}

TEST(GuardAnswersTest, TheKey) {
  const auto pins = [](std::optional<KeyPrint> key) { return Pins{Object('R'), std::nullopt, key}; };
  const Pins none = pins(std::nullopt), known = pins(KeyPrintOf("BORG_KEY 1"));
  for (const AnswersRow& row :
       std::initializer_list<AnswersRow>{{"TheFirst", none, Reply(3, "BORG_KEY 1"), std::nullopt, known},
                                         {"TheSame", known, Reply(3, Binary{"BORG_KEY 1"}), std::nullopt, known},
                                         {"Another", known, Reply(3, "BORG_KEY 2"), Reason::kRepositoryTampered, known},
                                         {"Gone", known, Reply(3, ""), Reason::kRepositoryTampered, known},
                                         {"NoneYet", none, Reply(3, ""), std::nullopt, none},
                                         {"NoText", known, Reply(3, None()), Reason::kBorgOutputInvalid, known},
                                         {"TooLong", none, Reply(3, std::string(9000, 'k')), Reason::kBorgOutputInvalid, none},
                                         {"Failed", known, ReplyException(3, "ObjectNotFound"), std::nullopt, known}})
    Check(row, Call(3, "load_key", {}));
}

// Of each finding that a person may have acknowledged: that one passes, once, and what B says is what is known from then on.
TEST(GuardAnswersTest, AnAcknowledgedFindingPassesAndNoOther) {
  const Pins known{Object('R'), 1000, KeyPrintOf("BORG_KEY 1")};
  struct FindingRow {
    const char* name;
    std::string asked, answer, worse;
    Pins after;
  };
  const std::string nonce = Call(3, "get_free_nonce", {}), key = Call(3, "load_key", {});
  for (const FindingRow& row : std::initializer_list<FindingRow>{
           {"ALowerNonce", nonce, Reply(3, std::uint64_t{999}), Reply(3, std::uint64_t{998}), {known.repository, 999, known.key}},
           {"NoNonce", nonce, Reply(3, None()), Reply(3, std::uint64_t{998}), {known.repository, std::nullopt, known.key}},
           {"AnotherKey", key, Reply(3, "BORG_KEY 2"), Reply(3, "BORG_KEY 3"), {known.repository, 1000, KeyPrintOf("BORG_KEY 2")}},
           {"NoKey", key, Reply(3, ""), Reply(3, "BORG_KEY 3"), {known.repository, 1000, std::nullopt}}}) {
    SCOPED_TRACE(row.name);
    PlayedBridge accusing(Expected(known));
    Open(accusing);
    accusing.Client(row.asked);
    accusing.Server(row.answer);
    ASSERT_TRUE(accusing.error);
    Pins acknowledged = known;
    acknowledged.acknowledged = accusing.error->finding;
    ASSERT_TRUE(IsFindingId(acknowledged.acknowledged));
    PlayedBridge forgiving(Expected(acknowledged)), strict(Expected(acknowledged));
    Open(forgiving);
    forgiving.Client(row.asked);
    forgiving.Server(row.answer);
    EXPECT_FALSE(forgiving.error);
    EXPECT_EQ(forgiving.to_client, row.answer);
    EXPECT_EQ(forgiving.guard.pins(), row.after);
    Open(strict);
    strict.Client(row.asked);
    strict.Server(row.worse);
    ASSERT_TRUE(strict.error);
    EXPECT_EQ(strict.error->reason, Reason::kRepositoryTampered);
  }
}

TEST(GuardAnswersTest, OfAnAcknowledgedRepositoryNothingElseIsKnown) {
  Pins pins{Object('R'), 1000, KeyPrintOf("BORG_KEY 1")};
  const auto open = [](const Pins& with, char id) {
    PlayedBridge bridge(Expected(with));
    bridge.Client(OldCall(1, "negotiate", {Version()}) + Call(2, "open", OpenArguments()));
    bridge.Server(OldReply(1, None(), Version()));
    bridge.Server(Reply(2, Id(id)));
    return std::pair(bridge.error, bridge.guard.pins());
  };
  const auto accused = open(pins, 'S').first;
  ASSERT_TRUE(accused);
  pins.acknowledged = accused->finding;
  EXPECT_FALSE(open(pins, 'S').first);
  EXPECT_EQ(open(pins, 'S').second, (Pins{Object('S'), std::nullopt, std::nullopt}));
  EXPECT_TRUE(open(pins, 'T').first);
}

TEST(GuardAnswersTest, AReservationCountsOnceItIsConfirmed) {
  struct ReservationRow {
    const char* name;
    std::string answer;
    std::uint64_t after;
  };
  for (const ReservationRow& row : std::initializer_list<ReservationRow>{
           {"Confirmed", Reply(4, None()), 5000}, {"Failed", ReplyException(4, "Exception"), 1000}, {"Unanswered", "", 1000}}) {
    SCOPED_TRACE(row.name);
    PlayedBridge bridge(Expected());
    Open(bridge);
    bridge.Client(Call(3, "get_free_nonce", {}));
    bridge.Server(Reply(3, std::uint64_t{1000}));
    bridge.Client(
        Call(4, "commit_nonce_reservation", {{"next_unreserved", std::uint64_t{5000}}, {"start_nonce", std::uint64_t{1000}}}));
    bridge.Server(row.answer);
    EXPECT_EQ(bridge.guard.pins().nonce, row.after);
    EXPECT_FALSE(bridge.error);
  }
}

TEST(GuardAnswersTest, ALowerNonceAfterAConfirmedReservation) {
  PlayedBridge bridge(Expected());
  Open(bridge);
  bridge.Client(Call(3, "get_free_nonce", {}));
  bridge.Server(Reply(3, std::uint64_t{1000}));
  bridge.Client(
      Call(4, "commit_nonce_reservation", {{"next_unreserved", std::uint64_t{5000}}, {"start_nonce", std::uint64_t{1000}}}));
  bridge.Server(Reply(4, None()));
  bridge.Client(Call(5, "get_free_nonce", {}));
  bridge.Server(Reply(5, std::uint64_t{1000}));
  ASSERT_TRUE(bridge.error);
  EXPECT_EQ(bridge.error->reason, Reason::kRepositoryTampered);
  EXPECT_THAT(bridge.error->message, HasSubstr("5000"));
}

TEST(GuardAnswersTest, WhatNobodyAskedIsNoAnswer) {
  for (const bool asking : {false, true}) {
    PlayedBridge bridge(Expected());
    Open(bridge);
    // The put that waits for its question has not been sent.
    if (asking) {
      EXPECT_TRUE(bridge.guard.FromClient(Call(3, "put", {{"id", Id('x')}, {"data", "1"}})).has_value());
    }
    bridge.Server(Reply(3, None()));
    ASSERT_TRUE(bridge.error);
    EXPECT_EQ(bridge.error->reason, Reason::kBorgOutputInvalid);
    EXPECT_EQ(bridge.to_client, "");
  }
}

TEST(GuardAnswersTest, ALongAnswerPassesAsItComes) {
  PlayedBridge bridge(Expected());
  Open(bridge);
  bridge.Client(Call(3, "get", {{"id", Id('x')}}));
  const std::string answer = Reply(3, std::string(100000, 'd'));
  bridge.Server(answer.substr(0, 1000), 100);
  EXPECT_EQ(bridge.to_client, answer.substr(0, 1000));
  bridge.Server(answer.substr(1000), 7);
  EXPECT_EQ(bridge.to_client, answer);
  EXPECT_LT(bridge.most_kept, 20U);
}

TEST(GuardAnswersTest, WhatAShellSaysIsNoAnswer) {
  PlayedBridge bridge(Expected());
  bridge.Client(OldCall(1, "negotiate", {Version()}));
  bridge.Server("Welcome to B\n" + OldReply(1, None(), Version()));
  ASSERT_TRUE(bridge.error);
  EXPECT_THAT(bridge.error->message, HasSubstr("borg serve sent something that is no message"));
  EXPECT_EQ(bridge.to_client, "");
}

}  // namespace
}  // namespace borgop::guard
