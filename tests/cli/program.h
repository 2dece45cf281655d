// The real borg-engine and borg-operator as child processes, as a person meets them.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/lab/process.h"

namespace borgop::clitest {

std::string Engine();
lab::Ended RunEngine(std::vector<std::string> arguments, std::string input = {});
// With nothing in its environment but `env`.
lab::Ended RunOperator(std::vector<std::string> arguments, std::vector<std::pair<std::string, std::string>> env = {});
// With `sh -c`; $E is the engine, "$1" and so on are the arguments.
lab::Ended Shell(std::string script, std::vector<std::string> arguments = {},
                 std::chrono::seconds timeout = std::chrono::seconds(60));
std::string ReadFile(const std::string& path);

// A directory of the test's own, with keys/key (Ed25519) and plan.yaml, toml: a target on a closed loopback port.
class Workspace {
 public:
  Workspace();
  ~Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  std::string Path(std::string_view name) const { return directory_ + "/" + std::string(name); }

 private:
  std::string directory_;
};

}  // namespace borgop::clitest
