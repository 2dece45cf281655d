// The single-use socket on T, seen from T: before, while, and after it is used.
#include "tests/engine/engine_fixture.h"

namespace borgop::lab {
namespace {

class SocketTest : public EngineTest {
 protected:
  // A run whose borg on T waits for Go() before it starts, and then takes a few seconds. `first` is run before borg.
  Process StartWaiting(const std::string& first = {}) {
    AddData(20);
    const std::string wrapper = dir() + "/slow-borg";
    t_.WriteFile(wrapper, "#!/bin/sh\nn=0\nuntil [ -e '" + dir() + "/go' ] || [ $n -gt 300 ]; do sleep 0.1; n=$((n+1)); done\n" +
                              first + "\nexec borg \"$@\"\n");
    t_.Output("chmod 755 '" + wrapper + "'");
    Plan plan = MakePlan();
    plan.targets[0].borg = wrapper;
    plan.targets[0].limits.upload_rate_kib = 5'000;
    return Start(plan);
  }
  void Go() const { t_.Output("touch '" + dir() + "/go'"); }
  std::string Modes() const {
    return t_.Run("cd /tmp && stat -c '%n %a %U %F' borg-engine.* borg-engine.*/[sio] | sed 's/borg-engine.[A-Za-z0-9]*/DIR/'").out;
  }
  bool WaitForModes(Process& process, const std::string& expected) const {
    const bool seen = process.WaitUntil([&] { return Modes() == expected; }, std::chrono::seconds(60));
    EXPECT_TRUE(seen) << "expected\n" << expected << "but there is\n" << Modes() << process.Err();
    return seen;
  }
};

TEST_F(SocketTest, IsPrivateTakesOneConnectionAndIsGone) {
  auto process = StartWaiting();
  ASSERT_TRUE(WaitForModes(process, "DIR 700 backup directory\nDIR/s 600 backup socket\n"));
  // Another name for the same socket, so that its being gone is not only its name's.
  t_.Output("ln /tmp/borg-engine.*/s /tmp/second");
  Go();
  ASSERT_TRUE(WaitForModes(process, "DIR 700 backup directory\n"));
  EXPECT_TRUE(process.Running());
  const auto second = t_.Run("socat -u /dev/null UNIX-CONNECT:/tmp/second");
  EXPECT_NE(second.exit_code, 0);
  EXPECT_NE(second.err.find("Connection refused"), std::string::npos) << second.err;
  t_.Output("rm /tmp/second");
  ExpectCompleted(Finish(process, kLimit));
  ExpectNothingLeft();
}

TEST_F(SocketTest, SomebodyElsesConnectionIsNotAnsweredTwice) {
  auto process = StartWaiting();
  ASSERT_TRUE(WaitForModes(process, "DIR 700 backup directory\nDIR/s 600 backup socket\n"));
  EXPECT_NE(t_.Run("socat -u /dev/null UNIX-CONNECT:$(echo /tmp/borg-engine.*/s)", {.user = "nobody"}).exit_code, 0);
  // The account itself may: that uses the socket up, and borg comes too late.
  t_.Output("socat -u /dev/null UNIX-CONNECT:$(echo /tmp/borg-engine.*/s)", {.user = "backup"});
  Go();
  const auto result = Finish(process, kLimit);
  EXPECT_EQ(result.outcome(), "Failed") << result.All();
  ExpectNothingLeft();
}

TEST_F(SocketTest, FifosArePrivateAndGone) {
  t_.Mask("socat");
  auto process = StartWaiting();
  ASSERT_TRUE(WaitForModes(process, "DIR 700 backup directory\nDIR/i 600 backup fifo\nDIR/o 600 backup fifo\n"));
  Go();
  ASSERT_TRUE(WaitForModes(process, "DIR 700 backup directory\n"));
  EXPECT_TRUE(process.Running());
  ExpectCompleted(Finish(process, kLimit));
  ExpectNothingLeft();
}

// The names are gone with the first byte; a cat that is slow to start must have its FIFO by then.
TEST_F(SocketTest, SlowCatsOpenTheirFifosInTime) {
  t_.Mask("socat");
  t_.Output("mkdir -p '" + dir() + "/slow'");
  t_.WriteFile(dir() + "/slow/cat",
               "#!/bin/sh\ncase \"$1 $(readlink /proc/$$/fd/0)\" in */o*) sleep 2 ;; esac\nexec /bin/cat \"$@\"\n");
  t_.Output("chmod 755 '" + dir() + "/slow/cat'");
  auto process = StartWaiting("PATH='" + dir() + "/slow':$PATH\nexport PATH");
  Go();
  ExpectCompleted(Finish(process, kLimit));
  ExpectNothingLeft();
}

TEST_F(SocketTest, AFifoThatIsTakenAwayFailsTheRun) {
  t_.Mask("socat");
  auto process = StartWaiting("mv /tmp/borg-engine.*/o '" + dir() + "/taken'");
  Go();
  const auto result = Finish(process, kLimit);
  ExpectFailed(result, "ConnectionLost", "Transient", 75);
  EXPECT_NE(result.message().find("lost its way"), std::string::npos) << result.All();  // borg may end before it has read more
  ExpectNothingLeft();
}

// The cat that writes the other one then waits in open(2) for a reader that will never come: it must not stay.
TEST_F(SocketTest, AClientThatOpensOneFifoOnlyLeavesNothing) {
  t_.Mask("socat");
  auto process = StartWaiting("echo hello >\"$(echo /tmp/borg-engine.*/i)\"\nexit 2");
  Go();
  EXPECT_EQ(Finish(process, kLimit).outcome(), "Failed");
  ExpectNothingLeft();
}

}  // namespace
}  // namespace borgop::lab
