#include "engine/remote/target_socket.h"

#include <gtest/gtest.h>

#include "tests/fakes/loop_fixture.h"
#include "tests/unit/remote/fake_keeper.h"

namespace borgop {
namespace {

struct TargetSocketRow {
  const char* name;
  std::string facts;
  std::size_t scripts;  // how many are started for it
  std::string program;  // what the first of them becomes
  std::string kills;    // what Terminate asks for
};

TEST(TargetSocket, UsesWhatTheMachineHas) {
  const std::vector<TargetSocketRow> rows = {
      {"socat", " socat fifo", 1, "exec socat -b65536 UNIX-LISTEN:/tmp/d/s,mode=600,unlink-early STDIO", "k socket\n"},
      {"two pipes where there is none", " fifo", 2, "exec cat /tmp/d/i </dev/null", "k socketout\nk socket\n"},
  };
  for (const TargetSocketRow& row : rows) {
    SCOPED_TRACE(row.name);
    RunJumping([&](Context context) -> Task<void> {
      FakeKeeper machine("ready /tmp/d" + row.facts + "\n");
      FakeConnection connection(*context.loop, machine.Program());
      Result<std::unique_ptr<Keeper>> keeper = co_await Keeper::Start(context, connection, "borg", {});
      EXPECT_TRUE(keeper.has_value());
      if (!keeper) co_return;
      Result<std::unique_ptr<TargetSocket>> socket = co_await TargetSocket::Open(context, connection, **keeper);
      EXPECT_TRUE(socket.has_value());
      if (!socket) co_return;
      EXPECT_EQ(machine.scripts.size(), row.scripts);
      for (const std::string& script : machine.scripts) {
        EXPECT_NE(script.find("echo $$ >/tmp/d/p/socket"), std::string::npos) << "every process is registered: " << script;
      }
      if (!machine.scripts.empty()) {
        EXPECT_NE(machine.scripts[0].find(row.program), std::string::npos) << machine.scripts[0];
      }
      EXPECT_NE((*socket)->rsh().find("/tmp/d/"), std::string::npos);
      EXPECT_NE((*socket)->wait_until_ready().find("exit 98"), std::string::npos);
      machine.heard.clear();
      co_await (*socket)->Terminate(context);
      std::string said;
      co_await (*socket)->Close(context, said);
      co_await Sleep(context, std::chrono::seconds(1));  // for the keeper to read it
      EXPECT_TRUE(machine.heard.starts_with(row.kills)) << machine.heard;
      EXPECT_TRUE(machine.heard.ends_with("f socket\n")) << machine.heard;
      co_await connection.Disconnect(context);
    });
  }
}

TEST(TargetSocket, NeedsOneOfTheTwo) {
  RunJumping([](Context context) -> Task<void> {
    FakeKeeper machine("ready /tmp/d borg\n");
    FakeConnection connection(*context.loop, machine.Program());
    Result<std::unique_ptr<Keeper>> keeper = co_await Keeper::Start(context, connection, "borg", {});
    EXPECT_TRUE(keeper.has_value());
    if (!keeper) co_return;
    const Result<std::unique_ptr<TargetSocket>> socket = co_await TargetSocket::Open(context, connection, **keeper);
    EXPECT_FALSE(socket.has_value());
    if (!socket) {
      EXPECT_EQ(socket.error().reason, Reason::kSocketToolMissing);
    }
    EXPECT_TRUE(machine.scripts.empty());
    co_await connection.Disconnect(context);
  });
}

}  // namespace
}  // namespace borgop
