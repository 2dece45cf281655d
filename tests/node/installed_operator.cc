#include "tests/node/installed_operator.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <stdexcept>

namespace borgop::node_tests {
namespace {

using std::chrono::seconds;

constexpr auto kRunLimit = seconds(300);

std::filesystem::path Archive(const std::string& name) { return kSource / "build/images" / (name + ".tar"); }

std::string FindWhyNot() {
  if (!NodeCluster::WhyNot().empty()) return NodeCluster::WhyNot();
  if (!Helm::WhyNot().empty()) return Helm::WhyNot();
  for (const char* name : {"borg-operator", "borg-engine"}) {
    if (!std::filesystem::exists(Archive(name))) return "no image of " + std::string(name) + ": ./dev images --prebuilt";
  }
  if (!lab::Lab::Shared().isolated()) return "needs network namespaces: " + lab::Lab::Shared().why_not_isolated();
  return {};
}

}  // namespace

const std::string& InstalledOperator::WhyNot() {
  static const std::string why = FindWhyNot();
  return why;
}

InstalledOperator& InstalledOperator::Shared() {
  static InstalledOperator shared;
  shared.EnsureInstalled();
  return shared;
}

InstalledOperator::InstalledOperator() : cluster_(NodeCluster::Shared()), lab_(lab::Lab::Shared()) {
  for (const char* name : {"borg-operator", "borg-engine"}) cluster_.Load(Archive(name));
  lab_.Join(cluster_.process());
  cluster_.AddHost(target().address(), "t.lab");
  cluster_.AddHost(server().address(), "b.lab");
}

std::string InstalledOperator::RunHelm(std::string_view verb, const std::vector<std::string>& arguments) const {
  std::vector<std::string> all{std::string(verb), "borg-operator"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  all.insert(all.end(), {"--namespace", std::string(kOperatorNamespace), "--kubeconfig", cluster_.kubeconfig().string()});
  return Helm::Output(all);
}

void InstalledOperator::EnsureInstalled() {
  if (is_installed_) return;
  Json labels{{"pod-security.kubernetes.io/enforce", "restricted"}};
  cluster_.Apply(
      {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", kOperatorNamespace}, {"labels", std::move(labels)}}}});
  RunHelm("upgrade", {Helm::Chart(), "--install", "--wait", "--timeout", "3m"});
  is_installed_ = true;
}

std::string InstalledOperator::Log() const {
  return cluster_.Output(
      {"logs", "-n", std::string(kOperatorNamespace), "-l", "app.kubernetes.io/name=borg-operator", "--tail=-1", "--prefix"});
}

Backups::Backups(std::string_view name) {
  auto& installed = InstalledOperator::Shared();
  ns_ = installed.cluster().NewRestrictedNamespace(name);
  dir_ = "/data/" + ns_;
  for (const auto* host : {&installed.target(), &installed.server()}) {
    host->Output("mkdir -p '" + source() + "' '" + repositories() + "' && cd '" + source() +
                 "' && echo hello >hello && seq 10000 >numbers && chown -R backup:backup '" + dir_ + "'");
  }
  MakeSecret("b-ssh", SshSecret(installed.server(), "b.lab"));
  MakeSecret("t-ssh", SshSecret(installed.target(), "t.lab"));
  AddServer("vault", Json::object());
}

void Backups::MakeSecret(const std::string& name, const Json& data) const {
  InstalledOperator::Shared().cluster().Apply(
      {{"apiVersion", "v1"}, {"kind", "Secret"}, {"metadata", {{"name", name}, {"namespace", ns_}}}, {"stringData", data}});
}

Json Backups::SshSecret(const lab::LabHost& host, std::string_view host_name) const {
  return {{"ssh-privatekey", InstalledOperator::Shared().lab().ClientKey()}, {"known_hosts", host.KnownHosts({}, host_name)}};
}

void Backups::AddServer(const std::string& name, const Json& spec) const {
  Json whole{{"host", "b.lab"}, {"user", "backup"}, {"rootDir", repositories()}, {"sshSecretRef", {{"name", "b-ssh"}}}};
  whole.merge_patch(spec);
  InstalledOperator::Shared().cluster().Apply({{"apiVersion", "borg-operator.dev/v1alpha1"},
                                               {"kind", "BorgServer"},
                                               {"metadata", {{"name", name}, {"namespace", ns_}}},
                                               {"spec", std::move(whole)}});
}

void Backups::Add(const std::string& name, const Json& spec) const {
  Json whole{{"serverRef", {{"name", "vault"}}},
             {"repository", {{"path", name}, {"passphraseSecretRef", {{"name", "passphrase"}}}}},
             {"connection", {{"host", "t.lab"}, {"user", "backup"}, {"sshSecretRef", {{"name", "t-ssh"}}}}},
             {"source", {{"paths", {source()}}}},
             {"schedule", "0 0 1 1 *"},
             {"limits", {{"retries", 0}}}};
  whole.merge_patch(spec);
  InstalledOperator::Shared().cluster().Apply({{"apiVersion", "borg-operator.dev/v1alpha1"},
                                               {"kind", "BorgBackupTarget"},
                                               {"metadata", {{"name", name}, {"namespace", ns_}}},
                                               {"spec", std::move(whole)}});
}

void Backups::RunNow(const std::string& name, const std::string& value) const {
  InstalledOperator::Shared().cluster().Output(
      {"annotate", "bbt", name, "-n", ns_, "--overwrite", "borg-operator.dev/run-now=" + value});
}

Json Backups::Status(const std::string& name) const {
  return InstalledOperator::Shared().cluster().Get({"bbt", name, "-n", ns_}).value("status", Json::object());
}

bool Backups::HasEnded(const std::string& name, const std::string& value) const {
  const auto jobs = Jobs(name, value);
  return std::any_of(jobs.begin(), jobs.end(), [](const Json& job) {
    return job.at("metadata").at("annotations").value("borg-operator.dev/recorded", "") == "true";
  });
}

Json Backups::Ended(const std::string& name, const std::string& value) const {
  if (!Eventually([&] { return HasEnded(name, value); }, kRunLimit))
    throw std::runtime_error("the run does not end: " + Status(name).dump(1) + Pods(name).dump(1));
  return Status(name);
}

std::vector<Json> Backups::Jobs(const std::string& name, const std::string& value) const {
  std::vector<Json> found;
  auto jobs = InstalledOperator::Shared().cluster().Get({"jobs", "-n", ns_, "-l", "borg-operator.dev/target=" + name}).at("items");
  std::copy_if(jobs.begin(), jobs.end(), std::back_inserter(found), [&](const Json& job) {
    return job.at("metadata").at("annotations").value("borg-operator.dev/triggered-by", "") == value;
  });
  return found;
}

std::string Backups::RunBorg(const std::string& name, const std::string& arguments) const {
  return InstalledOperator::Shared().server().Output(
      "BORG_PASSPHRASE_FD=0 BORG_RELOCATED_REPO_ACCESS_IS_OK=yes BORG_REPO='" + repositories() + "/" + name + "' borg " + arguments,
      {.user = "backup", .input = std::string(kPassphrase)});
}

Json Backups::Condition(const std::string& name, const std::string& type) const {
  for (const auto& condition : Status(name).value("conditions", Json::array())) {
    if (condition.at("type") == type) return condition;
  }
  return Json::object();
}

Json Backups::Pods(const std::string& name) const {
  return InstalledOperator::Shared().cluster().Get({"pods", "-n", ns_, "-l", "borg-operator.dev/target=" + name}).at("items");
}

}  // namespace borgop::node_tests
