#include "engine/base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <set>
#include <string_view>

#include "engine/base/result.h"

namespace borgop {
namespace {

TEST(ErrorTable, EveryReasonHasItsOwnRow) {
  for (const auto& info : AllReasons()) {
    SCOPED_TRACE(info.name);
    EXPECT_EQ(InfoOf(info.reason).name, info.name);
  }
}

TEST(ErrorTable, NamesAreUniqueAndCamelCase) {
  std::set<std::string_view> names;
  for (const auto& info : AllReasons()) {
    SCOPED_TRACE(info.name);
    EXPECT_TRUE(names.insert(info.name).second);
    ASSERT_FALSE(info.name.empty());
    EXPECT_NE(std::isupper(static_cast<unsigned char>(info.name.front())), 0);
    for (const char c : info.name) EXPECT_NE(std::isalnum(static_cast<unsigned char>(c)), 0);
  }
}

TEST(ErrorTable, AdviceIsASentence) {
  for (const auto& info : AllReasons()) {
    SCOPED_TRACE(info.name);
    EXPECT_GE(info.advice.size(), 10U);
    EXPECT_TRUE(info.advice.ends_with('.'));
  }
}

TEST(ErrorTable, KindsThatPolicyRestsOn) {
  struct Row {
    Reason reason;
    ErrorKind kind;
  };
  for (const auto& [reason, kind] :
       {Row{Reason::kConnectTimeout, ErrorKind::kTransient}, Row{Reason::kConnectionLost, ErrorKind::kTransient},
        Row{Reason::kRepositoryLocked, ErrorKind::kWaiting}, Row{Reason::kDiskFull, ErrorKind::kWaiting},
        Row{Reason::kHostKeyMismatch, ErrorKind::kTerminal}, Row{Reason::kCheckFailed, ErrorKind::kTerminal},
        Row{Reason::kCancelled, ErrorKind::kCancelled}, Row{Reason::kInternal, ErrorKind::kTerminal}}) {
    EXPECT_EQ(InfoOf(reason).kind, kind) << InfoOf(reason).name;
  }
}

TEST(ErrorKindNames, AreStable) {
  EXPECT_EQ(ToString(ErrorKind::kTransient), "Transient");
  EXPECT_EQ(ToString(ErrorKind::kWaiting), "Waiting");
  EXPECT_EQ(ToString(ErrorKind::kTerminal), "Terminal");
  EXPECT_EQ(ToString(ErrorKind::kCancelled), "Cancelled");
}

TEST(Error, OwnAdviceComesBeforeTheTables) {
  Error error{Reason::kDiskFull, "no space on B", {}};
  EXPECT_EQ(error.what_to_do(), InfoOf(Reason::kDiskFull).advice);
  error.advice = "Free space on B.";
  EXPECT_EQ(error.what_to_do(), "Free space on B.");
  EXPECT_EQ(error.name(), "DiskFull");
  EXPECT_EQ(error.kind(), ErrorKind::kWaiting);
}

TEST(ResultType, CarriesTheErrorUnchanged) {
  const Result<int> failed = Fail(Reason::kNoProgress, "silent for 60 s", "Look at the cable.");
  ASSERT_FALSE(failed.has_value());
  const Status passed_up = Fail(failed.error());
  EXPECT_EQ(passed_up.error().reason, Reason::kNoProgress);
  EXPECT_EQ(passed_up.error().message, "silent for 60 s");
  EXPECT_EQ(passed_up.error().advice, "Look at the cable.");
}

}  // namespace
}  // namespace borgop
