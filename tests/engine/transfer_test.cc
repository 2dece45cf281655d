// What a long transfer meets: keys that are renewed while it lasts, and a server that does not take what is sent.
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/engine/engine_fixture.h"

namespace borgop::lab {
namespace {

using std::chrono::seconds;

class TransferTest : public EngineTest {
 protected:
  // How often sshd has renewed keys, of which the first time is a connection's beginning.
  static std::size_t Rekeyings(const LabHost& host) {
    const auto log = host.SshdLog();
    std::size_t count = 0;
    for (std::size_t at = 0; (at = log.find("SSH2_MSG_NEWKEYS sent", at)) != std::string::npos; ++at) ++count;
    return count;
  }
  // The most memory that the process had resident so far, in KiB.
  static long PeakKib(pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string word; status >> word;) {
      long kib = 0;
      if (word == "VmHWM:" && status >> kib) return kib;
    }
    return 0;
  }
  long RepositoryMebibytes() const { return std::stol(b_.Output("du -sm '" + repository() + "' | cut -f1")); }
};

TEST_F(TransferTest, CrossesRekeyings) {
  const std::vector<std::string> options{"RekeyLimit=16M", "LogLevel=DEBUG1"};
  AddData(120);
  for (const auto* host : {&t_, &b_}) {
    SCOPED_TRACE(host->name());
    b_.Output("rm -rf " + repository());
    host->RestartSshd(options);
    const std::size_t before = Rekeyings(*host);
    ExpectCompleted(RunEngine(MakePlan(), seconds(120)));
    EXPECT_GE(Rekeyings(*host) - before, 5U) << "the transfer has not crossed what it was to cross";
    lab_.Restore();
    ExpectNothingLeft();
  }
  b_.Output("rm -rf " + repository());
  for (const auto* host : {&t_, &b_}) host->RestartSshd(options);
  ExpectCompleted(RunEngine(MakePlan(), seconds(120)));
  lab_.Restore();
  ExpectNextRunGood(MakePlan());
}

TEST_F(TransferTest, ServerThatStopsReadingIsWaitedForInBoundedMemory) {
  AddData(300);
  auto engine = Start(MakePlan());
  ASSERT_TRUE(WaitForPhase(engine, "create")) << engine.Err();
  ASSERT_TRUE(engine.WaitUntil([&] { return RepositoryMebibytes() >= 30; }, seconds(60))) << engine.Err();
  const auto serving = Find(b_, "borg serve");
  ASSERT_FALSE(serving.empty());
  for (const pid_t pid : serving) b_.Output("kill -STOP " + std::to_string(pid));
  const long stopped_at = RepositoryMebibytes();
  EXPECT_FALSE(engine.WaitUntil([] { return false; }, seconds(5)));
  ASSERT_TRUE(engine.Running()) << engine.Out() << engine.Err();
  EXPECT_EQ(RepositoryMebibytes(), stopped_at);
  EXPECT_LT(stopped_at, 250) << "there is too little left to send for memory to grow";
  const long peak = PeakKib(engine.pid());
  EXPECT_GT(peak, 0);
#ifndef __SANITIZE_ADDRESS__  // whose own memory is another matter
  EXPECT_LT(peak, 64 * 1024);
#endif
  for (const pid_t pid : serving) b_.Output("kill -CONT " + std::to_string(pid));
  ExpectCompleted(Finish(engine, seconds(120)));
  ExpectNextRunGood(MakePlan());
}

}  // namespace
}  // namespace borgop::lab
