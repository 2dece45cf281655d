// What tests of the installed operator begin with: machines as they were at first, and a reason to be skipped where there can be none.
#pragma once

#include <gtest/gtest.h>

#include "tests/node/installed_operator.h"

namespace borgop::node_tests {

class OperatorFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    BORGOP_NEEDS_OPERATOR();
    Installed().lab().Restore();
  }
  static InstalledOperator& Installed() { return InstalledOperator::Shared(); }
  static NodeCluster& Cluster() { return Installed().cluster(); }
};

}  // namespace borgop::node_tests
