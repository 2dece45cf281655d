#include "engine/plan/read_plan.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <thread>

#include "engine/plan/input_file.h"
#include "plan_fixture.h"

namespace borgop {
namespace {

TEST(ReadPlanFile, ReadsAPlan) {
  const test::TempDir directory;
  const Result<Plan> plan = ReadPlanFile(directory.Write("plan.yaml", test::GoodYaml()));
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  EXPECT_EQ(plan->targets.size(), 2U);
}

TEST(ReadPlanFile, NamesAFileThatCannotBeRead) {
  const test::TempDir directory;
  const std::string file = directory.File("no-such.yaml");
  EXPECT_EQ(ReadPlanFile(file).error().message, file + ": cannot be read: No such file or directory");
  EXPECT_EQ(ReadPlanFile(file).error().reason, Reason::kInvalidConfig);
}

TEST(ReadInputFile, ReadsEverySizeUpToTheLimit) {
  const test::TempDir directory;
  for (const std::size_t size : {0U, 1U, 4095U, 4096U, 4097U, 10'000U}) {
    const std::string text(size, 'x');
    const std::string file = directory.Write("file", text);
    EXPECT_EQ(ReadInputFile(file, 10'000).value(), text);
  }
  EXPECT_EQ(ReadInputFile(directory.Write("file", std::string(10'001, 'x')), 10'000).error().message, "is larger than 10000 bytes");
  EXPECT_EQ(ReadInputFile("/dev/zero", 10'000).error().message, "is larger than 10000 bytes");
}

TEST(ReadInputFile, ReadsAPipe) {
  const test::TempDir directory;
  const std::string fifo = directory.File("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  const std::string text(200'000, 'y');
  std::thread writer([&] { directory.Write("fifo", text); });
  const Result<std::string> read = ReadInputFile(fifo, 1'000'000);
  writer.join();
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(*read, text);
}

}  // namespace
}  // namespace borgop
