#include "engine/retention/ledger_changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "ledgers.h"

namespace borgop {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(LedgerChangesTest, HaveWhatIsNewOrNotAsItWas) {
  const Ledger before = LedgerOf({Seen("a", "x"), Seen("b", "y"), Seen("c", "z")});
  Ledger after = LedgerOf({Seen("a", "x"), Dropped("b", "y"), Seen("d", "new")});
  after.nonce = 7;
  const LedgerChanges changes = ChangesBetween(before, after);
  EXPECT_THAT(changes.now.archives, ElementsAre(Dropped("b", "y"), Seen("d", "new")));
  EXPECT_THAT(changes.forgotten, ElementsAre(Id("c")));
  EXPECT_EQ(changes.now.nonce, 7U);
  EXPECT_EQ(changes.replaces, "");
  std::optional<Ledger> ledger = before;
  ASSERT_TRUE(Apply(ledger, changes));
  EXPECT_EQ(*ledger, after);
  EXPECT_THAT(ChangesBetween(after, after).now.archives, IsEmpty());
}

TEST(LedgerChangesTest, BeginALedger) {
  const Ledger after = LedgerOf({Seen("a", "x")});
  std::optional<Ledger> ledger;
  ASSERT_TRUE(Apply(ledger, ChangesBetween(std::nullopt, after)));
  EXPECT_EQ(ledger, after);
}

// A run may have been given an older ledger than there is by now, or none.
TEST(LedgerChangesTest, TakeNothingBackThatTheRunDidNotKnow) {
  const std::optional<Ledger> kept = LedgerOf({Dropped("a", "x"), Seen("b", "y")});
  for (const std::optional<Ledger>& old : {std::optional<Ledger>(), std::optional(LedgerOf({Seen("a", "x")}))}) {
    std::optional<Ledger> after = old ? *old : LedgerOf({});
    after->archives.push_back(Seen("c", "z"));
    std::optional<Ledger> ledger = kept;
    ASSERT_TRUE(Apply(ledger, ChangesBetween(old, *after)));
    EXPECT_EQ(*ledger, LedgerOf({Dropped("a", "x"), Seen("b", "y"), Seen("c", "z")}));
  }
}

TEST(LedgerChangesTest, OfAnotherRepositoryOnlyWhereTheyReplaceThatOne) {
  const Ledger before = LedgerOf({Seen("a", "x")}, "f"), after = LedgerOf({Seen("b", "y")}, "e");
  const LedgerChanges changes = ChangesBetween(before, after);
  EXPECT_EQ(changes.replaces, Id("f"));
  std::optional<Ledger> ledger = before, third = LedgerOf({}, "d");
  EXPECT_FALSE(Apply(third, changes));
  EXPECT_EQ(*third, LedgerOf({}, "d"));
  LedgerChanges silent = changes;
  silent.replaces.clear();
  const Status refused = Apply(ledger, silent);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::kLedgerInvalid);
  EXPECT_EQ(*ledger, before);
  ASSERT_TRUE(Apply(ledger, changes));
  EXPECT_EQ(*ledger, after);
  // Taken in twice, as after a crash.
  ASSERT_TRUE(Apply(ledger, changes));
  EXPECT_EQ(*ledger, after);
}

TEST(LedgerChangesTest, ThatDoNotFitChangeNothing) {
  std::optional<Ledger> ledger = LedgerOf({Seen("a", "x")});
  const Status refused = Apply(ledger, ChangesBetween(std::nullopt, LedgerOf({Seen("b", "x")})));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("does not fit"));
  EXPECT_EQ(*ledger, LedgerOf({Seen("a", "x")}));
}

TEST(LedgerChangesTest, AreReadAsTheyWereWritten) {
  LedgerChanges full = ChangesBetween(LedgerOf({Seen("c", "z")}), LedgerOf({Dropped("a", "x\n\"\xc3\xa9"), Seen("b", "y")}));
  full.now.nonce = 9;
  full.now.key = Id("e");
  full.now.encryption = "repokey";
  full.replaces = Id("9");
  for (const LedgerChanges& changes : {ChangesBetween(std::nullopt, LedgerOf({})), full}) {
    const auto text = WriteLedgerChanges(changes);
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_EQ(text->find('\n'), std::string::npos);
    const auto read = ReadLedgerChanges(*text);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, changes);
  }
}

TEST(LedgerChangesTest, WhatIsNoneIsRefused) {
  const std::string head = R"({"version":1,"repositoryID":")" + Id("f") + R"(","archives":[])";
  ASSERT_TRUE(ReadLedgerChanges(head + "}"));
  for (const std::string& text :
       {std::string(), std::string("[]"), head + R"(,"more":1})", head + R"(,"forgotten":{}})", head + R"(,"forgotten":["x"]})",
        head + R"(,"forgotten":[1]})", head + R"(,"replaces":"x"})", head + R"(,"replaces":1})", head + R"(,"archives":[]})",
        R"({"version":2,"repositoryID":")" + Id("f") + R"(","archives":[]})", std::string(R"({"version":1,"archives":[]})")}) {
    const auto read = ReadLedgerChanges(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().reason, Reason::kLedgerInvalid);
  }
}

// Whatever a run does to a ledger: who keeps it comes to the same.
TEST(LedgerChangesTest, LeadFromAnyLedgerToAnyOtherOfItsRepository) {
  std::mt19937 random(20261127);
  const auto some = [&random](std::size_t of) { return std::uniform_int_distribution<std::size_t>(0, of - 1)(random); };
  const auto any = [&some] {
    Ledger ledger = LedgerOf({});
    for (const char* word : {"a", "b", "c", "d", "e"}) {
      if (some(3) == 0) continue;
      ledger.archives.push_back(some(2) == 0 ? Dropped(word, word) : Seen(word, word));
      if (some(4) == 0) ledger.archives.back().name += "2";
    }
    if (some(2) == 0) ledger.nonce = some(100);
    return ledger;
  };
  const auto by_id = [](Ledger ledger) {
    std::sort(ledger.archives.begin(), ledger.archives.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return ledger;
  };
  for (int round = 0; round < 500; ++round) {
    const Ledger before = any(), after = any();
    const auto text = WriteLedgerChanges(ChangesBetween(before, after));
    ASSERT_TRUE(text);
    std::optional<Ledger> ledger = before;
    ASSERT_TRUE(Apply(ledger, *ReadLedgerChanges(*text)));
    EXPECT_EQ(by_id(*ledger), by_id(after));
  }
}

}  // namespace
}  // namespace borgop
