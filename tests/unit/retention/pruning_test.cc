#include "engine/retention/pruning.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "ledgers.h"

namespace borgop {
namespace {

const LedgerTime kPruningNow = At("2026-11-26T10:00:00Z");

Retention Daily(std::int64_t count) {
  Retention retention;
  retention.keep_daily = count;
  return retention;
}

std::string Drops(const Result<Pruning>& pruning) {
  if (!pruning) return std::string(pruning.error().name());
  std::string text;
  for (const LedgerArchive* archive : pruning->drop) text += (text.empty() ? "" : " ") + archive->name;
  return text;
}

struct PruningRow {
  const char* name;
  Ledger ledger;
  Listing listing;
  const char* expected;
};
void PrintTo(const PruningRow& row, std::ostream* out) { *out << row.name; }

class PruningTest : public testing::TestWithParam<PruningRow> {};

// One a day is kept: the newest.
TEST_P(PruningTest, Drops) {
  const PruningRow& row = GetParam();
  const auto pruning = PlanPruning(row.ledger, row.listing, Daily(1), *TimeZone::Find(""), kPruningNow);
  EXPECT_EQ(Drops(pruning), row.expected);
}

const LedgerArchive kOld = Seen("a", "old", "2026-11-01T10:00:00Z");
const LedgerArchive kNew = Seen("b", "new", "2026-11-02T10:00:00Z");

const PruningRow kPruningRows[] = {
    {"Nothing", LedgerOf({}), ListingOf({}), ""},
    {"TheOlder", LedgerOf({kOld, kNew}), ListingOf({Listed("a", "old"), Listed("b", "new")}), "old"},
    // Its date in the repository says nothing.
    {"WhateverTheTargetSays", LedgerOf({kOld, kNew}),
     ListingOf({Listed("a", "old", "2026-11-25T10:00:00.000000"), Listed("b", "new", "2001-01-01T10:00:00.000000")}), "old"},
    {"StrangersStandForNothing", LedgerOf({kOld}),
     ListingOf({Listed("a", "old"), Listed("c", "newer", "2026-11-25T10:00:00.000000")}), ""},
    {"StrangersAreNotDropped", LedgerOf({kOld, kNew}),
     ListingOf({Listed("c", "oldest", "2001-01-01T10:00:00.000000"), Listed("a", "old"), Listed("b", "new"), Listed("a", "older")}),
     "old"},
    {"CutBeforeItWasDropped", LedgerOf({Dropped("a", "old"), kNew}), ListingOf({Listed("a", "old"), Listed("b", "new")}), "old"},
    {"DroppedStandForNothing", LedgerOf({kOld, Dropped("b", "new")}), ListingOf({Listed("a", "old"), Listed("b", "new")}), "new"},
    {"DroppedOnly", LedgerOf({Dropped("a", "old"), Dropped("b", "new")}), ListingOf({Listed("a", "old"), Listed("b", "new")}), ""},
    {"DroppedIsAnothersNow", LedgerOf({Dropped("a", "old"), kNew}), ListingOf({Listed("c", "old"), Listed("b", "new")}), ""},
    {"Missing", LedgerOf({kOld, kNew}), ListingOf({Listed("a", "old")}), "RepositoryTampered"},
    {"OtherRepository", LedgerOf({kOld, kNew}), ListingOf({Listed("a", "old"), Listed("b", "new")}, "e"), "RepositoryTampered"},
};
INSTANTIATE_TEST_SUITE_P(Table, PruningTest, testing::ValuesIn(kPruningRows), [](const auto& row) { return row.param.name; });

TEST(PruningTest, SaysWhatIsKeptAndWhy) {
  const Ledger ledger = LedgerOf({kOld, kNew});
  const auto pruning =
      PlanPruning(ledger, ListingOf({Listed("a", "old"), Listed("b", "new")}), Daily(1), *TimeZone::Find(""), kPruningNow);
  ASSERT_TRUE(pruning);
  ASSERT_EQ(pruning->judged.size(), 2U);
  EXPECT_EQ(pruning->judged[0].archive, ledger.archives.data());
  EXPECT_EQ(pruning->judged[0].judgement.fate, Fate::kDropped);
  EXPECT_EQ(ToString(*pruning->judged[1].judgement.kept), "daily #1");
}

TEST(PruningTest, NeverAStrangerAndNeverAll) {
  std::mt19937 random(20261126);
  const auto below = [&random](unsigned limit) { return static_cast<unsigned>(random() % limit); };
  std::size_t dropped = 0, accused = 0;
  for (int round = 0; round < 3000; ++round) {
    Ledger ledger = LedgerOf({});
    Listing listing = ListingOf({});
    std::set<std::string> live;
    for (unsigned i = 0; i < below(12); ++i) {
      LedgerArchive archive = Seen(std::to_string(i) + "a", "n" + std::to_string(below(40)));
      archive.seen = kPruningNow - std::chrono::minutes(below(60 * 24 * 40));
      if (below(4) == 0) archive.dropped = kPruningNow;
      if (!archive.dropped && !live.insert(archive.name).second) continue;
      if (below(20) != 0) listing.archives.push_back({archive.id, archive.name, "2026-11-01T10:00:00.000000"});
      ledger.archives.push_back(archive);
    }
    for (unsigned i = 0; i < below(4); ++i) {
      const std::string id = std::to_string(i + below(8)) + (below(2) == 0 ? "b" : "a");
      listing.archives.push_back(Listed(id, "n" + std::to_string(below(60)), "2001-01-01T10:00:00.000000"));
    }
    ASSERT_EQ(LedgerProblem(ledger), "");
    Retention retention;
    if (below(2) == 0) retention.keep_within = std::to_string(1 + below(30)) + "d";
    if (below(2) == 0) retention.keep_daily = static_cast<int>(below(5)) - 1;
    if (below(3) == 0) retention.keep_weekly = static_cast<int>(below(5)) - 1;
    if (below(3) == 0) retention.glob_archives = "n[0-2]*";
    const auto pruning = PlanPruning(ledger, listing, retention, *TimeZone::Find("Europe/Amsterdam"), kPruningNow);
    if (!pruning) {
      ++accused;
      continue;
    }
    std::set<std::string> gone;
    for (const LedgerArchive* archive : pruning->drop) {
      ++dropped;
      gone.insert(archive->id);
      const bool listed = std::any_of(listing.archives.begin(), listing.archives.end(), [archive](const ListedArchive& other) {
        return other.id == archive->id && other.name == archive->name;
      });
      EXPECT_TRUE(listed);
      EXPECT_TRUE(archive >= ledger.archives.data() && archive < ledger.archives.data() + ledger.archives.size());
    }
    EXPECT_EQ(gone.size(), pruning->drop.size());
    if (gone.empty()) continue;
    const bool stays = std::any_of(ledger.archives.begin(), ledger.archives.end(), [&gone](const LedgerArchive& archive) {
      return !archive.dropped && !gone.contains(archive.id);
    });
    EXPECT_TRUE(stays);
  }
  EXPECT_GT(dropped, 1000U);
  EXPECT_GT(accused, 100U);
}

TEST(ForgetDroppedTest, TheLastDroppedStay) {
  const Ledger before =
      LedgerOf({Dropped("a", "a", "2026-11-03T10:00:00Z"), Dropped("b", "b", "2026-11-01T10:00:00Z"), Seen("c", "c"),
                Dropped("d", "d", "2026-11-02T10:00:00Z"), Dropped("e", "e", "2025-11-02T10:00:00Z")});
  const Listing listing = ListingOf({Listed("e", "e"), Listed("c", "c")});
  Ledger ledger = before;
  ForgetDropped(ledger, listing, 3);
  EXPECT_EQ(ledger, before);
  ForgetDropped(ledger, listing, 1);
  // e is still listed: were it forgotten, it would be a stranger.
  EXPECT_EQ(ledger, LedgerOf({before.archives[0], before.archives[2], before.archives[4]}));
  ForgetDropped(ledger, listing, 0);
  EXPECT_EQ(ledger, LedgerOf({before.archives[2], before.archives[4]}));
}

}  // namespace
}  // namespace borgop
