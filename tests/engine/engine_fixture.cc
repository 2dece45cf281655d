#include "tests/engine/engine_fixture.h"

#include <signal.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "engine/plan/yaml_writer.h"

namespace borgop::lab {
namespace {

std::string Words(std::string cmdline) {
  std::replace(cmdline.begin(), cmdline.end(), '\0', ' ');
  return cmdline;
}

// Processes of C are this machine's: those that have the test's own TMPDIR.
std::string ClientProcesses(const std::string& tmp) {
  std::string found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    if (ReadReadable(entry.path() / "environ").find("TMPDIR=" + tmp) == std::string::npos) continue;
    found += "process on C: " + Words(ReadReadable(entry.path() / "cmdline")) + "\n";
  }
  return found;
}

}  // namespace

Json RunResult::target(std::size_t index) const {
  if (!report.is_object() || !report.contains("targets") || report["targets"].size() <= index) return Json::object();
  return report["targets"][index];
}

std::string RunResult::Error(std::size_t index, const char* what) const {
  return target(index).value("error", Json::object()).value(what, "");
}

std::string RunResult::last_phase(std::size_t index) const {
  const Json phases = target(index).value("phases", Json::array());
  return phases.size() < 2 ? "" : phases[phases.size() - 2].value("name", "");
}

std::string RunResult::All() const {
  return "exit " + std::to_string(ended.exit_code) + ", signal " + std::to_string(ended.signal) + "\n" + report.dump(1) +
         "\nstderr: " + ended.err;
}

void EngineTest::SetUp() {
  if (!lab_.isolated()) GTEST_SKIP() << "needs network namespaces: " << lab_.why_not_isolated();
  const auto* info = testing::UnitTest::GetInstance()->current_test_info();
  std::string name = std::string(info->test_suite_name()) + "." + info->name();
  std::replace(name.begin(), name.end(), '/', '_');
  dir_ = "/data/" + name;
  auto pattern = (std::filesystem::temp_directory_path() / "borgop-engine-test.XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  tmp_ = pattern;
  for (const auto* host : {&t_, &b_}) {
    host->Output("rm -rf '" + dir_ + "' && mkdir '" + dir_ + "' && chown backup:backup '" + dir_ + "'");
  }
  t_.Output("mkdir '" + source() + "' && cd '" + source() +
                "' && echo hello >hello && echo world >world && mkdir deep && seq 1000 >deep/seq",
            {.user = "backup"});
}

void EngineTest::TearDown() {
  if (dir_.empty()) return;
  lab_.Restore();
  for (const auto* host : {&t_, &b_}) host->Run("rm -rf '" + dir_ + "'");
  std::error_code ignored;
  std::filesystem::remove_all(tmp_, ignored);
}

Plan EngineTest::MakePlan(int targets) const {
  Plan plan;
  plan.server.connection = lab_.Endpoint(b_);
  plan.server.root_dir = dir_;
  for (int i = 0; i < targets; ++i) {
    Target target;
    target.name = "target" + std::to_string(i);
    target.connection = lab_.Endpoint(t_);
    target.repository.path = "repo" + std::to_string(i);
    target.repository.passphrase = Secret(kPassphrase);
    target.source.paths = {source()};
    target.maintenance.check = CheckMode::kNone;
    target.maintenance.compact = false;
    plan.targets.push_back(std::move(target));
  }
  return plan;
}

Plan EngineTest::MakeForcedPlan(const std::string& user, const std::string& forced) const {
  b_.AddUser(user, "/bin/bash");
  const std::string file = "/home/" + user + "/.ssh/authorized_keys";
  b_.Output("sed -i 's|^|command=\"" + forced + "\",restrict |' " + file + " && chmod 777 " + dir());
  Plan plan = MakePlan();
  plan.server.connection.user = user;
  return plan;
}

void EngineTest::AddData(int mebibytes) const {
  t_.Output("cd '" + source() + "' && for i in $(seq " + std::to_string((mebibytes + 9) / 10) +
                "); do dd if=/dev/urandom of=data$i bs=1M count=10 2>/dev/null || exit 1; done",
            {.user = "backup"});
}

Process EngineTest::Start(const Plan& plan, const std::vector<std::string>& args) const {
  std::vector<std::string> all{"run", "--plan", "-", "--log-format", "json"};
  all.insert(all.end(), args.begin(), args.end());
  return StartVerb(plan, all);
}

Process EngineTest::StartVerb(const Plan& plan, const std::vector<std::string>& args,
                              std::vector<std::pair<std::string, std::string>> env) const {
  env.emplace_back("TMPDIR", tmp_);
  return lab_.RunEngine(args, WriteYaml(plan), env);
}

RunResult EngineTest::Finish(Process& process, std::chrono::seconds limit) const {
  auto ended = process.Wait(limit);
  if (!ended) {
    ADD_FAILURE() << "the engine has not ended after " << limit.count() << " s\n" << process.Err();
    process.Signal(SIGKILL);
    ended = process.Wait(std::chrono::seconds(5));
  }
  RunResult result;
  if (ended) result.ended = *std::move(ended);
  std::string line = result.ended.out;
  if (!line.empty() && line.back() == '\n') line.pop_back();
  line.erase(0, line.rfind('\n') + 1);
  result.report = Json::parse(line, nullptr, false);
  if (result.report.is_discarded()) result.report = nullptr;
  return result;
}

RunResult EngineTest::RunEngine(const Plan& plan, std::chrono::seconds limit, const std::vector<std::string>& args) const {
  auto process = Start(plan, args);
  return Finish(process, limit);
}

bool EngineTest::WaitForPhase(Process& process, const std::string& phase) {
  return process.WaitForErr("\"phase\":\"" + phase + "\"", std::chrono::seconds(60));
}

void EngineTest::ExpectCompleted(const RunResult& result) {
  EXPECT_EQ(result.exit_code(), 0) << result.All();
  EXPECT_EQ(result.outcome(), "Completed") << result.All();
  EXPECT_TRUE(result.target().contains("archive")) << result.All();
}

void EngineTest::ExpectFailed(const RunResult& result, const std::string& reason, const std::string& kind, int exit_code) {
  EXPECT_EQ(result.outcome(), kind == "Cancelled" ? "Cancelled" : "Failed");
  EXPECT_EQ(result.reason(), reason);
  EXPECT_EQ(result.kind(), kind);
  EXPECT_EQ(result.exit_code(), exit_code);
  EXPECT_FALSE(result.action().empty());
  EXPECT_FALSE(result.target().contains("archive"));
  if (HasFailure()) ADD_FAILURE() << result.All();
}

std::string EngineTest::Remains() const {
  std::string found = ClientProcesses(tmp_);
  for (const auto& entry : std::filesystem::directory_iterator(tmp_)) found += "on C: " + entry.path().string() + "\n";
  return found + MachinesRemains();
}

std::string EngineTest::MachinesRemains() const {
  std::string found;
  for (const auto* host : {&t_, &b_}) {
    for (const auto& info : host->Processes()) found += "process on " + host->name() + ": " + Words(info.cmdline) + "\n";
    const auto files = host->Run("ls -d /tmp/borg-engine* /var/tmp/borg-engine* '" + dir_ + "'/.borg-engine* 2>/dev/null").out;
    if (!files.empty()) found += "on " + host->name() + ": " + files;
  }
  return found;
}

void EngineTest::ExpectNothingLeft(std::chrono::seconds limit) const {
  const auto end = std::chrono::steady_clock::now() + limit;
  std::string left = Remains();
  while (!left.empty() && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    left = Remains();
  }
  EXPECT_EQ(left, "");
}

void EngineTest::ForgetClient() const {
  for (const auto& entry : std::filesystem::directory_iterator(tmp_)) std::filesystem::remove_all(entry);
}

void EngineTest::ExpectNextRunGood(const Plan& plan) const {
  ExpectNothingLeft();
  const auto result = RunEngine(plan, std::chrono::seconds(120));
  ExpectCompleted(result);
  ExpectNothingLeft();
  ExpectRepositorySound(plan.server.root_dir + "/" + plan.targets[0].repository.path, plan.server.connection.user);
}

void EngineTest::ExpectRepositorySound(const std::string& path, const std::string& user) const {
  const auto check = b_.Run("BORG_PASSPHRASE='" + std::string(kPassphrase) + "' borg check --lock-wait 5 '" + path + "'",
                            {.user = user, .timeout = std::chrono::seconds(120)});
  EXPECT_EQ(check.exit_code, 0) << check.out << check.err;
}

std::string EngineTest::OnServer(const std::string& command) const {
  return b_.Output("export BORG_PASSPHRASE='" + std::string(kPassphrase) + "' BORG_NEW_PASSPHRASE='" + std::string(kPassphrase) +
                       "' BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes BORG_RELOCATED_REPO_ACCESS_IS_OK=yes "
                       "BORG_BASE_DIR=$(mktemp -d); cd '" +
                       dir() + "' && " + command,
                   {.user = "backup", .timeout = std::chrono::seconds(60)});
}

std::vector<pid_t> EngineTest::Find(const LabHost& host, const std::string& text) {
  std::vector<pid_t> found;
  for (const auto& info : host.Processes()) {
    if (Words(info.cmdline).find(text) != std::string::npos) found.push_back(info.pid);
  }
  return found;
}

}  // namespace borgop::lab
