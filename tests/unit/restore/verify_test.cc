// What a restored file is compared with, and what is said of a verification.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "engine/base/rfc3339.h"
#include "engine/restore/file_hash.h"
#include "engine/restore/verify_run.h"
#include "tests/fakes/loop_fixture.h"
#include "tests/fakes/temporary_directory.h"

namespace borgop {
namespace {

using testing::HasSubstr;

TEST(CompareWithListTest, SizePermissionsTimeAndKind) {
  TemporaryDirectory directory;
  const std::string path = directory.Write("f", "abc");
  ASSERT_EQ(chmod(path.c_str(), 0640), 0);
  const timespec times[2] = {{0, 0}, {1'700'000'000, 900'000'000}};
  ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  ListedItem item;
  item.path = "f";
  item.size = 3;
  item.mode = 04640;
  item.modified = std::chrono::system_clock::from_time_t(1'700'000'000) + std::chrono::milliseconds(900);
  EXPECT_EQ(CompareWithList(item, path), std::nullopt);

  const auto said = [&](auto change) {
    ListedItem other = item;
    change(other);
    return CompareWithList(other, path).value_or("");
  };
  EXPECT_EQ(said([](ListedItem& other) { other.size = 4; }), "its size is 3 and should be 4");
  EXPECT_THAT(said([](ListedItem& other) { other.mode = 0600; }), HasSubstr("permissions"));
  EXPECT_THAT(said([](ListedItem& other) { *other.modified += std::chrono::seconds(1); }), HasSubstr("time"));
  EXPECT_THAT(said([](ListedItem& other) { other.healthy = false; }), HasSubstr("lost data"));
  EXPECT_EQ(said([](ListedItem& other) { other.modified.reset(); }), "");
  EXPECT_THAT(CompareWithList(item, directory.At("none")).value_or(""), HasSubstr("not restored"));
  EXPECT_THAT(CompareWithList(item, directory.path()).value_or(""), HasSubstr("as a file"));
}

TEST(Sha256OfFileTest, HashesAndFails) {
  TemporaryDirectory directory;
  const std::string path = directory.Write("f", "abc");
  std::filesystem::create_symlink("f", directory.At("link"));
  Result<std::string> good = Fail(Reason::kInternal, "");
  Result<std::string> link = std::string();
  Result<std::string> none = std::string();
  const auto main = [&](Context context) -> Task<void> {
    good = co_await Sha256OfFile(context, path);
    link = co_await Sha256OfFile(context, directory.At("link"));
    none = co_await Sha256OfFile(context, directory.At("none"));
  };
  RunJumping(main);
  EXPECT_EQ(good.value_or(""), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_FALSE(link);
  EXPECT_FALSE(none);
}

VerifyReport Verified() {
  VerifyReport report;
  report.target = "web";
  report.archive = ListedArchive{std::string(64, '1'), "monday", "2026-11-23T02:30:00.000000"};
  report.seed = 18446744073709551615U;
  report.files_in_archive = 200;
  report.files = 2;
  report.bytes = 1536;
  report.start = report.end = *ParseRfc3339("2026-11-24T00:00:00Z");
  return report;
}

TEST(VerifyReportTest, SaysWhatWasCompared) {
  VerifyReport report = Verified();
  EXPECT_THAT(ToText(report), HasSubstr("web: restored 2 files of 200, 1.5 KiB, of monday of 2026-11-23T02:30:00.000000 UTC (seed "
                                        "18446744073709551615)"));
  EXPECT_THAT(ToText(report), testing::Not(HasSubstr("on the target")));
  EXPECT_FALSE(nlohmann::json::parse(ToJson(report)).contains("onTarget"));
  report.against_target = true;
  report.same_on_target = 1;
  report.changed_on_target = 1;
  report.differences = {"a\xff: its time is another"};
  report.error = Error{Reason::kVerifyFailed, report.differences[0], {}};
  EXPECT_THAT(ToText(report), HasSubstr("on the target: 1 the same, 1 changed since, 0 not there any more, 0 not readable"));
  EXPECT_THAT(ToText(report), HasSubstr("differs: a\xEF\xBF\xBD: its time"));
  EXPECT_THAT(ToText(report), HasSubstr("web: VerifyFailed"));
  const auto json = nlohmann::json::parse(ToJson(report));
  EXPECT_EQ(json["seed"], 18446744073709551615U);
  EXPECT_EQ(json["onTarget"]["same"], 1);
  EXPECT_EQ(json["differences"].size(), 1U);
  EXPECT_EQ(json["error"]["kind"], "Terminal");
}

}  // namespace
}  // namespace borgop
