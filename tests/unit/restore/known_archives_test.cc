#include "engine/restore/known_archives.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "engine/run/ledger_file.h"
#include "tests/fakes/temporary_directory.h"
#include "tests/unit/retention/ledgers.h"

namespace borgop {
namespace {

using testing::HasSubstr;

Listing ThreeArchives() {
  Listing listing;
  listing.archives = {{Id("a"), "one", "2026-11-20T02:30:00.000000"},
                      {Id("b"), "two", "2026-11-21T02:30:00.000000"},
                      {Id("c"), "forged", "2099-01-01T00:00:00.000000"}};
  return listing;
}

TEST(KnownArchivesTest, TheNewestIsOneThatWasSeenMade) {
  const Ledger ledger = LedgerOf({Seen("a", "one"), Seen("b", "two")});
  EXPECT_EQ(ChooseKnown(ThreeArchives(), {}, nullptr)->name, "forged");
  EXPECT_EQ(ChooseKnown(ThreeArchives(), {}, &ledger)->name, "two");
  EXPECT_EQ(
      ChooseKnown(ThreeArchives(),
                  {.name = std::string(kLatest), .as_of = PointInTime(std::chrono::sys_days(std::chrono::year(2026) / 11 / 21))},
                  &ledger)
          ->name,
      "one");
  EXPECT_EQ(ChooseKnown(ThreeArchives(), {.name = "forged", .as_of = {}}, &ledger)->name, "forged") << "who names it wants it";
  EXPECT_TRUE(SeenMade(ledger, ThreeArchives().archives[0]));
  EXPECT_FALSE(SeenMade(ledger, ThreeArchives().archives[2]));
  const Ledger empty = LedgerOf({});
  const auto none = ChooseKnown(ThreeArchives(), {}, &empty);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().reason, Reason::kArchiveMissing);
  EXPECT_THAT(none.error().message, HasSubstr("none of the repository's 3 archives was seen made"));
  EXPECT_THAT(ChooseKnown({}, {}, &empty).error().message, HasSubstr("no archive yet"));
}

TEST(KnownArchivesTest, ADirectoryThatHasNothingIsNoLedger) {
  const TemporaryDirectory directory;
  const auto none = ReadKnown(directory.path(), "web");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().reason, Reason::kStateUnusable);
  EXPECT_THAT(none.error().message, HasSubstr("web.json` is not there"));
  ASSERT_TRUE((*LedgerFile::Open(directory.path(), "web"))->Write(LedgerOf({Seen("a", "one")})));
  EXPECT_EQ(ReadKnown(directory.path(), "web").value(), LedgerOf({Seen("a", "one")}));
  directory.Write("web.json", "{");
  EXPECT_EQ(ReadKnown(directory.path(), "web").error().reason, Reason::kLedgerInvalid);
}

}  // namespace
}  // namespace borgop
