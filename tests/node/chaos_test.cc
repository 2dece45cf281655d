// What fails beneath the operator while backups run: engines, the node's container runtime, the operator, the API server, the network. No run is
// lost or made twice, no lock is left, and the status is right afterwards.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/node/operator_fixture.h"

namespace borgop::node_tests {
namespace {

using std::chrono::seconds;
using ::testing::AnyOf;
using ::testing::IsSupersetOf;
using ::testing::SizeIs;

// A borg on B whose session of the number that is in the file `stuck` never answers.
constexpr std::string_view kStuckServer = R"sh(#!/bin/sh
case "$*" in *serve*) ;; *) exec borg "$@" ;; esac
here=${0%/*} session=1
while ! mkdir "$here/session.$session" 2>/dev/null; do session=$((session + 1)); done
[ "$session" != "$(cat "$here/stuck")" ] || { : >"$here/is-stuck"; exec sleep 1000; }
exec borg "$@"
)sh";

class Chaos : public OperatorFixture {
 protected:
  static void AddSource(const Backups& backups, int mebibytes) {
    Installed().target().Output("head -c " + std::to_string(mebibytes) + "M /dev/urandom >" + backups.source() + "/large");
  }
  // A target whose backup takes about ten seconds.
  static Backups Slow(std::string_view name, const Json& spec = Json::object()) {
    Backups backups(name);
    backups.AddPassphrase();
    AddSource(backups, 40);
    Json whole{{"limits", {{"uploadRateKiBps", 4096}}}};
    whole.merge_patch(spec);
    backups.Add("web", whole);
    return backups;
  }
  static void ExpectCreates() {
    ASSERT_TRUE(Eventually([] { return Installed().target().Run("pgrep -f '[b]org.*create'").ok(); }, seconds(120)));
  }
  static void ExpectNoBorg() {
    EXPECT_TRUE(Eventually(
        [] { return !Installed().target().Run("pgrep borg").ok() && !Installed().server().Run("pgrep borg").ok(); }, seconds(90)));
  }
  // What the status says is what B has, and nobody holds a lock on it.
  static void ExpectArchives(const Backups& backups, const std::string& name, std::size_t count) {
    const auto status = backups.Status(name);
    EXPECT_EQ(status.at("repository").at("archives"), count) << status.dump(1);
    const auto list = backups.RunBorg(name, "list --lock-wait 0 --short");
    EXPECT_EQ(std::count(list.begin(), list.end(), '\n'), count) << list;
  }
  // Also one that had a lock to break first, and says so.
  static void ExpectGood(const Json& status) {
    EXPECT_THAT(status.at("lastBackup").at("phase").get<std::string>(), AnyOf("Completed", "CompletedWithWarnings"))
        << status.dump(1);
    EXPECT_EQ(status.value("consecutiveFailures", 0), 0);
  }
  // That the log of the one pod of a run tells of.
  static std::string LastPhase(const Backups& backups, const std::string& name, const std::string& value) {
    const auto job = "job/" + backups.Jobs(name, value).at(0).at("metadata").at("name").get<std::string>();
    const auto log = Cluster().Output({"logs", "-n", backups.ns(), job, "--tail=-1"});
    const std::regex phase(R"x("event":"phase"[^\n]*"phase":"(\w+)")x");
    std::string last;
    for (std::sregex_iterator at(log.begin(), log.end(), phase), end; at != end; ++at) last = (*at)[1];
    return last;
  }
  static void KillOperator() { EXPECT_TRUE(Cluster().Run({"pkill", "-KILL", "-x", "borg-operator"}).ok()); }
};

// The places where engines are killed: whatever they wait for does not come.
class Stuck {
 public:
  Stuck(const Backups& backups, const std::string& name, std::size_t session) : dir_(backups.repositories() + "/of-" + name) {
    const auto& host = InstalledOperator::Shared().server();
    host.Output("mkdir " + dir_);
    host.WriteFile(dir_ + "/borg", kStuckServer);
    host.Output("chmod 755 " + dir_ + "/borg && chown -R backup:backup " + dir_);
    At(session);
    backups.AddServer(name, {{"borg", dir_ + "/borg"}});
    backups.Add(name, {{"serverRef", {{"name", name}}}, {"retention", {{"keepLast", 1}}}});
  }
  // 0: nowhere.
  void At(std::size_t session) const {
    InstalledOperator::Shared().server().Output("cd " + dir_ + " && rm -rf session.* is-stuck && echo " + std::to_string(session) +
                                                " >stuck");
  }
  bool IsReached() const { return InstalledOperator::Shared().server().Exists(dir_ + "/is-stuck"); }
  std::size_t Sessions() const {
    return std::stoul(InstalledOperator::Shared().server().Output("ls -d " + dir_ + "/session.* | wc -l"));
  }

 private:
  std::string dir_;
};

TEST_F(Chaos, EnginesThatAreKilledInAnyPhase) {
  const Backups backups("killed");
  backups.AddPassphrase();
  std::set<std::string> phases;
  const auto run_all = [&](const std::vector<std::string>& targets, const std::string& value) {
    for (const auto& name : targets) backups.RunNow(name, value);
    for (const auto& name : targets) {
      ExpectGood(backups.Ended(name, value));
      EXPECT_THAT(backups.Jobs(name, value), SizeIs(1));
    }
  };
  // Asks all for a run, and kills all engines once each is stuck, or has ended before it came to that.
  const auto kill_all = [&](const std::vector<std::string>& targets, const std::string& value,
                            const std::function<bool(const std::string&)>& is_stuck) {
    for (const auto& name : targets) backups.RunNow(name, value);
    std::set<std::string> waiting(targets.begin(), targets.end()), stuck;
    const auto is_over = [&](const std::string& name) {
      if (!is_stuck(name)) return backups.HasEnded(name, value);
      stuck.insert(name);
      phases.insert(LastPhase(backups, name, value));
      return true;
    };
    const auto are_over = [&] {
      std::erase_if(waiting, is_over);
      return waiting.empty();
    };
    ASSERT_TRUE(Eventually(are_over, seconds(300))) << *waiting.begin();
    EXPECT_TRUE(Cluster().Run({"pkill", "-KILL", "-x", "borg-engine"}).ok());
    for (const auto& name : stuck) {
      const auto status = backups.Ended(name, value);
      EXPECT_EQ(status.at("lastBackup").at("phase"), "Failed") << status.dump(1);
      EXPECT_EQ(status.value("consecutiveFailures", 0), 1);
      EXPECT_THAT(backups.Jobs(name, value), SizeIs(1));
    }
    ExpectNoBorg();
  };

  // Where C waits for T: for one that never says a word, and for a borg that never says its version.
  const auto& host = Installed().target();
  const auto silent = host.Start({"python3", "-c", "import socket, time\ns = socket.create_server(('', 2222))\ntime.sleep(3600)"});
  backups.MakeSecret("silent-ssh",
                     {{"ssh-privatekey", Installed().lab().ClientKey()}, {"known_hosts", host.KnownHosts({}, "[t.lab]:2222")}});
  backups.Add("connect", {{"connection", {{"port", 2222}, {"sshSecretRef", {{"name", "silent-ssh"}}}}}});
  const auto mute = backups.source() + "/borg";
  host.WriteFile(mute, "#!/bin/sh\n: >" + mute + ".asked\nexec sleep 1000\n");
  host.Output("chmod 755 " + mute + " && chown backup:backup " + mute + ' ' + backups.source());
  backups.Add("inspect", {{"borg", mute}});
  kill_all({"connect", "inspect"}, "early", [&](const std::string& name) {
    return name == "inspect" ? host.Exists(mute + ".asked") : host.Run("ss -Htn state established sport = :2222 | grep -q .").ok();
  });
  backups.Add("connect", {{"connection", {{"port", 22}, {"sshSecretRef", {{"name", "t-ssh"}}}}}});
  backups.Add("inspect", {{"borg", "borg"}});
  run_all({"connect", "inspect"}, "then");

  // Where C waits for B: in each session of a first run, and of one that finds archives to drop.
  const Stuck calm(backups, "calm", 0);
  std::size_t sessions = 0;
  for (const std::string value : {"first", "second", "third"}) {
    calm.At(0);
    run_all({"calm"}, value);
    sessions = std::max(sessions, calm.Sessions());
  }
  std::map<std::string, Stuck> all;
  std::vector<std::string> names;
  for (std::size_t session = 1; session <= sessions; ++session) {
    names.push_back("session-" + std::to_string(session));
    all.emplace(names.back(), Stuck(backups, names.back(), session));
  }
  for (const std::string value : {"first", "later"}) {
    SCOPED_TRACE(value);
    for (std::size_t session = 1; session <= sessions; ++session) all.at(names[session - 1]).At(session);
    kill_all(names, value, [&](const std::string& name) { return all.at(name).IsReached(); });
    for (const auto& [name, stuck] : all) stuck.At(0);
    run_all(names, value + "-then");
    for (const auto& name : names) ExpectArchives(backups, name, backups.Status(name).at("repository").at("archives"));
  }
  EXPECT_THAT(phases, IsSupersetOf({"connect", "inspect", "init", "create", "list", "prune", "check", "compact"}));
}

TEST_F(Chaos, AnEngineThatIsKilledWhileItSends) {
  const Backups backups = Slow("sends");
  backups.RunNow("web", "killed");
  ExpectCreates();
  std::this_thread::sleep_for(seconds(3));
  EXPECT_TRUE(Cluster().Run({"pkill", "-KILL", "-x", "borg-engine"}).ok());
  const auto status = backups.Ended("web", "killed");
  EXPECT_EQ(status.at("lastBackup").at("phase"), "Failed") << status.dump(1);
  EXPECT_EQ(status.value("consecutiveFailures", 0), 1);
  ExpectNoBorg();
  backups.RunNow("web", "next");
  ExpectGood(backups.Ended("web", "next"));
  ExpectArchives(backups, "web", 1);
}

TEST_F(Chaos, AContainerRuntimeThatStartsAgainTakesNoBackupAlong) {
  const Backups backups = Slow("runtime");
  backups.RunNow("web", "1");
  ExpectCreates();
  Cluster().Kill("containerd");
  Cluster().Start("containerd");
  const auto status = backups.Ended("web", "1");
  EXPECT_EQ(status.at("lastBackup").at("phase"), "Completed") << status.dump(1);
  ASSERT_THAT(backups.Pods("web"), SizeIs(1));
  EXPECT_EQ(backups.Pods("web")[0].at("status").at("containerStatuses")[0].at("restartCount"), 0);
  ExpectArchives(backups, "web", 1);
}

TEST_F(Chaos, AnOperatorAndAnApiServerThatEndLoseNothing) {
  const Backups backups = Slow("control");
  // Both are back while the backup runs; and only once it has ended.
  std::size_t archives = 0;
  for (const bool late : {false, true}) {
    SCOPED_TRACE(late);
    const std::string value = late ? "late" : "soon";
    backups.RunNow("web", value);
    ExpectCreates();
    KillOperator();
    Cluster().Kill("apiserver");
    if (late) ExpectNoBorg();
    Cluster().Start("apiserver");
    const auto status = backups.Ended("web", value);
    EXPECT_EQ(status.at("lastBackup").at("phase"), "Completed") << status.dump(1);
    EXPECT_THAT(backups.Jobs("web", value), SizeIs(1));
    ExpectArchives(backups, "web", ++archives);
    AddSource(backups, 40);
  }
}

TEST_F(Chaos, AServersNetworkThatIsCutAndComesBack) {
  const Backups backups = Slow("network", {{"limits", {{"retries", 2}}}});
  backups.RunNow("web", "short");
  ExpectCreates();
  Installed().server().LinkDown();
  std::this_thread::sleep_for(seconds(5));
  Installed().server().LinkUp();
  auto status = backups.Ended("web", "short");
  EXPECT_EQ(status.at("lastBackup").at("phase"), "Completed") << status.dump(1);
  ExpectArchives(backups, "web", 1);

  AddSource(backups, 40);
  backups.RunNow("web", "long");
  ExpectCreates();
  Installed().server().LinkDown();
  status = backups.Ended("web", "long");
  EXPECT_EQ(status.at("lastBackup").at("phase"), "Failed") << status.dump(1);
  EXPECT_EQ(status.at("lastBackup").at("kind"), "Transient") << status.dump(1);
  EXPECT_EQ(status.at("state"), "Retrying") << status.dump(1);
  Installed().server().LinkUp();
  EXPECT_TRUE(Eventually([&] { return backups.Status("web").value("consecutiveFailures", 0) == 0; }, seconds(240)))
      << backups.Status("web").dump(1);
  ExpectGood(backups.Status("web"));
  ExpectArchives(backups, "web", 2);
  EXPECT_EQ(backups.RunBorg("web", "check --lock-wait 0"), "");
}

}  // namespace
}  // namespace borgop::node_tests
