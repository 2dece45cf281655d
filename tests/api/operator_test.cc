// The operator program against a real control plane: what a new user meets first.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/api/operator_process.h"
#include "tests/api/played_pod.h"

namespace borgop::api_tests {
namespace {

TEST(Operator, StartsAndStopsWithWhatItIsAllowed) {
  BORGOP_NEEDS_CONTROL_PLANE();
  OperatorProcess process(ControlPlane::Shared());
  EXPECT_EQ(process.Ask("/healthz").status, 200);
  EXPECT_GT(process.Metric("borg_operator_leader").value_or(-1), 0) << process.Ask("/metrics").body;
  EXPECT_EQ(process.Stop().exit_code, 0) << process.Log();
}

}  // namespace
}  // namespace borgop::api_tests
