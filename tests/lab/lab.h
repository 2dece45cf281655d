// The lab for tests: real machines T (target), B (repository server) and J (jump host), and C, where the engine runs.
//
// tools/lab.sh makes them; this is its face in C++. One lab serves all tests of a process: Lab::Shared(). A fixture calls
// Lab::Shared().Restore() when a test has changed a machine. What must not be on this machine's own network or disk (dropped packets,
// masked programs, other users) needs a lab in namespaces; such a test begins with BORGOP_NEEDS_ISOLATION().
//
// Threading: one thread. Ownership: the lab owns its hosts; it ends with the process, however that ends. Errors: std::runtime_error,
// which GoogleTest reports as a failure of the test at hand. Every wait is bounded.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/plan/plan.h"
#include "tests/lab/process.h"

namespace borgop::lab {

inline constexpr std::string_view kEncryptedKeyPassphrase = "open sesame";

struct ProcessInfo {
  pid_t pid = 0;  // in that machine
  uid_t uid = 0;
  std::string cmdline = {}, environ = {};  // arguments, or variables, each followed by NUL
};

struct RunOptions {
  std::string user = "root";
  std::string input = {};
  std::chrono::milliseconds timeout = std::chrono::seconds(60);
};

class LabHost {
 public:
  LabHost(std::filesystem::path state, std::string name, bool isolated);

  const std::string& name() const { return name_; }
  std::string address() const { return Fact("address"); }    // from C
  std::string address6() const { return Fact("address6"); }  // from C; isolated labs only
  std::string inner_address() const;                         // T and B as J reaches them, and C does not
  std::uint16_t port() const { return static_cast<std::uint16_t>(std::stoi(Fact("port"))); }
  // The ordinary user to back up as: "backup", or whoever runs the test on loopback.
  std::string user() const;
  // Public host keys as ssh-keyscan prints them, for one `type` ("ed25519", "ecdsa", "rsa") or all, under the name `as` (or address()).
  std::string KnownHosts(std::string_view type = {}, std::string_view as = {}) const;
  // On disk and not in memory: for large sources and repositories. Seen as /data in the machine.
  std::filesystem::path data() const { return isolated_ ? "/data" : state_ / name_ / "data"; }

  void AddUser(const std::string& name, const std::string& shell) const { Change({"user", name, shell}); }
  // By sh in that machine, not over SSH.
  Ended Run(const std::string& command, const RunOptions& options = {}) const;
  // The same, and its stdout; throws if it fails.
  std::string Output(const std::string& command, const RunOptions& options = {}) const;
  Process Start(std::vector<std::string> argv) const;
  void WriteFile(const std::string& path, std::string_view bytes) const;
  std::string ReadFile(const std::string& path) const;
  bool Exists(const std::string& path) const;
  std::vector<ProcessInfo> Processes() const;  // without kernel's and the machine's own: its first process and sshd's listener

  void Mask(const std::string& program) const { Change({"mask", program}); }
  void Unmask(const std::string& program) const { Change({"unmask", program}); }
  // "system", "1.2" or "1.4"; false where it is not installed.
  bool UseBorg(const std::string& version) const;
  // Take the machine's own end of all links down: what is sent to it disappears.
  void LinkDown() const;
  void LinkUp() const;
  // Drop what passes between C and this machine, both ways, with no word to either.
  void DropPackets() const;
  void PassPackets() const;
  // With Debian's configuration and these: {"RekeyLimit=16M", "ForceCommand=…"}. Ends all sessions.
  void RestartSshd(const std::vector<std::string>& options = {}) const;
  void StopSshd() const { Change({"stop-sshd"}); }
  std::string SshdLog() const { return ReadFile("/var/log/sshd.log"); }
  // /small, on B, has 64 MiB.
  void FillDisk() const { Change({"fill"}); }
  void FreeDisk() const { Change({"free"}); }
  void Change(const std::vector<std::string>& verb) const;  // see tests/lab/host.sh

 private:
  Ended TryChange(const std::vector<std::string>& verb) const;
  std::string Fact(const std::string& file) const;
  std::vector<std::string> Enter() const;

  std::filesystem::path state_;
  std::string name_;
  bool isolated_;
};

class Lab {
 public:
  // Started by the first call.
  static Lab& Shared();

  Lab();
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;
  ~Lab();

  bool isolated() const { return isolated_; }
  const std::string& why_not_isolated() const { return why_not_; }
  const LabHost& target() const { return target_; }
  const LabHost& server() const { return server_; }
  const LabHost& jump() const { return jump_; }
  const LabHost& client() const { return client_; }  // C: Run, Start, Mask, UseBorg, ReadFile and the like only
  const std::filesystem::path& state() const { return state_; }

  // A private key that all users of all machines let in: "ed25519", "ecdsa", "rsa", "encrypted" (kEncryptedKeyPassphrase).
  std::string ClientKey(std::string_view type = "ed25519") const;
  SshEndpoint Endpoint(const LabHost& host, std::string_view key_type = "ed25519") const;
  // The engine, in C.
  Process RunEngine(const std::vector<std::string>& args, const std::string& input = {},
                    const std::vector<std::pair<std::string, std::string>>& env = {}) const;
  Process StartInClient(Command command) const;
  // Gives the network of another process (a cluster's node) a way to T, B and J, through C.
  void Join(pid_t process) const;
  // Links up, packets passing, sshd as Debian has it, no program masked, the system's borg, room on /small.
  void Restore() const;

 private:
  std::filesystem::path state_;
  bool isolated_ = false;
  std::string why_not_;
  std::unique_ptr<Process> serve_;
  LabHost target_, server_, jump_, client_;
};

}  // namespace borgop::lab

#define BORGOP_NEEDS_ISOLATION()                                                                                 \
  do {                                                                                                           \
    const auto& lab_at_hand = ::borgop::lab::Lab::Shared();                                                      \
    if (!lab_at_hand.isolated()) GTEST_SKIP() << "needs network namespaces: " << lab_at_hand.why_not_isolated(); \
  } while (false)
