#include "tests/api/operator_fixture.h"

#include <algorithm>
#include <filesystem>
#include <ostream>
#include <sstream>
#include <stdexcept>

#include "controller/api/names.h"
#include "controller/api/object_meta.h"
#include "controller/reconcile/names.h"
#include "engine/base/rfc3339.h"
#include "tests/api/sample_objects.h"
#include "tests/lab/process.h"

// Set by tests/api/CMakeLists.txt: BORGOP_SOURCE_DIR.

namespace borgop::api_tests {
namespace {

using std::chrono::seconds;

constexpr auto kLimit = seconds(30);
constexpr std::size_t kOperatorLogShown = 6000;

Json ConditionOf(const Json& object, const std::string& type) {
  for (const auto& condition : object.value(Json::json_pointer("/status/conditions"), Json::array())) {
    if (condition.value("type", "") == type) return condition;
  }
  return {};
}

// Whether the status is about the spec as it is.
bool IsUpToDate(const Json& object) {
  const auto observed = object.value(Json::json_pointer("/status/observedGeneration"), Json());
  return observed.is_null() || observed == object.at("metadata").at("generation");
}

std::string TargetLabel(const std::string& name) { return std::string(api::kTargetLabel) + '=' + controller::LabelValue(name); }

}  // namespace

std::unique_ptr<OperatorProcess> OperatorTest::operator_;

std::ostream& operator<<(std::ostream& out, const Health& health) {
  return out << "kstatus " << health.kstatus << ", Argo CD " << health.argo << ", kubectl " << (health.kubectl ? "ready" : "waits");
}

Health JudgeOf(const Json& object) {
  static const std::filesystem::path source = BORGOP_SOURCE_DIR;
  static const std::string judge = [] {
    const auto found = lab::RunToEnd({.argv = {(source / "tools/cluster/programs.sh").string(), "--no-build", "--judge"}});
    const std::size_t at = found.out.rfind("judge ");
    if (!found.ok() || at == std::string::npos) throw std::runtime_error("no judge: " + found.err);
    return found.out.substr(at + 6, found.out.find('\n', at) - at - 6);
  }();
  const auto said = lab::RunToEnd({.argv = {judge, (source / "deploy/argocd/health.lua").string()}, .input = object.dump()});
  std::istringstream words(said.out);
  Health health;
  if (!said.ok() || !(words >> health.kstatus >> health.argo)) throw std::runtime_error("judge: " + said.err);
  return health;
}

bool IsSuspended(const Json& job) { return job.at("spec").value("suspend", false); }

bool HasUnreadFinalizer(const Json& job) {
  const auto finalizers = job.at("metadata").value("finalizers", std::vector<std::string>());
  return std::find(finalizers.begin(), finalizers.end(), api::kResultFinalizer) != finalizers.end();
}

void OperatorTest::StartOperator() {
  if (!operator_) operator_ = std::make_unique<OperatorProcess>(Plane());
}

void OperatorTest::StopOperator() {
  if (!operator_) return;
  const auto ended = operator_->Stop();
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  operator_.reset();
}

void OperatorTest::SetUp() {
  BORGOP_NEEDS_CONTROL_PLANE();
  StartOperator();
  ns_ = Plane().NewNamespace("op");
}

void OperatorTest::TearDown() {
  if (!operator_) return;
  EXPECT_TRUE(operator_->Running());
  if (!HasFailure()) return;
  const auto log = operator_->Log();
  std::cerr << log.substr(log.size() > kOperatorLogShown ? log.size() - kOperatorLogShown : 0);
}

void OperatorTest::Until(const std::string& what, const std::function<bool()>& condition, seconds limit) {
  if (!Eventually(condition, limit)) throw std::runtime_error("waited in vain: " + what);
}

void OperatorTest::AddSecret(const std::string& name, const Json& values) const {
  Api().Create(
      kube::Secrets(),
      {{"apiVersion", "v1"}, {"kind", "Secret"}, {"metadata", {{"name", name}, {"namespace", ns_}}}, {"stringData", values}});
}

void OperatorTest::AddServer(const Json& spec, const std::string& without_secret) const {
  const Json ssh{{"ssh-privatekey", "k"}, {"known_hosts", "h"}}, borg{{"passphrase", "p"}};
  for (const auto& [name, values] : {std::pair{"vault-ssh", ssh}, std::pair{"web-01-ssh", ssh}, std::pair{"web-01-borg", borg}}) {
    if (name != without_secret) AddSecret(name, values);
  }
  auto server = SampleServer(ns_);
  server["spec"].merge_patch(spec);
  Api().Create(kube::BorgServers(), server);
  // Kinds are watched apart: without this, a target that is made next may be seen first, and its server be missing for a moment.
  const auto seen = [&] { return Api().Get(kube::BorgServers(), kube::KeyOf(server)).contains("status"); };
  if (operator_) Until("the operator has seen the server", seen);
}

void OperatorTest::AddTarget(const std::string& name, const Json& spec) const {
  auto target = SampleTarget(ns_);
  target["metadata"]["name"] = name;
  target["spec"]["repository"]["path"] = "of/" + name;
  target["spec"].merge_patch(spec);
  Api().Create(kube::BorgBackupTargets(), target);
}

void OperatorTest::ChangeSpec(const std::string& name, const Json& spec) const {
  Api().Patch(kube::BorgBackupTargets(), Key(name), {{"spec", spec}});
}

void OperatorTest::Annotate(const std::string& name, std::string_view annotation, const std::string& value) const {
  Api().Patch(kube::BorgBackupTargets(), Key(name), {{"metadata", {{"annotations", {{std::string(annotation), value}}}}}});
}

Json OperatorTest::At(const std::string& name, const std::string& pointer) const {
  const auto target = Target(name);
  return target.is_null() ? Json() : target.value(Json::json_pointer("/status" + pointer), Json());
}

void OperatorTest::Await(const std::string& name, const std::string& pointer, const Json& value) const {
  if (Eventually([&] { return At(name, pointer) == value; }, kLimit)) return;
  throw std::runtime_error(name + ": " + pointer + " is not " + value.dump() + " but:\n" + Target(name).dump(2));
}

Json OperatorTest::Condition(const std::string& name, const std::string& type) const { return ConditionOf(Target(name), type); }

void OperatorTest::AwaitReady(const std::string& name, const std::string& truth, const std::string& reason) const {
  const auto is = [&] {
    const auto target = Target(name);
    const auto ready = ConditionOf(target, "Ready");
    return !ready.is_null() && IsUpToDate(target) && ready.at("status") == truth && ready.at("reason") == reason;
  };
  if (Eventually(is, kLimit)) return;
  throw std::runtime_error(name + ": not Ready=" + truth + " with " + reason + " but:\n" + Target(name).dump(2));
}

Health OperatorTest::HealthOf(const std::string& name) const {
  const auto ended = Plane().Kubectl({"wait", "bbt/" + name, "-n", ns_, "--for=condition=Ready", "--timeout=0"});
  auto health = JudgeOf(Target(name));
  health.kubectl = ended.ok();
  return health;
}

std::vector<Json> OperatorTest::Jobs(const std::string& target) const { return Api().List(kube::Jobs(), ns_, TargetLabel(target)); }

kube::ObjectKey OperatorTest::AnotherJob(const std::string& target, const std::vector<kube::ObjectKey>& but) const {
  kube::ObjectKey found;
  Until("a Job of " + target, [&] {
    for (const auto& job : Jobs(target)) {
      if (const auto key = kube::KeyOf(job); std::find(but.begin(), but.end(), key) == but.end()) found = key;
    }
    return !found.name.empty();
  });
  return found;
}

kube::ObjectKey OperatorTest::RunNow(const std::string& target, const std::string& value) const {
  std::vector<kube::ObjectKey> before;
  for (const auto& job : Jobs(target)) before.push_back(kube::KeyOf(job));
  Annotate(target, api::kRunNowAnnotation, value);
  return AnotherJob(target, before);
}

kube::ObjectKey OperatorTest::Backup(const std::string& target, const std::string& value, const RunReport& report) const {
  auto job = RunNow(target, value);
  PlayedPod::Of(job).End(report);
  AwaitResult(target, job);
  return job;
}

void OperatorTest::LetTimePass(const std::string& target, std::chrono::minutes time) const {
  const auto passed = [&] {
    auto object = Target(target);
    auto& last = object.at("status").at("lastBackup");
    for (const char* when : {"startTime", "completionTime"})
      last[when] = api::KubeTime(ParseRfc3339(last.at(when).get<std::string>()).value() - time);
    object.at("metadata").erase("managedFields");
    return Api().ApplyStatus(kube::BorgBackupTargets(), object);
  };
  Until("its last run has ended earlier", passed);
}

void OperatorTest::AwaitResult(const std::string& target, const kube::ObjectKey& job) const {
  const auto told = [&] {
    const auto last = At(target, "/lastBackup");
    if (last.is_object() && last.value("job", "") == job.name && last.contains("completionTime")) return true;
    // The next run may have begun meanwhile.
    const auto object = JobObject(job);
    return !object.is_null() && object.at("metadata").at("annotations").contains(std::string(api::kRecordedAnnotation));
  };
  if (Eventually(told, kLimit)) return;
  throw std::runtime_error("no result of Job " + job.name + ":\n" + Target(target).dump(2) + '\n' + JobObject(job).dump(2));
}

std::vector<std::string> OperatorTest::EventReasons(const std::string& target) const {
  std::vector<std::string> reasons;
  for (const auto& event : Api().List(kube::Events(), ns_)) {
    if (event.value(Json::json_pointer("/regarding/name"), "") == target && event.at("regarding").at("kind") == "BorgBackupTarget")
      reasons.push_back(event.value("reason", ""));
  }
  return reasons;
}

}  // namespace borgop::api_tests
