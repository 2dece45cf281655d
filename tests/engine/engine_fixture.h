// What tests of the whole engine share: a plan for the lab's machines, a run of the engine in C, and what must hold afterwards.
//
// Every test has its own directory on T's and B's disk (dir()), with a small source on T, and its own TMPDIR for the engine, so
// that what a run leaves behind is found. Tests change the plan that MakePlan gives as they like; it reaches the engine as YAML on
// standard input. A test whose machines stay changed is put right by TearDown.
//
// Threading: one thread. Errors: what the lab throws fails the test at hand. Every wait is bounded.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "engine/plan/plan.h"
#include "tests/lab/lab.h"

namespace borgop::lab {

using Json = nlohmann::json;

inline constexpr std::string_view kPassphrase = "correct horse battery staple";
// Where a test does not ask how long a run may take: it takes a few seconds; on a busy machine, many.
inline constexpr std::chrono::seconds kLimit{240};

struct RunResult {
  Ended ended;
  Json report;  // null: there was none

  int exit_code() const { return ended.exit_code; }
  Json target(std::size_t index = 0) const;
  std::string outcome(std::size_t index = 0) const { return target(index).value("outcome", ""); }
  std::string reason(std::size_t index = 0) const { return Error(index, "reason"); }
  std::string kind(std::size_t index = 0) const { return Error(index, "kind"); }
  std::string message(std::size_t index = 0) const { return Error(index, "message"); }
  std::string action(std::size_t index = 0) const { return Error(index, "action"); }
  std::string last_phase(std::size_t index = 0) const;  // before cleanup
  std::string warnings(std::size_t index = 0) const { return target(index).value("warnings", Json::array()).dump(); }
  // All that there is to say about a run that went otherwise than expected.
  std::string All() const;

 private:
  std::string Error(std::size_t index, const char* what) const;
};

class EngineTest : public testing::Test {
 protected:
  explicit EngineTest(Lab& lab = Lab::Shared()) : lab_(lab) {}
  void SetUp() override;
  void TearDown() override;

  const std::string& dir() const { return dir_; }                                                 // on T and on B
  std::string source() const { return dir_ + "/source"; }                                         // on T
  std::string repository(int index = 0) const { return dir_ + "/repo" + std::to_string(index); }  // on B

  // As user "backup" on both machines, without check and compact. Targets after the first differ in name and repository.
  Plan MakePlan(int targets = 1) const;
  // With an account on B that runs nothing but what its authorized_keys says.
  Plan MakeForcedPlan(const std::string& user, const std::string& forced) const;
  // Adds `mebibytes` of random bytes to the source, as several files.
  void AddData(int mebibytes) const;

  // `borg-engine ARGS` with the plan on standard input, and these variables added to its environment.
  Process StartVerb(const Plan& plan, const std::vector<std::string>& args,
                    std::vector<std::pair<std::string, std::string>> env = {}) const;
  Process Start(const Plan& plan, const std::vector<std::string>& args = {}) const;
  // Waits for its end; past the limit it is killed, and the test fails.
  RunResult Finish(Process& process, std::chrono::seconds limit = std::chrono::seconds(60)) const;
  RunResult RunEngine(const Plan& plan, std::chrono::seconds limit = std::chrono::seconds(60),
                      const std::vector<std::string>& args = {}) const;
  // Waits until the run has entered the phase ("connect", "inspect", …, see report.h).
  static bool WaitForPhase(Process& process, const std::string& phase);

  static void ExpectCompleted(const RunResult& result);
  static void ExpectFailed(const RunResult& result, const std::string& reason, const std::string& kind, int exit_code);
  // No process, file or directory of any run on T, B and C, at the latest after `limit`.
  void ExpectNothingLeft(std::chrono::seconds limit = std::chrono::seconds(10)) const;
  // What is there of a run on T and B, a line each; empty: nothing.
  std::string MachinesRemains() const;
  // Removes what an engine that was killed has left on C, whose files a container would have taken with it.
  void ForgetClient() const;
  // Nothing is left of the run before, the next one succeeds, and borg on B finds its repository sound.
  void ExpectNextRunGood(const Plan& plan) const;
  void ExpectRepositorySound(const std::string& path, const std::string& user = "backup") const;
  // What `command` prints that borg's account on B runs among the repositories, whatever they are; it must succeed.
  std::string OnServer(const std::string& command) const;
  // The process ids on a machine of processes that have `text` in their arguments (NUL shown as a blank).
  static std::vector<pid_t> Find(const LabHost& host, const std::string& text);

  Lab& lab_;
  const LabHost& t_ = lab_.target();
  const LabHost& b_ = lab_.server();
  const LabHost& j_ = lab_.jump();
  const LabHost& c_ = lab_.client();

 private:
  std::string Remains() const;

  std::string dir_, tmp_;
};

}  // namespace borgop::lab
