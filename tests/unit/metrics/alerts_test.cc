// The alerts in helm/files/rules.yaml as Prometheus itself evaluates them: alerts.yaml has the series, and what comes of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include "tests/lab/process.h"

namespace borgop {
namespace {

const std::string kRules = ALERT_RULES, kTests = ALERT_TESTS;

lab::Ended RunPromtool(const std::vector<std::string>& arguments) {
  lab::Command command{.argv = {"promtool"}};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  return lab::RunToEnd(command);
}

std::string Read(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::set<std::string> Found(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  std::set<std::string> names;
  for (std::sregex_iterator it(text.begin(), text.end(), regex), end; it != end; ++it) names.insert((*it)[1]);
  return names;
}

TEST(Alerts, TellWhatTheyShouldAndNothingElse) {
  if (!RunPromtool({"--version"}).ok()) GTEST_SKIP() << "no promtool (Debian's package prometheus)";
  const auto checked = RunPromtool({"check", "rules", kRules});
  EXPECT_TRUE(checked.ok()) << checked.out << checked.err;
  const auto tested = RunPromtool({"test", "rules", kTests});
  EXPECT_TRUE(tested.ok()) << tested.out << tested.err;
}

TEST(Alerts, EachIsTriedWithWhatRaisesItAndWithWhatDoesNot) {
  const auto alerts = Found(Read(kRules), R"(- alert: (\w+))");
  EXPECT_FALSE(alerts.empty());
  const auto tests = Read(kTests);
  EXPECT_EQ(Found(tests, R"(- \{alertname: (\w+), eval_time: \w+, exp_alerts: \[\]\})"), alerts);
  EXPECT_EQ(Found(tests, R"(- alertname: (\w+)\n +eval_time: \w+\n +exp_alerts:\n +- exp_labels)"), alerts);
}

}  // namespace
}  // namespace borgop
