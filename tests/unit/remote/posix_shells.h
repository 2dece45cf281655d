// Tests that run under each shell that /bin/sh may be.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/remote/temporary_home.h"

namespace borgop {

struct Shell {
  const char* name;
  std::vector<std::string> argv;
};

class PosixShellTest : public testing::TestWithParam<Shell> {
 protected:
  void SetUp() override {
    if (!Installed(GetParam().argv.front())) GTEST_SKIP() << GetParam().argv.front() << " is not installed";
  }
};

inline auto PosixShells() {
  return testing::Values(Shell{"dash", {"dash"}}, Shell{"bash", {"bash"}}, Shell{"busybox", {"busybox", "sh"}},
                         Shell{"mksh", {"mksh"}}, Shell{"ksh", {"ksh"}});
}
inline std::string NameOf(const testing::TestParamInfo<Shell>& shell) { return shell.param.name; }

}  // namespace borgop
