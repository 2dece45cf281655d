#include "engine/retention/succession.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

namespace borgop {
namespace {

using testing::HasSubstr;

Listing Of(const std::string& archives, char repository = 'R') {
  Listing listing{std::string(64, repository), "repokey", {}};
  for (std::size_t i = 0; i + 1 < archives.size(); i += 2)
    listing.archives.push_back({std::string(64, archives[i + 1]), std::string(1, archives[i]), "2026-11-27T01:35:11.000000"});
  return listing;
}

// Archives as pairs of a name and what its id is made of.
struct SuccessionRow {
  const char* name;
  const char *before, *after;
  const char* objection;  // empty: none
};
void PrintTo(const SuccessionRow& row, std::ostream* out) { *out << row.name; }

class SuccessionTest : public testing::TestWithParam<SuccessionRow> {};

TEST_P(SuccessionTest, IsOneBackupFurther) {
  const auto objection = Objection(Of(GetParam().before), Of(GetParam().after));
  if (*GetParam().objection == '\0') {
    EXPECT_FALSE(objection) << *objection;
  } else {
    EXPECT_THAT(objection.value_or("none"), HasSubstr(GetParam().objection));
  }
}

INSTANTIATE_TEST_SUITE_P(Lists, SuccessionTest,
                         testing::Values(SuccessionRow{"Empty", "", "", ""}, SuccessionRow{"TheFirst", "", "a1", ""},
                                         SuccessionRow{"OneMore", "a1b2", "a1b2c3", ""},
                                         SuccessionRow{"TheSame", "a1b2", "a1b2", ""},
                                         SuccessionRow{"InAnotherOrder", "a1b2", "c3b2a1", ""},
                                         SuccessionRow{"TwoMore", "a1", "a1b2c3", "2 archives in it are new"},
                                         SuccessionRow{"TwoAtFirst", "", "a1b2", "2 archives in it are new"},
                                         SuccessionRow{"OneGone", "a1b2", "b2", "\"a\" is not in it any more"},
                                         SuccessionRow{"AllGone", "a1b2", "", "\"a\" is not in it any more"},
                                         SuccessionRow{"OneGoneAndOneMore", "a1b2", "b2c3", "\"a\" is not in it any more"},
                                         SuccessionRow{"AnotherUnderItsName", "a1b2", "a3b2", "\"a\" is another one"},
                                         SuccessionRow{"Swapped", "a1b2", "a2b1", "\"a\" is another one"},
                                         SuccessionRow{"Renamed", "a1", "b1", "\"a\" is not in it any more"},
                                         SuccessionRow{"UnderAnotherName", "a1", "a1b1", "\"b\" in it is an earlier one"},
                                         SuccessionRow{"Twice", "a1", "a1a1", "\"a\" is in it twice"}),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Succession, OfAnotherRepository) {
  EXPECT_THAT(Objection(Of("a1"), Of("a1b2", 'S')).value_or("none"), HasSubstr("another repository"));
}

// borg does not list these by itself, but prune deletes them.
TEST(Succession, UnfinishedOnesAreLookedAt) {
  const auto with = [](Listing listing, const std::string& unfinished) {
    listing.unfinished = Of(unfinished).archives;
    return listing;
  };
  EXPECT_FALSE(Objection(Of("a1"), with(Of("a1"), "c2"))) << "a checkpoint";
  EXPECT_FALSE(Objection(with(Of("a1"), "c2"), with(Of("a1d3"), "c2"))) << "one of an earlier backup";
  EXPECT_THAT(Objection(Of("a1"), with(Of("a1"), "c1")).value_or("none"), HasSubstr("\"c\" in it is an earlier one"));
  EXPECT_THAT(Objection(Of("a1"), with(Of("a1"), "c2d3")).value_or("none"), HasSubstr("2 archives in it are new"));
  EXPECT_THAT(Objection(Of("a1"), with(Of("a1b2"), "c3")).value_or("none"), HasSubstr("2 archives in it are new"));
  EXPECT_THAT(Objection(with(Of("a1"), "c2"), Of("a1")).value_or("none"), HasSubstr("\"c\" is not in it any more"));
  EXPECT_THAT(Objection(with(Of("a1"), "c2"), with(Of("a1b2"), "c2")).value_or("none"), HasSubstr("\"b\" in it is an earlier one"));
}

TEST(Succession, WithAnotherTime) {
  Listing after = Of("a1b2");
  after.archives[0].start = "2027-11-27T01:35:11.000000";
  EXPECT_THAT(Objection(Of("a1"), after).value_or("none"), HasSubstr("\"a\" has another time"));
}

TEST(Succession, ANameIsPrintable) {
  EXPECT_THAT(Objection(Of("\033"
                           "1"),
                        Of(""))
                  .value_or("none"),
              testing::Not(HasSubstr("\033")));
}

}  // namespace
}  // namespace borgop
