// The engine's memory does not depend on how much there is to back up.
#include <filesystem>
#include <fstream>

#include "tests/engine/engine_fixture.h"

#if defined(__SANITIZE_ADDRESS__)
#define BORGOP_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BORGOP_ASAN 1
#endif
#endif
#ifndef BORGOP_ASAN
#define BORGOP_ASAN 0
#endif

namespace borgop::lab {
namespace {

constexpr std::uintmax_t kGiB = 1024U * 1024U * 1024U;
constexpr long kLimitKib = 64 * 1024;

using MemoryTest = EngineTest;

TEST_F(MemoryTest, FourGibibytesInUnder64Mebibytes) {
  if (BORGOP_ASAN != 0) GTEST_SKIP() << "AddressSanitizer's own memory would be measured";
  const auto room = std::filesystem::space(lab_.state()).available;
  if (room < 12 * kGiB) GTEST_SKIP() << "needs 12 GiB of disk; there are " << room / kGiB;
  // A keystream: as incompressible as random bytes, and much cheaper.
  t_.Output("head -c 4294967296 /dev/zero | openssl enc -aes-128-ctr -K 00112233445566778899aabbccddeeff -iv 0 >'" + source() +
                "/big' 2>/dev/null",
            {.user = "backup", .timeout = std::chrono::seconds(180)});
  Plan plan = MakePlan();
  plan.targets[0].source.compression = "none";
  auto process = Start(plan);
  long peak = 0;
  process.WaitUntil(
      [&] {
        std::ifstream status("/proc/" + std::to_string(process.pid()) + "/status");
        for (std::string line; std::getline(status, line);) {
          if (line.starts_with("VmHWM:")) peak = std::max(peak, std::stol(line.substr(6)));
        }
        return false;
      },
      std::chrono::seconds(600));
  const auto result = Finish(process, std::chrono::seconds(10));
  ExpectCompleted(result);
  EXPECT_GT(result.target().value("bytesToServer", std::uint64_t{0}), 4 * kGiB) << result.All();
  EXPECT_GT(peak, 0);
  EXPECT_LT(peak, kLimitKib);
  RecordProperty("VmHWM_KiB", static_cast<int>(peak));
}

}  // namespace
}  // namespace borgop::lab
