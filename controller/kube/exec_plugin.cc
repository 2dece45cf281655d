#include "controller/kube/exec_plugin.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "controller/kube/bounded_json.h"
#include "engine/base/pointers.h"
#include "engine/base/rfc3339.h"
#include "engine/base/unique_fd.h"

namespace borgop::kube {
namespace {

using Code = ApiError::Code;

constexpr std::size_t kMaxOutput = std::size_t{1} << 20;
constexpr std::chrono::seconds kEarly{10};  // a token is not used up to its last moment
constexpr int kLook = 100;                  // milliseconds between looks at a stop

std::vector<std::string> Environment(const ExecPlugin& plugin, const std::string& info) {
  std::vector<std::pair<std::string, std::string>> more = plugin.env;
  more.emplace_back("KUBERNETES_EXEC_INFO", info);
  std::vector<std::string> all;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const std::string_view name = text.substr(0, text.find('='));
    if (std::none_of(more.begin(), more.end(), [&](const auto& each) { return each.first == name; })) all.emplace_back(text);
  }
  for (const auto& [name, value] : more) all.push_back(name + "=" + value);
  return all;
}

// The child's whole standard output.
Result<Secret> ReadOutput(int fd, MonotonicTime deadline, const std::stop_token& stop) {
  std::string output(kMaxOutput + 1, '\0');
  std::size_t size = 0;
  const auto fail = [&](Code code, const char* message) {
    Wipe(output);
    return Fail(code, message);
  };
  while (size < output.size()) {
    if (stop.stop_requested()) return fail(Code::kCancelled, "was stopped");
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    pollfd ready{fd, POLLIN, 0};
    const int count = left <= 0 ? 0 : poll(&ready, 1, static_cast<int>(std::min<std::int64_t>(left, kLook)));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      if (count == 0 && left > kLook) continue;
      return fail(Code::kTimeout, "did not answer in time");
    }
    const ssize_t got = read(fd, output.data() + size, output.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Code::kConfig, "its output cannot be read");
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kMaxOutput) return fail(Code::kConfig, "prints more than 1 MiB");
  Secret bytes(std::string_view(output).substr(0, size));
  Wipe(output);
  return bytes;
}

// Ends the child in any case; its exit status as waitpid gives it.
int Reap(pid_t child, bool kill_it, MonotonicTime deadline, const std::stop_token& stop) {
  int status = 0;
  while (true) {
    if (kill_it) kill(child, SIGKILL);
    const pid_t reaped = waitpid(child, &status, kill_it ? 0 : WNOHANG);
    if (reaped == child || (reaped < 0 && errno != EINTR)) return status;
    kill_it = stop.stop_requested() || std::chrono::steady_clock::now() >= deadline;
    if (!kill_it) poll(nullptr, 0, 5);  // it closed its output, so it is about to end
  }
}

Result<Secret> Run(const ExecPlugin& plugin, const std::string& info, std::chrono::milliseconds timeout,
                   const std::stop_token& stop) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return Fail(Code::kConfig, std::string("no pipe: ") + std::strerror(errno));
  UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  std::vector<std::string> argv{plugin.command};
  argv.insert(argv.end(), plugin.args.begin(), plugin.args.end());
  std::vector<std::string> environment = Environment(plugin, info);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, writing.get(), STDOUT_FILENO);
  // Signals that this process blocks for its own threads are not the program's business.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t child = -1;
  const int failed =
      posix_spawnp(&child, plugin.command.c_str(), &actions, &attributes, Pointers(argv).data(), Pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  for (std::string& text : environment) Wipe(text);
  if (failed != 0) {
    const std::string hint = plugin.install_hint.empty() ? "" : " (" + plugin.install_hint + ")";
    return Fail(Code::kConfig, std::string("cannot be started: ") + std::strerror(failed) + hint);
  }
  writing = UniqueFd();
  const MonotonicTime deadline = std::chrono::steady_clock::now() + timeout;
  Result<Secret> output = ReadOutput(reading.get(), deadline, stop);
  const int status = Reap(child, !output, deadline, stop);
  if (!output) return output;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    const std::string how = WIFEXITED(status) ? "exit code " + std::to_string(WEXITSTATUS(status)) : "a signal";
    return Fail(Code::kUnauthorized, "ended with " + how + "; its standard error says why");
  }
  return output;
}

}  // namespace

Result<Credential> ReadExecCredential(std::string_view output, std::string_view api_version) {
  std::optional<nlohmann::json> object = ParseBoundedJson(output);
  if (!object || TextAt(*object, "kind") != "ExecCredential") return Fail(Code::kConfig, "prints no ExecCredential");
  if (TextAt(*object, "apiVersion") != api_version)
    return Fail(Code::kConfig, "prints an ExecCredential of another apiVersion than the kubeconfig's " + std::string(api_version));
  Credential credential;
  const auto take = [&](std::string_view key) -> Secret {
    nlohmann::json* status = object->contains("status") ? &(*object)["status"] : nullptr;
    if (status == nullptr || !status->is_object() || !status->contains(key) || !(*status)[std::string(key)].is_string()) return {};
    return Secret::Consume(std::move((*status)[std::string(key)].get_ref<std::string&>()));
  };
  credential.token = take("token");
  credential.certificate_pem = TextAt(*object, {"status", "clientCertificateData"});
  credential.key_pem = take("clientKeyData");
  if (credential.certificate_pem.empty() != credential.key_pem.empty())
    return Fail(Code::kConfig, "gives only one of clientCertificateData and clientKeyData");
  if (credential.token.empty() && credential.key_pem.empty()) return Fail(Code::kConfig, "gives neither a token nor a certificate");
  const std::string expires = TextAt(*object, {"status", "expirationTimestamp"});
  if (!expires.empty()) {
    credential.expires = ParseRfc3339(expires);
    if (!credential.expires) return Fail(Code::kConfig, "gives an expirationTimestamp that is no RFC 3339 time");
  }
  return credential;
}

ExecCredentials::ExecCredentials(ExecPlugin plugin, std::string cluster_info, Clock& clock, std::chrono::milliseconds timeout)
    : plugin_(std::move(plugin)), cluster_info_(std::move(cluster_info)), clock_(clock), timeout_(timeout) {}

Result<std::shared_ptr<const Credential>> ExecCredentials::Get(const Patience& patience) {
  std::unique_lock lock(mutex_);
  if (current_ && (!current_->expires || clock_.Wall() + kEarly < *current_->expires)) return current_;
  if (!running_) {
    auto begun = std::make_shared<Attempt>();
    thread_ = std::jthread([this, attempt = begun](const std::stop_token& stop) {
      Outcome outcome = Ask(stop);
      const std::lock_guard ended(mutex_);
      if (outcome) current_ = *outcome;
      attempt->outcome = std::move(outcome);
      running_.reset();
      changed_.notify_all();
    });
    running_ = std::move(begun);
  }
  const std::shared_ptr<Attempt> attempt = running_;
  if (changed_.wait_until(lock, patience.stop, patience.deadline, [&] { return attempt->outcome.has_value(); }))
    return *attempt->outcome;
  if (patience.stop.stop_requested()) return Fail(Code::kCancelled, "stopped");
  return Fail(Code::kTimeout, "the kubeconfig's program " + plugin_.command + " has not answered yet");
}

ExecCredentials::Outcome ExecCredentials::Ask(const std::stop_token& stop) const {
  nlohmann::json info = {{"apiVersion", plugin_.api_version}, {"kind", "ExecCredential"}, {"spec", {{"interactive", false}}}};
  if (plugin_.provide_cluster_info && !cluster_info_.empty())
    info["spec"]["cluster"] = nlohmann::json::parse(cluster_info_, nullptr, false);
  const auto named = [&](ApiError error) {
    error.message = "the kubeconfig's program " + plugin_.command + " " + error.message;
    return Fail(std::move(error));
  };
  Result<Secret> output = Run(plugin_, info.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), timeout_, stop);
  if (!output) return named(output.error());
  Result<Credential> credential = ReadExecCredential(output->Reveal(), plugin_.api_version);
  if (!credential) return named(credential.error());
  return std::make_shared<const Credential>(*std::move(credential));
}

void ExecCredentials::Reject(const std::shared_ptr<const Credential>& used) {
  const std::lock_guard lock(mutex_);
  if (used == current_) current_.reset();
}

}  // namespace borgop::kube
