#include "engine/retention/adopt.h"

#include <gtest/gtest.h>

#include "engine/retention/compare.h"
#include "ledgers.h"

namespace borgop {
namespace {

const LedgerTime kNow = At("2026-11-26T10:00:00Z");

LedgerArchive Adopted(const std::string& id, std::string name, std::string_view time) {
  LedgerArchive archive = Seen(id, std::move(name), time);
  archive.adopted = true;
  return archive;
}

struct AdoptRow {
  const char* name;
  Ledger was;
  Listing listing;
  Ledger expected;
};
void PrintTo(const AdoptRow& row, std::ostream* out) { *out << row.name; }

class AdoptTest : public testing::TestWithParam<AdoptRow> {};

TEST_P(AdoptTest, TakesWhatIsThere) {
  const AdoptRow& row = GetParam();
  const auto ledger = Adopt(row.was, row.listing, kNow);
  ASSERT_TRUE(ledger) << ledger.error().message;
  Ledger expected = row.expected;
  expected.encryption = row.listing.encryption;
  EXPECT_EQ(*ledger, expected);
  EXPECT_EQ(LedgerProblem(*ledger), "");
  EXPECT_TRUE(Accusation(Compare(*ledger, row.listing)));
}

const AdoptRow kAdoptRows[] = {
    {"Fresh", {}, ListingOf({}), LedgerOf({})},
    {"WhatIsListed",
     {},
     ListingOf({Listed("a", "x", "2025-05-01T10:00:00.123456"), Listed("b", "y", "2025-05-02T10:00:00")}),
     LedgerOf({Adopted("a", "x", "2025-05-01T10:00:00.123Z"), Adopted("b", "y", "2025-05-02T10:00:00Z")})},
    {"TimesToCome",
     {},
     ListingOf({Listed("a", "x", "2030-05-01T10:00:00.000000")}),
     LedgerOf({Adopted("a", "x", "2026-11-26T10:00:00Z")})},
    {"NoTime", {}, ListingOf({Listed("a", "x", "yesterday")}), LedgerOf({Adopted("a", "x", "2026-11-26T10:00:00Z")})},
    {"Unfinished", {}, ListingOf({Listed("a", "x.checkpoint")}), LedgerOf({})},
    {"WhatCannotBeHeld",
     {},
     ListingOf({Listed("a", "\xff"), Listed("b", "y", "2025-05-02T10:00:00")}),
     LedgerOf({Adopted("b", "y", "2025-05-02T10:00:00Z")})},
    {"OneIdTwice",
     {},
     ListingOf({Listed("a", "x", "2025-05-02T10:00:00"), Listed("a", "y")}),
     LedgerOf({Adopted("a", "x", "2025-05-02T10:00:00Z")})},
    {"OneNameTwice",
     {},
     ListingOf({Listed("a", "x?", "2025-05-02T10:00:00"), Listed("b", "x?")}),
     LedgerOf({Adopted("a", "x?", "2025-05-02T10:00:00Z")})},
    {"KnownStays", LedgerOf({Seen("a", "x"), Dropped("b", "y")}),
     ListingOf({Listed("a", "x"), Listed("b", "y"), Listed("c", "z", "2025-05-02T10:00:00")}),
     LedgerOf({Seen("a", "x"), Dropped("b", "y"), Adopted("c", "z", "2025-05-02T10:00:00Z")})},
    {"AccusedGoes", LedgerOf({Seen("a", "x"), Seen("b", "y"), Seen("c", "z")}),
     ListingOf({Listed("d", "y", "2025-05-02T10:00:00"), Listed("c", "w", "2025-05-03T10:00:00")}),
     LedgerOf({Adopted("d", "y", "2025-05-02T10:00:00Z"), Adopted("c", "w", "2025-05-03T10:00:00Z")})},
    {"OtherRepository", LedgerOf({Seen("a", "x")}, "e"), ListingOf({Listed("b", "x", "2025-05-02T10:00:00")}),
     LedgerOf({Adopted("b", "x", "2025-05-02T10:00:00Z")})},
};
INSTANTIATE_TEST_SUITE_P(Table, AdoptTest, testing::ValuesIn(kAdoptRows), [](const auto& row) { return row.param.name; });

TEST(AdoptTest, TooMany) {
  Listing listing = ListingOf({});
  for (std::size_t i = 0; i <= kMaxLedgerArchives; ++i)
    listing.archives.push_back(Listed(std::to_string(i) + 'a', std::to_string(i)));
  const auto refused = Adopt({}, listing, kNow);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::kLedgerInvalid);
  listing.archives.pop_back();
  EXPECT_TRUE(Adopt({}, listing, kNow));
}

}  // namespace
}  // namespace borgop
