#include "tests/lab/lab.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstddef>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>

// Set by tests/lab/CMakeLists.txt: BORGOP_SOURCE_DIR and, once there is an engine, BORGOP_ENGINE.

namespace borgop::lab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kStartLimit = seconds(60);
constexpr auto kChangeLimit = seconds(30);

std::string Slurp(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string FirstLine(const std::filesystem::path& path) {
  const auto text = Slurp(path);
  return text.substr(0, text.find('\n'));
}

std::string LabScript() { return std::string(BORGOP_SOURCE_DIR) + "/tools/lab.sh"; }

std::filesystem::path NewStateDirectory() {
  auto pattern = (std::filesystem::temp_directory_path() / "borgop-lab.XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::system_error(errno, std::generic_category(), "mkdtemp");
  return pattern;
}

std::string Describe(const std::string& what, const Ended& ended) {
  return what + ": exit " + std::to_string(ended.exit_code) + ", signal " + std::to_string(ended.signal) + "\n" + ended.out +
         ended.err;
}

}  // namespace

LabHost::LabHost(std::filesystem::path state, std::string name, bool isolated)
    : state_(std::move(state)), name_(std::move(name)), isolated_(isolated) {}

std::string LabHost::Fact(const std::string& file) const { return FirstLine(state_ / name_ / file); }

std::string LabHost::inner_address() const {
  if (name_ == "T") return "10.231.4.2";
  if (name_ == "B") return "10.231.5.2";
  throw std::logic_error(name_ + " has no inner address");
}

std::string LabHost::user() const {
  if (isolated_) return "backup";
  const auto ended = RunToEnd({.argv = {"id", "-un"}});
  return ended.out.substr(0, ended.out.find('\n'));
}

std::string LabHost::KnownHosts(std::string_view type, std::string_view as) const {
  std::string host(as);
  if (host.empty()) host = port() == 22 ? address() : "[" + address() + "]:" + std::to_string(port());
  std::string text;
  for (const std::string_view each : {"ed25519", "ecdsa", "rsa"}) {
    if (!type.empty() && type != each) continue;
    const auto key = FirstLine(state_ / name_ / ("ssh_host_" + std::string(each) + "_key.pub"));
    text.append(host).append(" ").append(key.substr(0, key.rfind(' '))).append("\n");  // without the comment
  }
  return text;
}

std::vector<std::string> LabHost::Enter() const { return {LabScript(), "exec", "--state", state_.string(), name_}; }

Ended LabHost::Run(const std::string& command, const RunOptions& options) const {
  auto argv = Enter();
  if (isolated_ && options.user != "root")
    argv.insert(argv.end(), {"setpriv", "--reuid", options.user, "--regid", options.user, "--init-groups", "--reset-env"});
  argv.insert(argv.end(), {"/bin/sh", "-c", command});
  return RunToEnd({.argv = std::move(argv), .input = options.input}, options.timeout);
}

std::string LabHost::Output(const std::string& command, const RunOptions& options) const {
  auto ended = Run(command, options);
  if (!ended.ok()) throw std::runtime_error(Describe(name_ + ": " + command, ended));
  return std::move(ended.out);
}

Process LabHost::Start(std::vector<std::string> argv) const {
  auto all = Enter();
  all.insert(all.end(), std::make_move_iterator(argv.begin()), std::make_move_iterator(argv.end()));
  return Process({.argv = std::move(all)});
}

// The path is an argument of its own, so that no quoting is needed.
void LabHost::WriteFile(const std::string& path, std::string_view bytes) const {
  auto argv = Enter();
  argv.insert(argv.end(), {"/bin/sh", "-c", "cat >\"$1\"", "sh", path});
  const auto ended = RunToEnd({.argv = std::move(argv), .input = std::string(bytes)});
  if (!ended.ok()) throw std::runtime_error(Describe(name_ + ": write " + path, ended));
}

std::string LabHost::ReadFile(const std::string& path) const {
  auto argv = Enter();
  argv.insert(argv.end(), {"/bin/cat", "--", path});
  auto ended = RunToEnd({.argv = std::move(argv)});
  if (!ended.ok()) throw std::runtime_error(Describe(name_ + ": read " + path, ended));
  return std::move(ended.out);
}

bool LabHost::Exists(const std::string& path) const {
  auto argv = Enter();
  argv.insert(argv.end(), {"/usr/bin/test", "-e", path, "-o", "-L", path});
  return RunToEnd({.argv = std::move(argv)}).ok();
}

std::vector<ProcessInfo> LabHost::Processes() const {
  // The machine's /proc as it is there; what ends while it is read is left out.
  const std::filesystem::path proc = "/proc/" + Fact("pid") + "/root/proc";
  std::vector<ProcessInfo> all;
  for (const auto& entry : std::filesystem::directory_iterator(proc)) {
    const auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    try {
      ProcessInfo info{.pid = std::stoi(name), .cmdline = Slurp(entry.path() / "cmdline")};
      const auto status = Slurp(entry.path() / "status");
      info.uid = static_cast<uid_t>(std::stoul(status.substr(status.find("\nUid:\t") + 6)));
      info.environ = Slurp(entry.path() / "environ");
      const bool own =
          info.pid == 1 || info.cmdline.find("[listener]") != std::string::npos || info.cmdline.starts_with("lab-idle");
      if (!own && !info.cmdline.empty()) all.push_back(std::move(info));
    } catch (const std::exception&) {
      continue;
    }
  }
  return all;
}

Ended LabHost::TryChange(const std::vector<std::string>& verb) const {
  std::vector<std::string> argv{LabScript(), "host", "--state", state_.string(), name_};
  argv.insert(argv.end(), verb.begin(), verb.end());
  return RunToEnd({.argv = std::move(argv)}, kChangeLimit);
}

void LabHost::Change(const std::vector<std::string>& verb) const {
  if (!isolated_) throw std::logic_error(verb.front() + " needs an isolated lab: begin the test with BORGOP_NEEDS_ISOLATION()");
  const auto ended = TryChange(verb);
  if (!ended.ok()) throw std::runtime_error(Describe(name_ + ": " + verb.front(), ended));
}

bool LabHost::UseBorg(const std::string& version) const {
  if (!isolated_) return version == "system";
  const auto ended = TryChange({"borg", version});
  if (ended.exit_code == 3) return false;
  if (!ended.ok()) throw std::runtime_error(Describe(name_ + ": borg " + version, ended));
  return true;
}

void LabHost::LinkDown() const { Change({"link", "down"}); }

// The other end sees its carrier a moment later.
void LabHost::LinkUp() const {
  Change({"link", "up"});
  LabHost(state_, "C", true).Change({"carrier", "to-" + name_});
}

void LabHost::DropPackets() const {
  Change({"drop", "eth0"});
  LabHost(state_, "C", true).Change({"drop", "to-" + name_});
}

void LabHost::PassPackets() const {
  Change({"pass", "eth0"});
  LabHost(state_, "C", true).Change({"pass", "to-" + name_});
}

void LabHost::RestartSshd(const std::vector<std::string>& options) const {
  std::vector<std::string> verb{"sshd"};
  for (const auto& option : options) verb.insert(verb.end(), {"-o", option});
  Change(verb);
}

Lab& Lab::Shared() {
  static Lab lab;
  return lab;
}

Lab::Lab()
    : state_(NewStateDirectory()),
      serve_(std::make_unique<Process>(Command{.argv = {LabScript(), "serve", "--state", state_.string(), "--small-disk", "64M"}})),
      target_(state_, "T", false),
      server_(state_, "B", false),
      jump_(state_, "J", false),
      client_(state_, "C", false) {
  const auto ready = [&] { return std::filesystem::exists(state_ / "ready"); };
  if (!serve_->WaitUntil(ready, kStartLimit)) throw std::runtime_error("the lab did not start:\n" + serve_->Err());
  const auto mode = FirstLine(state_ / "mode");
  isolated_ = mode == "namespaces";
  if (!isolated_) why_not_ = mode.substr(mode.find(' ') + 1);
  target_ = LabHost(state_, "T", isolated_);
  server_ = LabHost(state_, "B", isolated_);
  jump_ = LabHost(state_, "J", isolated_);
  client_ = LabHost(state_, "C", isolated_);
}

Lab::~Lab() {
  // A lab in namespaces dies with its first process; one on loopback has to be asked.
  serve_->Signal(isolated_ ? SIGKILL : SIGTERM);
  serve_->Wait(seconds(10));
  serve_.reset();
  std::error_code ignored;  // the next lab sweeps what is left
  std::filesystem::remove_all(state_, ignored);
}

std::string Lab::ClientKey(std::string_view type) const { return Slurp(state_ / "keys" / type); }

SshEndpoint Lab::Endpoint(const LabHost& host, std::string_view key_type) const {
  SshEndpoint endpoint;
  endpoint.host = host.address();
  endpoint.port = host.port();
  endpoint.user = host.user();
  endpoint.private_key = Secret(ClientKey(key_type));
  if (key_type == "encrypted") endpoint.key_passphrase = Secret(kEncryptedKeyPassphrase);
  endpoint.known_hosts = host.KnownHosts();
  return endpoint;
}

// nsenter becomes the command itself: C shares this machine's processes, so the pid is the command's own.
Process Lab::StartInClient(Command command) const {
  if (isolated_) {
    const auto ns = "/proc/" + FirstLine(state_ / "C" / "pid") + "/ns/";
    const std::vector<std::string> enter{"nsenter", "--net=" + ns + "net", "--mount=" + ns + "mnt",
                                         "--wdns=" + std::filesystem::current_path().string(), "--"};
    command.argv.insert(command.argv.begin(), enter.begin(), enter.end());
  }
  return Process(command);
}

Process Lab::RunEngine(const std::vector<std::string>& args, const std::string& input,
                       const std::vector<std::pair<std::string, std::string>>& env) const {
#ifdef BORGOP_ENGINE
  Command command{.argv = {BORGOP_ENGINE}, .input = input, .env = env};
  command.argv.insert(command.argv.end(), args.begin(), args.end());
  return StartInClient(std::move(command));
#else
  static_cast<void>(args), static_cast<void>(input), static_cast<void>(env);
  throw std::logic_error("this build has no borg-engine");
#endif
}

void Lab::Join(pid_t process) const {
  const auto ended = RunToEnd({.argv = {LabScript(), "join", "--state", state_.string(), std::to_string(process)}});
  if (!ended.ok()) throw std::runtime_error("joining the lab: " + ended.err);
}

void Lab::Restore() const {
  if (!isolated_) return;
  for (const auto* host : {&target_, &server_, &jump_}) {
    host->Change({"restore"});
    client_.Change({"carrier", "to-" + host->name()});
  }
  client_.Change({"restore"});
}

}  // namespace borgop::lab
