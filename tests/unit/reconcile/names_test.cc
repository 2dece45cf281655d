#include "controller/reconcile/names.h"

#include <gtest/gtest.h>

#include <set>

#include "controller/api/borg_server.h"

namespace borgop::controller {
namespace {

TEST(StableHashTest, NeverChanges) {
  // The first eight bytes of SHA-256 as sha256sum prints it.
  EXPECT_EQ(StableHash(""), 0xe3b0c44298fc1c14U);
  EXPECT_EQ(StableHash("abc"), 0xba7816bf8f01cfeaU);
}

struct NamesRow {
  const char* name;
  std::string target;
};
void PrintTo(const NamesRow& row, std::ostream* out) { *out << row.name; }

class NamesTest : public testing::TestWithParam<NamesRow> {};

TEST_P(NamesTest, FitAndDiffer) {
  const std::string& target = GetParam().target;
  const std::string backup = CronJobName(target, RunKind::kBackup), maintenance = CronJobName(target, RunKind::kMaintenance);
  EXPECT_LE(backup.size(), 52U);
  EXPECT_LE(maintenance.size(), 52U);
  const std::set<std::string> all = {backup,
                                     maintenance,
                                     PlanName(target),
                                     StateName(target),
                                     RenewedJobName(target, "uid"),
                                     RunNowJobName(target, "a"),
                                     RunNowJobName(target, "b"),
                                     RetryJobName(target, "uid", 1),
                                     RetryJobName(target, "uid", 2),
                                     RetryJobName(target, "other", 1),
                                     target + "-other"};
  EXPECT_EQ(all.size(), 11U);
  for (const std::string& name : all) {
    if (name == target + "-other") continue;
    EXPECT_LE(name.size(), 63U) << name;
    EXPECT_EQ(api::ObjectNameProblem(name), "") << name;
  }
  EXPECT_LE(LabelValue(target).size(), 63U);
  EXPECT_EQ(api::ObjectNameProblem(LabelValue(target)), "");
}

// An object's name has no upper case, so a value must not become part of it as it stands.
TEST(NamesOfValuesTest, ThatDifferInCaseOnlyDiffer) {
  const std::string upper = RunNowJobName("web-01", "Release-A"), lower = RunNowJobName("web-01", "release-a");
  EXPECT_NE(upper, lower);
  for (const std::string& name : {upper, lower}) {
    EXPECT_EQ(api::ObjectNameProblem(name), "") << name;
    EXPECT_LE(name.size(), 63U);
    EXPECT_TRUE(name.starts_with("web-01-now-")) << name;
  }
}

const NamesRow kNamesRows[] = {
    {"Short", "web-01"},
    {"OneCharacter", "a"},
    {"Dots", "web.example.org"},
    {"FitsACronJob", std::string(52, 'a')},
    {"OneMore", std::string(53, 'a')},
    {"FitsALabel", std::string(63, 'a')},
    {"Longest", std::string(253, 'a')},
    {"CutAtADot", std::string(42, 'a') + "." + std::string(60, 'b')},
    {"CutAtDashes", std::string(36, 'a') + "----------" + std::string(60, 'b')},
};
INSTANTIATE_TEST_SUITE_P(Table, NamesTest, testing::ValuesIn(kNamesRows), [](const auto& row) { return row.param.name; });

TEST(NamesTest, ABackupsCronJobIsCalledAsItsTarget) {
  EXPECT_EQ(CronJobName("web-01", RunKind::kBackup), "web-01");
  EXPECT_EQ(CronJobName(std::string(52, 'a'), RunKind::kBackup), std::string(52, 'a'));
  EXPECT_EQ(LabelValue("web-01"), "web-01");
}

TEST(NamesTest, LongNamesThatBeginAlikeDiffer) {
  const std::string base(60, 'a');
  for (const RunKind kind : {RunKind::kBackup, RunKind::kMaintenance})
    EXPECT_NE(CronJobName(base + "1", kind), CronJobName(base + "2", kind));
  EXPECT_NE(PlanName(base + "1"), PlanName(base + "2"));
  EXPECT_NE(RunNowJobName(base + "1", "v"), RunNowJobName(base + "2", "v"));
  EXPECT_NE(LabelValue(base + "abcd"), LabelValue(base + "abce"));
}

}  // namespace
}  // namespace borgop::controller
