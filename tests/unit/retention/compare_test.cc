#include "engine/retention/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ledgers.h"

namespace borgop {
namespace {

using testing::HasSubstr;

template <typename Archive>
void Add(std::string& text, const char* what, const std::vector<const Archive*>& archives) {
  for (const Archive* archive : archives) text += std::string(text.empty() ? "" : " ") + what + ':' + archive->name;
}

std::string Text(const Comparison& comparison) {
  std::string text = comparison.same_repository ? "" : "other";
  Add(text, "present", comparison.present);
  Add(text, "changed", comparison.changed);
  Add(text, "renamed", comparison.renamed);
  Add(text, "missing", comparison.missing);
  Add(text, "undone", comparison.undone);
  Add(text, "stranger", comparison.strangers);
  return text;
}

struct CompareRow {
  const char* name;
  Ledger ledger;
  Listing listing;
  const char* expected;
  const char* accusation;  // null: none
};
void PrintTo(const CompareRow& row, std::ostream* out) { *out << row.name; }

class CompareTest : public testing::TestWithParam<CompareRow> {};

TEST_P(CompareTest, Says) {
  const CompareRow& row = GetParam();
  const Comparison comparison = Compare(row.ledger, row.listing);
  EXPECT_EQ(Text(comparison), row.expected);
  const Status accused = Accusation(comparison);
  ASSERT_EQ(accused.has_value(), row.accusation == nullptr);
  if (accused) return;
  EXPECT_EQ(accused.error().reason, Reason::kRepositoryTampered);
  EXPECT_THAT(accused.error().message, HasSubstr(row.accusation));
}

const CompareRow kCompareRows[] = {
    {"Nothing", LedgerOf({}), ListingOf({}), "", nullptr},
    {"AsItWas", LedgerOf({Seen("a", "x"), Seen("b", "y")}), ListingOf({Listed("b", "y"), Listed("a", "x")}), "present:x present:y",
     nullptr},
    {"DroppedAndGone", LedgerOf({Dropped("a", "x")}), ListingOf({}), "", nullptr},
    {"DroppedAndThere", LedgerOf({Dropped("a", "x")}), ListingOf({Listed("a", "x")}), "undone:x", nullptr},
    {"DroppedNameAgain", LedgerOf({Dropped("a", "x"), Seen("b", "x")}), ListingOf({Listed("b", "x")}), "present:x", nullptr},
    {"DroppedUnderOtherName", LedgerOf({Dropped("a", "x")}), ListingOf({Listed("a", "y")}), "stranger:y", nullptr},
    {"Stranger", LedgerOf({Seen("a", "x")}), ListingOf({Listed("a", "x"), Listed("b", "y")}), "present:x stranger:y", nullptr},
    {"Missing", LedgerOf({Seen("a", "x"), Seen("b", "y")}), ListingOf({Listed("b", "y")}), "present:y missing:x", "1 is gone (x)"},
    {"AllMissing", LedgerOf({Seen("a", "x"), Seen("b", "y")}), ListingOf({}), "missing:x missing:y", "2 are gone (x, y)"},
    {"Changed", LedgerOf({Seen("a", "x")}), ListingOf({Listed("b", "x")}), "changed:x stranger:x", "1 is another one now (x)"},
    {"Renamed", LedgerOf({Seen("a", "x")}), ListingOf({Listed("a", "y")}), "renamed:x stranger:y", "1 has another name now (x)"},
    {"MadeToLookUnfinished", LedgerOf({Seen("a", "x")}), ListingOf({Listed("a", "x.checkpoint")}),
     "renamed:x stranger:x.checkpoint", "1 has another name now"},
    {"Swapped", LedgerOf({Seen("a", "x"), Seen("b", "y")}), ListingOf({Listed("a", "y"), Listed("b", "x")}),
     "changed:x changed:y stranger:y stranger:x", "2 are others now (x, y)"},
    {"SecondName", LedgerOf({Seen("a", "x")}), ListingOf({Listed("a", "x"), Listed("a", "y")}), "present:x stranger:y", nullptr},
    {"OtherRepository", LedgerOf({Seen("a", "x")}), ListingOf({Listed("a", "x")}, "e"), "other present:x", "its id is another"},
    {"Many", LedgerOf({Seen("a", "x\x1b"), Seen("b", "y"), Seen("c", "z"), Seen("d", "w")}), ListingOf({}),
     "missing:x\x1b missing:y missing:z missing:w", R"(4 are gone (x\x1b, y, z, ...))"},
    {"All", LedgerOf({Seen("a", "x"), Seen("b", "y"), Seen("c", "z")}), ListingOf({Listed("d", "y"), Listed("c", "q")}),
     "changed:y renamed:z missing:x stranger:y stranger:q", "1 is gone (x), 1 is another one now (y), 1 has another name now (z)"},
};
INSTANTIATE_TEST_SUITE_P(Table, CompareTest, testing::ValuesIn(kCompareRows), [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace borgop
