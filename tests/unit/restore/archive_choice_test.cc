#include "engine/restore/archive_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/rfc3339.h"

namespace borgop {
namespace {

using testing::HasSubstr;

ListedArchive Archive(char id, std::string name, std::string start) {
  return {std::string(64, id), std::move(name), std::move(start)};
}

// As borg lists them: by time. Two are equally old.
Listing Three() {
  Listing listing;
  listing.archives = {Archive('1', "web-monday", "2026-11-23T02:30:00.000000"),
                      Archive('2', "web-tuesday", "2026-11-24T02:30:00.500000"),
                      Archive('3', "again", "2026-11-24T02:30:00.500000")};
  return listing;
}

std::optional<PointInTime> At(const char* text) { return ParseRfc3339(text); }

struct ArchiveChoiceRow {
  const char* name;
  ArchiveWish wish;
  const char* expected;  // its name; empty: none
  const char* message = "";
};
void PrintTo(const ArchiveChoiceRow& row, std::ostream* out) { *out << row.name; }

class ArchiveChoiceTest : public testing::TestWithParam<ArchiveChoiceRow> {};

TEST_P(ArchiveChoiceTest, Chooses) {
  const Result<ListedArchive> chosen = ChooseArchive(Three(), GetParam().wish);
  EXPECT_EQ(chosen ? chosen->name : "", GetParam().expected);
  if (chosen) return;
  EXPECT_EQ(chosen.error().reason, Reason::kArchiveMissing);
  EXPECT_THAT(chosen.error().message, HasSubstr(GetParam().message));
}

const ArchiveChoiceRow kArchiveChoiceRows[] = {
    {"Latest", {}, "again"},
    {"ByName", {"web-monday", {}}, "web-monday"},
    {"ById", {std::string(64, '2'), {}}, "web-tuesday"},
    {"AsOfItsVeryBeginning", {"latest", At("2026-11-23T02:30:00Z")}, "web-monday"},
    {"AsOfBetween", {"latest", At("2026-11-24T02:30:00Z")}, "web-monday"},
    {"AsOfLater", {"latest", At("2026-11-24T02:30:00.5Z")}, "again"},
    {"AsOfBeforeAll", {"latest", At("2026-11-23T02:29:59.999999Z")}, "", "its oldest is `web-monday` of 2026-11-23T02:30:00Z"},
    {"NearlyANameOfOne", {"web-mondya", {}}, "", "did you mean `web-monday`?"},
    {"NoNameOfAny", {"production", {}}, "", "its newest is `again`"},
    {"NotByPartOfAnId", {"2222222222", {}}, "", "no archive"},
};
INSTANTIATE_TEST_SUITE_P(Rows, ArchiveChoiceTest, testing::ValuesIn(kArchiveChoiceRows),
                         [](const auto& row) { return row.param.name; });

TEST(ArchiveChoiceTest, NewestByTimeWhateverTheOrder) {
  Listing listing = Three();
  std::swap(listing.archives[0], listing.archives[2]);
  EXPECT_EQ(ChooseArchive(listing, {})->name, "web-tuesday");
}

TEST(ArchiveChoiceTest, NothingToChooseFrom) {
  const auto chosen = ChooseArchive({}, {});
  ASSERT_FALSE(chosen);
  EXPECT_EQ(chosen.error().reason, Reason::kArchiveMissing);
}

TEST(ArchiveChoiceTest, TimeThatIsNone) {
  Listing listing = Three();
  listing.archives[1].start = "yesterday";
  const auto chosen = ChooseArchive(listing, {});
  ASSERT_FALSE(chosen);
  EXPECT_EQ(chosen.error().reason, Reason::kBorgOutputInvalid);
  EXPECT_TRUE(ChooseArchive(listing, {"web-monday", {}}));
}

}  // namespace
}  // namespace borgop
