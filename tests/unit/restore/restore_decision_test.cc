// When a restore does not begin, and what is said of one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/base/rfc3339.h"
#include "engine/restore/place_here.h"
#include "engine/restore/restore_run.h"
#include "tests/fakes/temporary_directory.h"

namespace borgop {
namespace {

using testing::HasSubstr;

Findings Found(std::uint64_t items, std::vector<std::string> missing = {}, std::uint64_t conflicts = 0,
               const char* unsafe = nullptr) {
  Findings found;
  found.items = items;
  found.missing = std::move(missing);
  for (std::uint64_t i = 0; i < conflicts; ++i) found.conflicts.Add("file" + std::to_string(i));
  if (unsafe != nullptr) found.unsafe = unsafe;
  return found;
}

struct RestoreDecisionRow {
  const char* name;
  Findings found;
  bool overwrite;
  const char* into;
  std::optional<Reason> expected;
  const char* message = "";
};
void PrintTo(const RestoreDecisionRow& row, std::ostream* out) { *out << row.name; }

class WhyNotTest : public testing::TestWithParam<RestoreDecisionRow> {};

TEST_P(WhyNotTest, Decides) {
  const auto error = WhyNot(GetParam().found, GetParam().overwrite, "monday", GetParam().into);
  EXPECT_EQ(error ? std::optional(error->reason) : std::nullopt, GetParam().expected);
  EXPECT_THAT(error ? error->message : "", HasSubstr(GetParam().message));
}

const RestoreDecisionRow kRestoreDecisionRows[] = {
    {"Good", Found(3), false, "/x on T", std::nullopt},
    {"AbsentPath", Found(3, {"/a", "/b"}), true, "/x on T", Reason::kPathNotInArchive, "`monday` does not have `/a`, `/b`"},
    {"AbsentPathForATar", Found(3, {"/a"}), false, "", Reason::kPathNotInArchive},
    {"NothingMatches", Found(0), true, "", Reason::kPathNotInArchive, "nothing of what was asked for"},
    {"InTheWay", Found(3, {}, 2), false, "/x on T", Reason::kFilesInTheWay, "in /x on T there are already: `file0`, `file1`"},
    {"ManyInTheWay", Found(30, {}, 30), false, "/x on T", Reason::kFilesInTheWay, "`file4` and 25 more"},
    {"Overwritten", Found(3, {}, 2), true, "/x on T", std::nullopt},
    {"Unsafe", Found(3, {}, 2, "it leaves"), true, "/x on T", Reason::kArchiveUnsafe, "it leaves"},
    {"ATarIsNotUnpackedHere", Found(3, {}, 2, "it leaves"), false, "", std::nullopt},
};
INSTANTIATE_TEST_SUITE_P(Rows, WhyNotTest, testing::ValuesIn(kRestoreDecisionRows), [](const auto& row) { return row.param.name; });

RestoreReport Report() {
  RestoreReport report;
  report.target = "web";
  report.repository_path = "/srv/web";
  report.archive = ListedArchive{std::string(64, '1'), "mon\x1b", "2026-11-23T02:30:00.000000"};
  report.destination = Destination::kHere;
  report.directory = "/tmp/\xff";
  report.found = Found(3);
  report.found.files = 2;
  report.found.bytes = 1536;
  report.wrote = true;
  report.start = report.end = *ParseRfc3339("2026-11-24T00:00:00Z");
  return report;
}

TEST(RestoreReportTest, Text) {
  RestoreReport report = Report();
  EXPECT_EQ(ToText(report),
            "web: restored mon\\x1b of 2026-11-23T02:30:00.000000 UTC to /tmp/\xEF\xBF\xBD on this machine: 2 files, 1.5 KiB\n");
  report.failed = {"a: [Errno 13] no"};
  report.error = Error{Reason::kRestoreIncomplete, "not all", {}};
  EXPECT_THAT(ToText(report), HasSubstr("not restored as it was: a: [Errno 13] no\nweb: restored mon"));
  EXPECT_THAT(ToText(report), HasSubstr("\nweb: RestoreIncomplete: not all\n  "));
  report.error = Error{Reason::kConnectionLost, "cut", {}};
  EXPECT_THAT(ToText(report), HasSubstr("web: not all was restored"));
  report = Report();
  report.wrote = false;
  report.dry_run = true;
  EXPECT_THAT(ToText(report), HasSubstr("web: would restore"));
  report.dry_run = false;
  report.error = Error{Reason::kFilesInTheWay, "there is", {}};
  EXPECT_THAT(ToText(report), testing::StartsWith("web: FilesInTheWay: there is\n"));
}

TEST(RestoreReportTest, Json) {
  RestoreReport report = Report();
  report.found = Found(3, {}, 1);
  report.error = Error{Reason::kFilesInTheWay, "there is", {}};
  const auto json = nlohmann::json::parse(ToJson(report));
  EXPECT_EQ(json["archive"]["start"], "2026-11-23T02:30:00.000000Z");
  EXPECT_EQ(json["destination"]["kind"], "directory");
  EXPECT_EQ(json["destination"]["directory"], "/tmp/\xEF\xBF\xBD");
  EXPECT_EQ(json["inTheWay"]["count"], 1);
  EXPECT_EQ(json["inTheWay"]["paths"][0], "file0");
  EXPECT_EQ(json["error"]["reason"], "FilesInTheWay");
  EXPECT_EQ(json["items"], 3);
}

TEST(PlaceHereTest, LooksAndMakes) {
  TemporaryDirectory directory;
  const std::string below = directory.At("a/b");
  EXPECT_FALSE(LookHere(below)->there);
  ASSERT_TRUE(MakeDirectoryHere(below));
  ASSERT_TRUE(MakeDirectoryHere(below));
  EXPECT_TRUE(LookHere(below)->there);
  EXPECT_TRUE(LookHere(below)->empty);
  directory.Write("a/b/file", "x");
  std::filesystem::create_symlink("/etc", directory.At("a/b/l\xff"));
  std::filesystem::create_directory_symlink("..", directory.At("a/up"));
  EXPECT_FALSE(LookHere(below)->empty);
  EXPECT_THAT(LookHere(directory.At("a"))->links, testing::UnorderedElementsAre("b/l?", "up"));
  EXPECT_EQ(LookHere(directory.At("a/b/file")).error().reason, Reason::kFilesInTheWay);
  std::filesystem::create_symlink("/no/such", directory.At("dangling"));
  EXPECT_EQ(LookHere(directory.At("dangling")).error().reason, Reason::kFilesInTheWay);
  EXPECT_FALSE(MakeDirectoryHere(directory.At("a/b/file/c")));
}

}  // namespace
}  // namespace borgop
