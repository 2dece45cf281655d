// What a run holds B and T to, with and without a ledger that is kept.
#include "engine/run/target_ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "engine/base/finding.h"
#include "tests/unit/retention/ledgers.h"

namespace borgop {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const LedgerTime kNow = At("2026-11-26T10:00:00Z");

struct Kept {
  explicit Kept(std::optional<Ledger> known, bool adopt = false, std::string acknowledged = {})
      : ledger(std::move(known), {adopt, std::move(acknowledged), [this](const Ledger& given) -> Status {
                                    if (broken) return Fail(Reason::kStateUnusable, "no room");
                                    saved.push_back(given);
                                    return {};
                                  }}) {}
  bool broken = false;
  std::vector<Ledger> saved;
  TargetLedger ledger;
  std::vector<std::string> notices;

  Status Found(const Listing& listing) { return ledger.OnFound(listing, kNow, notices); }
};

Listing Encrypted(Listing listing, std::string mode) {
  listing.encryption = std::move(mode);
  return listing;
}

std::vector<std::string> Names(const std::vector<LedgerArchive>& archives) {
  std::vector<std::string> names;
  for (const LedgerArchive& archive : archives) names.push_back(archive.name);
  return names;
}

TEST(TargetLedgerTest, WhatTheRepositoryHasToBe) {
  Ledger known = LedgerOf({Seen("a", "x"), Dropped("d", "gone")});
  known.encryption = "repokey";
  struct Row {
    const char* name;
    Listing listing;
    std::string message;  // empty: as it has to be
  };
  for (const Row& row : std::initializer_list<Row>{
           {"AsItWas", Encrypted(ListingOf({Listed("a", "x")}), "repokey"), ""},
           {"MoreThanWasSeenMade", Encrypted(ListingOf({Listed("a", "x"), Listed("b", "y")}), "repokey"), ""},
           {"ADroppedOneIsBack", Encrypted(ListingOf({Listed("a", "x"), Listed("d", "gone")}), "repokey"), ""},
           {"AnArchiveLess", Encrypted(ListingOf({}), "repokey"), "1 is gone (x)"},
           {"AnotherUnderItsName", Encrypted(ListingOf({Listed("b", "x")}), "repokey"), "1 is another one now (x)"},
           {"AnotherRepository", Encrypted(ListingOf({Listed("a", "x")}, "e"), "repokey"), "its id is another"},
           {"Unencrypted", ListingOf({Listed("a", "x")}), "was encrypted by repokey, and now by none"}}) {
    SCOPED_TRACE(row.name);
    Kept kept(known);
    const Status fits = kept.Found(row.listing);
    EXPECT_EQ(fits.has_value(), row.message.empty());
    if (fits) continue;
    EXPECT_EQ(fits.error().reason, Reason::kRepositoryTampered);
    EXPECT_THAT(fits.error().message, HasSubstr(row.message));
    EXPECT_THAT(kept.saved, IsEmpty());
  }
}

TEST(TargetLedgerTest, ARepositoryThatWasThereIsNotMadeAgain) {
  Kept fresh(std::nullopt), known(LedgerOf({}));
  EXPECT_TRUE(TargetLedger().OnMissing("/r"));
  EXPECT_TRUE(fresh.ledger.OnMissing("/r"));
  const Status missing = known.ledger.OnMissing("/r");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().reason, Reason::kRepositoryTampered);
  EXPECT_THAT(missing.error().message, HasSubstr(Id("f") + " was at /r, and is gone"));
}

TEST(TargetLedgerTest, PinsComeFromTheLedgerAndGoIntoIt) {
  Ledger known = LedgerOf({});
  known.nonce = 7;
  known.key = Id("e");
  Kept kept(known);
  ASSERT_TRUE(kept.ledger.pins().repository && kept.ledger.pins().key);
  EXPECT_EQ(guard::Hex(*kept.ledger.pins().repository), Id("f"));
  EXPECT_EQ(guard::Hex(*kept.ledger.pins().key), Id("e"));
  EXPECT_EQ(kept.ledger.pins().nonce, 7U);
  ASSERT_TRUE(kept.Found(ListingOf({})));
  kept.ledger.pins().nonce = 9;
  ASSERT_TRUE(kept.ledger.SavePins());
  known.nonce = 9;
  EXPECT_THAT(kept.saved, ElementsAre(known));
}

TEST(TargetLedgerTest, ANewLedgerTakesInWhatIsThereOnlyWhereSomebodySaysSo) {
  const Listing listing = ListingOf({Listed("a", "x")});
  Kept without(std::nullopt), with(std::nullopt, true), known(LedgerOf({}), true);
  ASSERT_TRUE(without.Found(listing) && with.Found(listing) && known.Found(listing));
  EXPECT_THAT(without.ledger.ledger()->archives, IsEmpty());
  EXPECT_THAT(without.notices, ElementsAre(HasSubstr("adopt: true")));
  EXPECT_THAT(Names(with.ledger.ledger()->archives), ElementsAre("x"));
  EXPECT_THAT(with.notices, ElementsAre(HasSubstr("begins with 1 archives")));
  EXPECT_THAT(known.ledger.ledger()->archives, IsEmpty()) << "adopt is for the beginning alone";
}

TEST(TargetLedgerTest, ABackupIsRecordedAndSavedAtOnce) {
  Kept kept(LedgerOf({Seen("a", "x")}));
  ASSERT_TRUE(kept.Found(ListingOf({Listed("a", "x")})));
  const Listing after = ListingOf({Listed("a", "x"), Listed("b", "y")});
  EXPECT_FALSE(kept.ledger.OnSession(ListingOf({Listed("b", "y")})));
  EXPECT_TRUE(kept.ledger.OnSession(after));
  ASSERT_TRUE(kept.ledger.OnCreated(after, after.archives[1], kNow));
  ASSERT_EQ(kept.saved.size(), 1U);
  EXPECT_THAT(Names(kept.saved[0].archives), ElementsAre("x", "y"));
  EXPECT_EQ(kept.saved[0].archives[1].seen, kNow);
  // The same again is an old one that T passes off as new.
  const Status again = kept.ledger.OnCreated(after, after.archives[1], kNow);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().reason, Reason::kTargetMisbehaved);
}

// Whatever T says: also what no ledger knows, and where none is kept.
TEST(TargetLedgerTest, WhatWasThereIsNoNewBackup) {
  for (const bool keeps : {true, false}) {
    Kept kept(LedgerOf({}));
    TargetLedger unkept;
    TargetLedger& ledger = keeps ? kept.ledger : unkept;
    std::vector<std::string> notices;
    Listing listing = ListingOf({Listed("a", "a stranger's")});
    listing.unfinished = {Listed("c", "x.checkpoint")};
    ASSERT_TRUE(ledger.OnFound(listing, kNow, notices));
    listing.archives.push_back(Listed("b", "y"));
    for (const ListedArchive& old : {Listed("a", "a stranger's"), Listed("a", "renamed"), Listed("c", "x")}) {
      const Status created = ledger.OnCreated(listing, old, kNow);
      ASSERT_FALSE(created);
      EXPECT_EQ(created.error().reason, Reason::kTargetMisbehaved);
      EXPECT_EQ(created.error().message, "the target says that it made the archive \"" + old.name + "\" (" + old.id +
                                             "), which was there before this backup");
    }
    EXPECT_TRUE(ledger.OnCreated(listing, listing.archives[1], kNow));
  }
}

// Of the same id, so that the guard does not mind.
TEST(TargetLedgerTest, AnUnencryptedRepositoryInThePlaceOfAnEncryptedOneIsAccused) {
  Ledger known = LedgerOf({});
  EXPECT_TRUE(TargetLedger().OnUnencrypted());
  EXPECT_TRUE(Kept(known).ledger.OnUnencrypted()) << "nobody knows what it was";
  known.encryption = "none";
  EXPECT_TRUE(Kept(known).ledger.OnUnencrypted());
  known.encryption = "repokey";
  const Status accused = Kept(known).ledger.OnUnencrypted();
  ASSERT_FALSE(accused);
  EXPECT_EQ(accused.error().reason, Reason::kRepositoryTampered);
  EXPECT_TRUE(IsFindingId(accused.error().finding));
  EXPECT_TRUE(Kept(known, false, accused.error().finding).ledger.OnUnencrypted());
}

TEST(TargetLedgerTest, TheFirstBackupBeginsTheLedger) {
  Kept kept(std::nullopt);
  const Listing after = Encrypted(ListingOf({Listed("b", "y")}), "repokey");
  ASSERT_TRUE(kept.ledger.OnCreated(after, after.archives[0], kNow));
  ASSERT_EQ(kept.saved.size(), 1U);
  EXPECT_EQ(kept.saved[0].encryption, "repokey");
  EXPECT_THAT(Names(kept.saved[0].archives), ElementsAre("y"));
}

// Also without a ledger: what was there when the run began has to be there after the backup.
TEST(TargetLedgerTest, ABackupTakesNothingAway) {
  for (const bool keeps : {true, false}) {
    Kept kept(std::nullopt);
    TargetLedger unkept;
    TargetLedger& ledger = keeps ? kept.ledger : unkept;
    std::vector<std::string> notices;
    ASSERT_TRUE(ledger.OnFound(ListingOf({Listed("a", "x"), Listed("c", "z")}), kNow, notices));
    const Listing after = ListingOf({Listed("c", "z"), Listed("b", "y")});
    const Status fits = ledger.OnSession(after);
    ASSERT_FALSE(fits);
    EXPECT_EQ(fits.error().reason, Reason::kRepositoryTampered);
    EXPECT_THAT(fits.error().message, HasSubstr("1 is gone (x); they were there before this backup"));
    EXPECT_THAT(kept.saved, IsEmpty());
  }
}

TEST(TargetLedgerTest, DropsAreMarkedAndSavedBeforeTheyHappen) {
  Retention retention;
  retention.keep_last = 1;
  const TimeZone utc = *TimeZone::Find("");
  Kept kept(LedgerOf({Seen("a", "x", "2026-11-01T10:00:00Z"), Seen("b", "y", "2026-11-02T10:00:00Z")}));
  const Listing listing = ListingOf({Listed("a", "x"), Listed("b", "y"), Listed("c", "a stranger's")});
  ASSERT_TRUE(kept.Found(listing));
  const auto drop = kept.ledger.Drop(listing, retention, {}, utc, kNow);
  ASSERT_TRUE(drop);
  EXPECT_THAT(Names(drop->now), ElementsAre("x"));
  EXPECT_EQ(drop->later, 0U);
  ASSERT_EQ(kept.saved.size(), 1U);
  EXPECT_EQ(kept.saved[0].archives[0].dropped, kNow);
  ASSERT_TRUE(kept.ledger.OnDropped(ListingOf({Listed("b", "y"), Listed("c", "a stranger's")})));
  // Nothing to drop, nothing to save.
  kept.saved.clear();
  const auto none = kept.ledger.Drop(ListingOf({Listed("b", "y")}), retention, {}, utc, kNow);
  ASSERT_TRUE(none);
  EXPECT_THAT(none->now, IsEmpty());
  EXPECT_THAT(kept.saved, IsEmpty());

  Kept broken(LedgerOf({Seen("a", "x"), Seen("b", "y", "2026-11-02T10:00:00Z")}));
  broken.broken = true;
  EXPECT_FALSE(broken.ledger.Drop(listing, retention, {}, utc, kNow)) << "what cannot be remembered does not happen";
}

// Whoever keeps the ledger elsewhere learns of a mark only when the run is over. So one run marks, and the next, which is told, drops.
TEST(TargetLedgerTest, WhatIsHandedOnIsMarkedByOneRunAndDroppedByTheNext) {
  Retention retention;
  retention.keep_last = 1;
  const TimeZone utc = *TimeZone::Find("");
  const Listing both = ListingOf({Listed("a", "x"), Listed("b", "y")});
  std::optional<Ledger> kept = LedgerOf({Seen("a", "x", "2026-11-01T10:00:00Z"), Seen("b", "y", "2026-11-02T10:00:00Z")});
  std::vector<std::string> notices;

  TargetLedger first(kept, {});
  ASSERT_TRUE(first.OnFound(both, kNow, notices));
  const auto marked = first.Drop(both, retention, {}, utc, kNow);
  ASSERT_TRUE(marked);
  EXPECT_THAT(marked->now, IsEmpty());
  EXPECT_EQ(marked->later, 1U);

  // A run that was not told of the mark marks again, and drops nothing.
  TargetLedger untold(kept, {});
  ASSERT_TRUE(untold.OnFound(both, kNow, notices));
  EXPECT_THAT(untold.Drop(both, retention, {}, utc, kNow)->now, IsEmpty());

  ASSERT_TRUE(first.Changes());
  ASSERT_TRUE(Apply(kept, *first.Changes()));
  TargetLedger next(kept, {});
  ASSERT_TRUE(next.OnFound(both, kNow, notices));
  const auto dropped = next.Drop(both, retention, {}, utc, kNow);
  ASSERT_TRUE(dropped);
  EXPECT_THAT(Names(dropped->now), ElementsAre("x"));
  EXPECT_EQ(dropped->later, 0U);
  EXPECT_TRUE(next.OnDropped(ListingOf({Listed("b", "y")})));
}

// compactAfter: what may go stays that long, wherever the ledger is kept.
TEST(TargetLedgerTest, WhatMayGoStaysForItsQuarantine) {
  Retention retention;
  retention.keep_last = 1;
  const TimeZone utc = *TimeZone::Find("");
  const std::chrono::hours quarantine(72);
  const Listing both = ListingOf({Listed("a", "x"), Listed("b", "y")});
  const Ledger known = LedgerOf({Seen("a", "x", "2026-11-01T10:00:00Z"), Seen("b", "y", "2026-11-02T10:00:00Z")});
  Kept kept(known);
  TargetLedger elsewhere(known, {});
  for (TargetLedger* ledger : {&kept.ledger, &elsewhere}) {
    std::vector<std::string> notices;
    ASSERT_TRUE(ledger->OnFound(both, kNow, notices));
    for (const std::chrono::hours passed : {std::chrono::hours(0), std::chrono::hours(1), std::chrono::hours(71)}) {
      const auto drop = ledger->Drop(both, retention, quarantine, utc, kNow + passed);
      ASSERT_TRUE(drop);
      EXPECT_THAT(drop->now, IsEmpty());
      EXPECT_EQ(drop->later, 1U);
    }
    EXPECT_THAT(Names(ledger->Drop(both, retention, quarantine, utc, kNow + std::chrono::hours(72))->now), ElementsAre("x"));
  }
}

TEST(TargetLedgerTest, OnlyWhatIsKeptElsewhereIsHandedOn) {
  std::vector<std::string> notices;
  const Listing listing = ListingOf({Listed("a", "x")});
  Kept saved(LedgerOf({Seen("a", "x")}));
  TargetLedger none, untouched(std::nullopt, {}), begun(std::nullopt, {.adopt = true});
  ASSERT_TRUE(saved.Found(listing) && none.OnFound(listing, kNow, notices) && begun.OnFound(listing, kNow, notices));
  EXPECT_FALSE(saved.ledger.Changes());
  EXPECT_FALSE(none.Changes());
  EXPECT_FALSE(untouched.Changes()) << "nothing was found out";
  begun.pins().nonce = 5;
  ASSERT_TRUE(begun.SavePins());
  ASSERT_TRUE(begun.Changes());
  EXPECT_THAT(Names(begun.Changes()->now.archives), ElementsAre("x"));
  EXPECT_EQ(begun.Changes()->now.nonce, 5U);
}

// A person has looked into it: that very finding is passed over, once, and what is there is what is known from then on.
TEST(TargetLedgerTest, AnAcknowledgedFindingIsPassedOverAndNoOther) {
  Ledger known = LedgerOf({Seen("a", "x"), Seen("b", "y")});
  known.encryption = "repokey";
  struct Row {
    const char* name;
    Listing listing;
    std::vector<std::string> left;
  };
  std::set<std::string> findings;
  for (const Row& row : std::initializer_list<Row>{
           {"AnArchiveLess", Encrypted(ListingOf({Listed("b", "y")}), "repokey"), {"y"}},
           {"TwoLess", Encrypted(ListingOf({}), "repokey"), {}},
           {"AnotherUnderItsName", Encrypted(ListingOf({Listed("c", "x"), Listed("b", "y")}), "repokey"), {"y"}},
           {"AnotherName", Encrypted(ListingOf({Listed("a", "z"), Listed("b", "y")}), "repokey"), {"y"}},
           {"Unencrypted", ListingOf({Listed("a", "x"), Listed("b", "y")}), {"x", "y"}}}) {
    SCOPED_TRACE(row.name);
    Kept accusing(known);
    const Status accused = accusing.Found(row.listing);
    ASSERT_FALSE(accused);
    const std::string finding = accused.error().finding;
    EXPECT_TRUE(IsFindingId(finding));
    EXPECT_TRUE(findings.insert(finding).second) << "each its own";
    Kept other(known, false, FindingId({"another"}));
    EXPECT_FALSE(other.Found(row.listing));
    Kept forgiving(known, false, finding);
    const Status fits = forgiving.Found(row.listing);
    ASSERT_TRUE(fits) << fits.error().message;
    EXPECT_EQ(Names(forgiving.ledger.ledger()->archives), row.left);
    EXPECT_EQ(forgiving.ledger.ledger()->encryption, row.listing.encryption);
    EXPECT_TRUE(forgiving.ledger.OnSession(row.listing));
    EXPECT_TRUE(forgiving.ledger.pins().acknowledged.empty()) << "once";
  }
}

TEST(TargetLedgerTest, ARepositoryThatIsGoneMayBeMadeAnewOnceThatWasAcknowledged) {
  Kept accusing(LedgerOf({Seen("a", "x")}));
  const Status missing = accusing.ledger.OnMissing("/r");
  ASSERT_FALSE(missing);
  const std::string finding = missing.error().finding;
  EXPECT_TRUE(IsFindingId(finding));

  TargetLedger forgiving(LedgerOf({Seen("a", "x")}), {.acknowledged = finding});
  ASSERT_TRUE(forgiving.OnMissing("/r"));
  EXPECT_FALSE(forgiving.pins().repository);
  EXPECT_FALSE(forgiving.Changes());
  const Listing made = ListingOf({Listed("b", "y")}, "e");
  ASSERT_TRUE(forgiving.OnCreated(made, made.archives[0], kNow));
  ASSERT_TRUE(forgiving.Changes());
  EXPECT_EQ(forgiving.Changes()->replaces, Id("f"));
  EXPECT_EQ(forgiving.Changes()->now.repository_id, Id("e"));
}

// The guard lets another repository through only where it was acknowledged, and then its id is the one that is pinned.
TEST(TargetLedgerTest, AnotherRepositoryThatTheGuardLetThroughBeginsALedgerOfItsOwn) {
  Kept kept(LedgerOf({Seen("a", "x")}));
  kept.ledger.pins() = {};
  kept.ledger.pins().repository = TargetLedger(LedgerOf({}, "e"), {}).pins().repository;
  ASSERT_TRUE(kept.Found(ListingOf({Listed("b", "y")}, "e")));
  EXPECT_EQ(kept.ledger.ledger()->repository_id, Id("e"));
  EXPECT_THAT(kept.ledger.ledger()->archives, IsEmpty());
}

}  // namespace
}  // namespace borgop
