// The engine's side of the keeper, against a machine in memory.
#include "engine/remote/keeper.h"

#include <gtest/gtest.h>

#include "tests/fakes/loop_fixture.h"
#include "tests/unit/remote/fake_keeper.h"

namespace borgop {
namespace {

using namespace std::chrono_literals;

TEST(Keeper, LearnsWhatTheMachineHas) {
  struct Row {
    const char* name;
    std::string facts;
    bool socat, fifo, borg;
  };
  const std::vector<Row> rows = {{"everything", " socat fifo borg", true, true, true},
                                 {"nothing", "", false, false, false},
                                 {"and words of tomorrow", " fifo zstd", false, true, false}};
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    RunJumping([&](Context context) -> Task<void> {
      FakeKeeper machine("ready /tmp/borg-engine.abc" + row.facts + "\n");
      FakeConnection connection(*context.loop, machine.Program());
      const Result<std::unique_ptr<Keeper>> keeper = co_await Keeper::Start(context, connection, "borg", {});
      EXPECT_TRUE(keeper.has_value());
      if (keeper) {
        EXPECT_EQ((*keeper)->directory(), "/tmp/borg-engine.abc");
        EXPECT_EQ((*keeper)->facts().socat, row.socat);
        EXPECT_EQ((*keeper)->facts().fifo, row.fifo);
        EXPECT_EQ((*keeper)->facts().borg, row.borg);
      }
      co_await connection.Disconnect(context);
    });
  }
}

TEST(Keeper, SaysWhyThereIsNone) {
  struct Row {
    const char* name;
    std::string answer;
    Reason reason;
  };
  const std::vector<Row> rows = {{"no directory", "no-directory\n", Reason::kNoPrivateDirectory},
                                 {"another word", "hello\n", Reason::kShellUnusable},
                                 {"no path", "ready\n", Reason::kShellUnusable},
                                 {"a line without end", std::string(5000, 'r'), Reason::kShellUnusable}};
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    RunJumping([&](Context context) -> Task<void> {
      FakeKeeper machine(row.answer);
      FakeConnection connection(*context.loop, machine.Program());
      const Result<std::unique_ptr<Keeper>> keeper = co_await Keeper::Start(context, connection, "borg", {});
      EXPECT_FALSE(keeper.has_value());
      if (!keeper) {
        EXPECT_EQ(keeper.error().reason, row.reason) << keeper.error().message;
      }
      co_await connection.Disconnect(context);
    });
  }
}

TEST(Keeper, BeatsWhileItIsAttendedAndEndsWhenTold) {
  RunJumping([](Context context) -> Task<void> {
    FakeKeeper machine("ready /tmp/d\n");
    FakeConnection connection(*context.loop, machine.Program());
    Result<std::unique_ptr<Keeper>> keeper = co_await Keeper::Start(context, connection, "borg", {});
    EXPECT_TRUE(keeper.has_value());
    if (!keeper) co_return;
    TaskGroup group(context);
    group.Spawn((*keeper)->Attend(group.context()));
    co_await Sleep(context, 95s);
    EXPECT_EQ(machine.heard, "b\nb\nb\nb\nb\nb\nb\nb\nb\nb\n") << "one at once, then every 10 s";
    machine.heard.clear();
    co_await (*keeper)->Kill(context, "create");
    co_await (*keeper)->Forget(context, "create");
    co_await (*keeper)->SocketUsed(context);
    group.Stop();
    co_await group.Join();
    HookLog log;
    const bool ended = co_await (*keeper)->End(context, log);
    EXPECT_TRUE(ended);
    EXPECT_EQ(machine.heard, "k create\nf create\nu\ne\n");
    co_await connection.Disconnect(context);
  });
}

TEST(Keeper, AnEndThatIsNotConfirmedIsNotTaken) {
  RunJumping([](Context context) -> Task<void> {
    FakeKeeper machine("ready /tmp/d\n");
    machine.obeys = false;
    FakeConnection connection(*context.loop, machine.Program());
    Result<std::unique_ptr<Keeper>> keeper = co_await Keeper::Start(context, connection, "borg", {});
    EXPECT_TRUE(keeper.has_value());
    if (!keeper) co_return;
    HookLog log;
    const bool ended = co_await (*keeper)->End(context.WithTimeout(6s), log);
    EXPECT_FALSE(ended);
    co_await connection.Disconnect(context);
  });
}

TEST(Keeper, TellsOfAfterHooksAndIsAskedOnce) {
  RunJumping([](Context context) -> Task<void> {
    FakeKeeper machine("ready /tmp/d\n");
    machine.last_words = "start 0\nend 0 3 6\nended\n\nend 1 0 0\n\n";
    FakeConnection connection(*context.loop, machine.Program());
    Result<std::unique_ptr<Keeper>> keeper = co_await Keeper::Start(context, connection, "borg", {});
    EXPECT_TRUE(keeper.has_value());
    if (!keeper) co_return;
    std::vector<std::string> told;
    HookLog log([](std::size_t) {},
                [&](const HookResult& result) {
                  told.push_back(std::to_string(result.index) + " " + std::to_string(result.status) + " " + result.output);
                });
    const bool hurried = co_await (*keeper)->End(context.WithTimeout(6s), log);
    EXPECT_FALSE(hurried) << "what a hook prints is not what the keeper says";
    EXPECT_EQ(told, (std::vector<std::string>{"0 3 ended\n", "1 0 "}));
    const bool again = co_await (*keeper)->End(context.WithTimeout(6s), log);
    EXPECT_FALSE(again);
    EXPECT_EQ(machine.heard, "e\n");
    co_await connection.Disconnect(context);
  });
}

TEST(Keeper, AttendingEndsWithTheConnection) {
  RunJumping([](Context context) -> Task<void> {
    FakeKeeper machine("ready /tmp/d\n");
    FakeConnection connection(*context.loop, machine.Program());
    Result<std::unique_ptr<Keeper>> keeper = co_await Keeper::Start(context, connection, "borg", {});
    EXPECT_TRUE(keeper.has_value());
    if (!keeper) co_return;
    TaskGroup group(context);
    group.Spawn((*keeper)->Attend(group.context()));
    co_await Sleep(context, 5s);
    connection.Abort({Reason::kConnectionLost, "cut", {}});
    co_await group.Join();
    HookLog log;
    const bool ended = co_await (*keeper)->End(context, log);
    EXPECT_FALSE(ended);
    co_await connection.Disconnect(context);
  });
}

TEST(Keeper, TheScriptHasItsBorgAsOneWord) {
  EXPECT_TRUE(KeeperScript("/opt/my borg's/bin/borg", 60s).starts_with("borg='/opt/my borg'\\''s/bin/borg'\ntick=5\n"))
      << KeeperScript("/opt/my borg's/bin/borg", 60s).substr(0, 100);
}

}  // namespace
}  // namespace borgop
