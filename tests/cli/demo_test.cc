// ./dev demo-engine, as a person runs it, with the engine that is built already: nothing builds or sets up below ctest.
#include <gmock/gmock.h>

#include <filesystem>

#include "tests/cli/program.h"

namespace borgop::clitest {
namespace {

using testing::HasSubstr;
using testing::Not;

// Runs `command` with $1 as TMPDIR; then the processes that still have that in their environment or command line are written to "$2", a line
// each. In the same shell, as what it started ends with it.
lab::Ended RunThenLook(const std::string& command, const std::string& directory, const std::string& left) {
  return Shell(command + R"(
code=$?
for process in /proc/[0-9]*; do
  [[ ${process#/proc/} != "$$" ]] || continue
  ! grep -qsF -- "$1" "$process/environ" "$process/cmdline" || { tr '\0' ' ' <"$process/cmdline"; echo; }
done >"$2"
exit $code)",
               {directory, left, BORGOP_SOURCE_DIR}, std::chrono::minutes(5));
}

TEST(Demo, OfTheEngineRestoresAnIdenticalFileAndLeavesNothing) {
  const Workspace workspace;
  const std::string directory = workspace.Path("demo");
  std::filesystem::create_directory(directory);
  const lab::Ended ended = RunThenLook(R"(TMPDIR=$1 "$3"/dev demo-engine --prebuilt)", directory, workspace.Path("left"));
  EXPECT_EQ(ended.exit_code, 0) << ended.out << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("The restored file is identical. Nothing of this is left."));
  EXPECT_THAT(ended.err, Not(HasSubstr("building")));
  EXPECT_TRUE(std::filesystem::is_empty(directory)) << Shell("find \"$1\"", {directory}).out;
  EXPECT_EQ(ReadFile(workspace.Path("left")), "");
  EXPECT_THAT(ReadFile("/proc/self/mounts"), Not(HasSubstr(directory)));
}

// What the test above goes by when it finds no process.
TEST(Demo, AProcessThatIsLeftIsFound) {
  const Workspace workspace;
  RunThenLook("TMPDIR=$1 sleep 60 &", workspace.Path("demo"), workspace.Path("left"));
  EXPECT_THAT(ReadFile(workspace.Path("left")), HasSubstr("sleep 60"));
}

}  // namespace
}  // namespace borgop::clitest
