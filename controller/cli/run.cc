#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <iostream>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

#include "controller/cli/cluster_options.h"
#include "controller/cli/signals.h"
#include "controller/cli/verbs.h"
#include "controller/kube/leader_elector.h"
#include "controller/metrics/http_endpoint.h"
#include "controller/runtime/controller.h"
#include "controller/runtime/measured_http.h"
#include "engine/command_line/log_options.h"
#include "engine/report/report.h"
#include "engine/version.h"

namespace borgop::cli {
namespace {

using namespace std::chrono_literals;

struct RunArguments {
  ClusterOptions cluster;
  std::vector<std::string> namespaces;
  runtime::Controller::Options controller;
  double rate = 50;
  bool elect = true;
  std::string lease_namespace;
  int lease_duration = 15;  // seconds
  double lease_renew = 2;
  std::string metrics_address = ":8080";
  LogOptions log;
};

logging::Log MakeLog(const RunArguments& options) {
  const bool text = options.log.format == "text" || (options.log.format == "auto" && isatty(STDERR_FILENO) == 1);
  logging::Level level = logging::Level::kInfo;
  if (options.log.level == "debug") level = logging::Level::kDebug;
  if (options.log.level == "warning") level = logging::Level::kWarning;
  if (options.log.level == "error") level = logging::Level::kError;
  return {text ? logging::Format::kText : logging::Format::kJson, level};
}

// Of this process alone: a pod's name is used again by none while it runs, but people also run several on one machine.
std::string Identity() {
  char host[256] = "unknown";
  gethostname(host, sizeof host - 1);
  std::random_device random;
  return std::string(host) + '_' + std::to_string(getpid()) + '_' + std::to_string(random());
}

kube::Client::Options ClientOptions(double rate) {
  kube::Client::Options options;
  options.rate = rate;
  options.burst = 2 * rate;
  return options;
}

kube::LeaseTimes LeaseTimesOf(const RunArguments& options) {
  const std::chrono::seconds duration(options.lease_duration);
  return {duration, std::max<std::chrono::seconds>(duration / 3, 1s),
          std::chrono::milliseconds(static_cast<std::int64_t>(options.lease_renew * 1000))};
}

// Of the elector: one attempt, and so short that a renewal that fails leaves time for another.
kube::Client::Options LeaseClientOptions(const kube::LeaseTimes& times) {
  kube::Client::Options options;
  options.attempts = 1;
  options.timeout = std::chrono::milliseconds(times.duration - times.margin) / 5;
  return options;
}

// Leads from the start where there is nobody to agree with.
class Lead {
 public:
  Lead(kube::Client& client, const RunArguments& options, const std::string& ns, const std::string& identity,
       metrics::ControllerMetrics& metrics, logging::Log log)
      : metrics_(metrics), log_(std::move(log)) {
    if (!options.elect) {
      metrics_.SetLeader(true);
      return;
    }
    kube::LeaderElector::Options election;
    election.lease = {options.lease_namespace.empty() ? ns : options.lease_namespace, "borg-operator"};
    election.identity = identity;
    election.times = LeaseTimesOf(options);
    kube::LeaderElector::Callbacks callbacks;
    callbacks.on_leading = [this] { Won(); };
    callbacks.on_lost = [this](const std::string& why) { Lost(why); };
    callbacks.on_error = [this](const kube::ApiError& error) {
      SetProblem(kube::Describe(error));
      log_.Warning("the Lease could not be read or renewed", {{"error", kube::Describe(error)}});
    };
    callbacks.on_success = [this] { SetProblem({}); };
    log_.Info("candidate for the lead", {{"lease", election.lease.ToString()}, {"identity", election.identity}});
    elector_ = std::make_unique<kube::LeaderElector>(client, election, callbacks);
    thread_ = std::jthread([this](const std::stop_token& stop) { elector_->Run(stop); });
  }

  bool Holds() const { return elector_ == nullptr || elector_->IsLeader(); }
  // Blocks until this process leads; false when `stop` came first.
  bool Await(const std::stop_token& stop) {
    if (elector_ == nullptr) return true;
    std::unique_lock lock(mutex_);
    return changed_.wait(lock, stop, [this] { return won_; });
  }
  // Why it is not known who leads; nullopt: it is.
  std::optional<std::string> Problem() const {
    const std::lock_guard lock(mutex_);
    return problem_.empty() ? std::nullopt : std::optional("the Lease could not be read or renewed: " + problem_);
  }
  // Requested once the lead is lost.
  std::stop_token lost() const { return lost_.get_token(); }
  // Gives the lead away, at the end of all work.
  void Release() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
    metrics_.SetLeader(false);
  }

 private:
  void Won() {
    log_.Info("this process leads now");
    metrics_.SetLeader(true);
    const std::lock_guard lock(mutex_);
    won_ = true;
    changed_.notify_all();
  }
  void Lost(const std::string& why) {
    log_.Error("the lead is lost", {{"reason", why}});
    metrics_.SetLeader(false);
    lost_.request_stop();
  }

  void SetProblem(std::string problem) {
    const std::lock_guard lock(mutex_);
    problem_ = std::move(problem);
  }

  metrics::ControllerMetrics& metrics_;
  const logging::Log log_;
  std::unique_ptr<kube::LeaderElector> elector_;
  mutable std::mutex mutex_;
  std::string problem_;
  std::condition_variable_any changed_;
  bool won_ = false;
  std::stop_source lost_;
  std::jthread thread_;  // last: it uses all the others
};

Result<std::unique_ptr<metrics::HttpEndpoint>> Listen(const std::string& address, runtime::Controller& controller, const Lead& lead,
                                                      metrics::ControllerMetrics& metrics) {
  if (address == "off") return std::unique_ptr<metrics::HttpEndpoint>();
  metrics::HttpEndpoint::Callbacks callbacks;
  callbacks.collect = [&] {
    controller.Measure();
    std::vector<prometheus::MetricFamily> families = metrics.Collect();
    for (prometheus::MetricFamily& family : metrics::DescribeTargets(controller.Samples())) families.push_back(std::move(family));
    return families;
  };
  callbacks.healthy = [&] { return controller.Stuck().value_or(""); };
  callbacks.ready = [&] { return controller.Unsynced().value_or(lead.Problem().value_or("")); };
  return metrics::HttpEndpoint::Listen(address, std::move(callbacks));
}

int Run(const RunArguments& options) {
  if (const std::string problem = kube::CheckLeaseTimes(LeaseTimesOf(options)); !problem.empty()) {
    std::cerr << "borg-operator run: --lease-duration and --lease-renew do not fit together: " << problem
              << " (a third of the duration, and at least a second)\n";
    return exit_code::kUsage;
  }
  const logging::Log log = MakeLog(options);
  kube::Result<Cluster> cluster = Connect(options.cluster);
  if (!cluster) return ReportClusterError("run", {}, cluster.error());
  metrics::ControllerMetrics metrics;
  runtime::MeasuredHttp http(*cluster->http, metrics);
  kube::Client watcher(http, ClientOptions(options.rate));
  kube::Client lease_client(http, LeaseClientOptions(LeaseTimesOf(options)));

  std::stop_source stop;
  const StopOnSignal on_signal(stop);
  const std::string identity = Identity();
  Lead lead(lease_client, options, cluster->ns, identity, metrics, log);
  kube::Client::Options changing = ClientOptions(options.rate);
  changing.may_change = [&] { return lead.Holds(); };
  kube::Client client(http, changing);
  const std::stop_callback on_lost(lead.lost(), [&] { stop.request_stop(); });

  runtime::Controller::Options controller_options = options.controller;
  controller_options.namespaces = options.namespaces;
  controller_options.instance = identity;
  controller_options.lost = lead.lost();
  runtime::Controller controller(
      client, watcher, controller_options, [&] { return lead.Holds(); }, metrics, log);
  const Result<std::unique_ptr<metrics::HttpEndpoint>> endpoint = Listen(options.metrics_address, controller, lead, metrics);
  if (!endpoint) {
    std::cerr << "borg-operator run: " << endpoint.error().message << "\n" << endpoint.error().what_to_do() << "\n";
    return exit_code::kUsage;
  }
  log.Info("started", {{"version", kVersion},
                       {"server", cluster->server},
                       {"namespaces", options.namespaces.empty() ? nlohmann::json("all") : nlohmann::json(options.namespaces)},
                       {"metricsPort", *endpoint ? (*endpoint)->port() : 0}});
  controller.Start();
  if (controller.WaitForSync(stop.get_token()) && lead.Await(stop.get_token())) {
    log.Info("working", {{"workers", controller_options.workers}});
    controller.Work(stop.get_token());
  }
  const bool lost = lead.lost().stop_requested();
  lead.Release();
  log.Info("ended");
  return lost ? exit_code::kFailed : exit_code::kOk;
}

}  // namespace

void AddOperatorRun(CLI::App& app, Action& action) {
  auto options = std::make_shared<RunArguments>();
  CLI::App* verb = app.add_subcommand("run", "Work for all BorgBackupTargets, until SIGINT or SIGTERM");
  verb->footer(
      "Examples:\n"
      "  borg-operator run --engine-image registry.example/borg-engine:1.0\n"
      "  borg-operator run --namespace backups --namespace shop --engine-image ...   # with Roles in these two only\n"
      "  borg-operator run --kubeconfig ~/.kube/config --no-leader-election --metrics-address 127.0.0.1:9090 --engine-image ...\n\n"
      "Several replicas may run: one leads, by the Lease borg-operator, the others wait. Exit status: 0 stopped, 1 the lead was "
      "lost or\n"
      "the API failed, 2 wrong usage, 3 the cluster's configuration cannot be used, 4 a defect.");
  AddClusterOptions(*verb, options->cluster);
  verb->add_option("-n,--namespace", options->namespaces, "Work in this namespace only; may be given several times. Default: all")
      ->type_name("NAMESPACE")
      ->envname("BORG_OPERATOR_NAMESPACES")
      ->check(NamespaceProblem)
      ->delimiter(',')
      ->take_all();
  controller::EngineSettings& engine = options->controller.engine;
  verb->add_option("--engine-image", engine.image, "The image of borg-engine, for the pods that back up")
      ->type_name("IMAGE")
      ->envname("BORG_OPERATOR_ENGINE_IMAGE")
      ->check(ImageProblem)
      ->required();
  verb->add_option("--engine-image-pull-policy", engine.image_pull_policy, "Always, IfNotPresent or Never")
      ->check(CLI::IsMember({"Always", "IfNotPresent", "Never"}))
      ->type_name("POLICY")
      ->capture_default_str();
  verb->add_option("--engine-pull-secret", engine.image_pull_secrets,
                   "A Secret for pulling that image, in the target's namespace; may be given several times")
      ->type_name("NAME")
      ->delimiter(',')
      ->take_all();
  verb->add_option("--workers", options->controller.workers, "How many targets are worked on at a time")
      ->type_name("N")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  verb->add_option("--api-rate", options->rate, "Requests to the API a second, on average; bursts may have twice as many")
      ->type_name("N")
      ->check(CLI::Range(1.0, 10'000.0))
      ->default_str("50");
  verb->add_flag("!--no-leader-election", options->elect, "Work without a Lease: there is one process only");
  verb->add_option("--lease-namespace", options->lease_namespace,
                   "Where the Lease is. Default: the pod's, or the context's, namespace")
      ->type_name("NAMESPACE")
      ->check(NamespaceProblem);
  verb->add_option(
          "--lease-duration", options->lease_duration,
          "Without a renewal for so many seconds another replica takes the lead; whoever has it stops a third of that before")
      ->type_name("SECONDS")
      ->check(CLI::Range(3, 3600))
      ->capture_default_str();
  verb->add_option("--lease-renew", options->lease_renew, "Seconds between renewals of the Lease, and between looks at it")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.1, 600.0))
      ->default_str("2");
  verb->add_option("--metrics-address", options->metrics_address, "Where /metrics, /healthz and /readyz are served, or off")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  AddLogOptions(*verb, options->log, "text on a terminal, else json");
  verb->callback([options, &action] { action = [options] { return Run(*options); }; });
}

}  // namespace borgop::cli
