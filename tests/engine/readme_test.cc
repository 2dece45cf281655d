// README.md: its commands get from two machines to a restored file, without Kubernetes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/lab/lab.h"

namespace borgop::lab {
namespace {

using testing::HasSubstr;

Ended RunPage(const std::string& heading) {
  return RunToEnd({.argv = {BORGOP_SOURCE_DIR "/tests/lab/page.sh", "README.md", heading, Lab::Shared().state().string()},
                   .env = {{"BORGOP_ENGINE", BORGOP_ENGINE}}},
                  std::chrono::minutes(10));
}

TEST(Readme, ItsCommandsRestoreAFile) {
  BORGOP_NEEDS_ISOLATION();
  const Ended ended = RunPage("## Without Kubernetes");
  EXPECT_EQ(ended.exit_code, 0) << ended.out << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("identical\n"));
}

TEST(Readme, WhatIsNotThereIsNotRun) {
  BORGOP_NEEDS_ISOLATION();
  EXPECT_EQ(RunPage("## With a Turing machine").exit_code, 1);
}

}  // namespace
}  // namespace borgop::lab
