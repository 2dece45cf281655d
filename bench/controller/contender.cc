#include "bench/controller/contender.h"

#include <signal.h>
#include <unistd.h>

#include <sstream>
#include <stdexcept>

#include "tests/api/operator_process.h"

// Set by bench/controller/CMakeLists.txt: BORGOP_OPERATOR.

namespace borgop::bench {
namespace {

constexpr auto kContenderEndLimit = std::chrono::seconds(30);

double MebibytesAt(const std::string& status, const std::string& field) {
  const std::size_t at = status.find('\n' + field + ':');
  return at == std::string::npos ? 0 : std::stod(status.substr(at + field.size() + 2)) / 1024;
}

}  // namespace

Contender Operator() { return {"borg-operator", BORGOP_OPERATOR}; }

lab::Process Start(const Contender& contender, const api_tests::ControlPlane& plane, const RunSettings& settings) {
  lab::Command command{.argv = {contender.program, "run", "--kubeconfig", api_tests::ShippedAccess(plane).string(),
                                "--metrics-address", "127.0.0.1:0", "--engine-image", "example.org/borg-engine:bench",
                                "--log-format", "json", "--api-rate", std::to_string(settings.api_rate)}};
  // In the images there are no authorities but the cluster's, which OpenSSL would otherwise read anew for each connection.
  command.env = {{"SSL_CERT_FILE", "/dev/null"}};
  if (settings.elect) {
    // As often as fits into the duration; 2 s where that is the default.
    const double renew = settings.lease_seconds / 7.5;
    for (const std::string& word : {std::string("--lease-duration"), std::to_string(settings.lease_seconds),
                                    std::string("--lease-renew"), std::to_string(renew)})
      command.argv.push_back(word);
  } else {
    command.argv.emplace_back("--no-leader-election");
  }
  return lab::Process(command);
}

void Stop(lab::Process& process) {
  process.Signal(SIGTERM);
  const auto ended = process.Wait(kContenderEndLimit);
  if (!ended) throw std::runtime_error("it does not end:\n" + process.Err());
  if (!ended->ok()) throw std::runtime_error("it failed:\n" + ended->err);
}

Usage UsageOf(pid_t pid) {
  const std::string directory = "/proc/" + std::to_string(pid);
  const std::string stat = lab::ReadReadable(directory + "/stat");
  const std::string status = lab::ReadReadable(directory + "/status");
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) throw std::runtime_error("a contender has ended by itself");
  // proc(5): the fields 14 and 15 are user and system time; the third follows the name.
  std::istringstream fields(stat.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return {.cpu_s = (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK)),
          .resident_mib = MebibytesAt(status, "VmRSS"),
          .peak_mib = MebibytesAt(status, "VmHWM")};
}

}  // namespace borgop::bench
