#include "tests/api/operator_process.h"

#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "engine/base/unique_fd.h"

// Set by tests/api/CMakeLists.txt: BORGOP_SOURCE_DIR, BORGOP_OPERATOR.

namespace borgop::api_tests {
namespace {

using std::chrono::seconds;

constexpr auto kReadyLimit = seconds(60);
constexpr auto kEndLimit = seconds(30);
constexpr auto kAnswerLimit = seconds(10);
constexpr const char* kAccount = "borg-operator";

lab::Command CommandOf(ControlPlane& plane, const OperatorProcess::Options& options) {
  plane.WithCrds();
  const auto kubeconfig = options.kubeconfig.empty() ? ShippedAccess(plane) : options.kubeconfig;
  lab::Command command{.argv = {BORGOP_OPERATOR, "run", "--kubeconfig", kubeconfig.string(), "--metrics-address", "127.0.0.1:0",
                                "--engine-image", "example.org/borg-engine:test", "--log-format", "json", "--log-level",
                                options.log_level}};
  if (!options.elect) command.argv.emplace_back("--no-leader-election");
  command.argv.insert(command.argv.end(), options.arguments.begin(), options.arguments.end());
  return command;
}

std::vector<Json> Entries(const std::string& log) {
  std::istringstream lines(log);
  std::vector<Json> entries;
  for (std::string line; std::getline(lines, line);) {
    // The last may be half written.
    if (auto entry = Json::parse(line, nullptr, false); entry.is_object()) entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace

std::filesystem::path ShippedAccess(const ControlPlane& plane) {
  auto path = plane.state() / "operator.kubeconfig";
  static std::filesystem::path made;
  if (made == path) return path;
  const Json ns{{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", kAccount}}}};
  plane.Apply(ns);
  const auto deploy = std::filesystem::path(BORGOP_SOURCE_DIR) / "deploy";
  plane.Output({"apply", "--server-side", "--force-conflicts", "-f", (deploy / "base/access.yaml").string(), "-f",
                (deploy / "cluster-wide/rbac.yaml").string()});
  auto token = plane.Output({"create", "token", kAccount, "-n", kAccount, "--duration", "24h"});
  token.erase(token.find_last_not_of('\n') + 1);
  const auto named = [](const char* what, Json value) { return Json::array({{{"name", "it"}, {what, std::move(value)}}}); };
  const Json config{
      {"apiVersion", "v1"},
      {"kind", "Config"},
      {"clusters", named("cluster", {{"server", plane.server()}, {"certificate-authority", (plane.state() / "ca.crt").string()}})},
      {"users", named("user", {{"token", token}})},
      {"contexts", named("context", {{"cluster", "it"}, {"user", "it"}, {"namespace", kAccount}})},
      {"current-context", "it"}};
  std::ofstream file(path);
  file << config.dump(2) << std::flush;
  if (!file) throw std::runtime_error("cannot write " + path.string());
  return made = path;
}

OperatorProcess::OperatorProcess(ControlPlane& plane, const Options& options) : process_(CommandOf(plane, options)) {
  const auto ready = [&] {
    if (port_ == 0) {
      const auto started = LogEntries("started");
      if (!started.empty()) port_ = started.front().value("metricsPort", std::uint16_t{0});
    }
    return port_ != 0 && Ask("/readyz").status == 200;
  };
  if (!process_.WaitUntil(ready, kReadyLimit)) throw std::runtime_error("the operator is not ready:\n" + Log());
}

std::vector<Json> OperatorProcess::LogEntries(std::string_view message) const {
  auto entries = Entries(Log());
  std::erase_if(entries, [&](const Json& entry) { return entry.value("message", "") != message; });
  return entries;
}

OperatorProcess::Answer OperatorProcess::Ask(const std::string& path) const {
  const UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval limit{.tv_sec = kAnswerLimit.count(), .tv_usec = 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const std::string request = "GET " + path + " HTTP/1.0\r\n\r\n";
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
    return {};
  std::string all;
  std::array<char, 16384> buffer{};
  for (ssize_t n = 0; (n = recv(fd.get(), buffer.data(), buffer.size(), 0)) > 0;)
    all.append(buffer.data(), static_cast<std::size_t>(n));
  const auto body = all.find("\r\n\r\n");
  if (!all.starts_with("HTTP/1.") || body == std::string::npos) return {};
  std::istringstream words(all);
  std::string version;
  int status = 0;
  words >> version >> status;
  return {status, all.substr(body + 4)};
}

std::optional<double> OperatorProcess::Metric(const std::string& series) const {
  std::istringstream lines(Ask("/metrics").body);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(series + ' ')) return std::stod(line.substr(series.size() + 1));
  }
  return std::nullopt;
}

lab::Ended OperatorProcess::Stop() {
  process_.Signal(SIGTERM);
  if (auto ended = process_.Wait(kEndLimit)) return *std::move(ended);
  throw std::runtime_error("the operator does not end:\n" + Log());
}

void OperatorProcess::Kill() {
  process_.Signal(SIGKILL);
  if (!process_.Wait(kEndLimit)) throw std::runtime_error("the operator survives SIGKILL");
}

lab::Ended RunOperator(const std::vector<std::string>& arguments) {
  lab::Command command{.argv = {BORGOP_OPERATOR}};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  return lab::RunToEnd(command);
}

}  // namespace borgop::api_tests
