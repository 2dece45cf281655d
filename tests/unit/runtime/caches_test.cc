// What is asked of the API server for the caches, and which of what they have is a target's.
#include "controller/runtime/caches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>

#include "controller/runtime/observer.h"
#include "tests/fakes/fake_http.h"
#include "tests/unit/api/fixture.h"

namespace borgop::runtime {
namespace {

using namespace std::chrono_literals;

using nlohmann::json;

// Caches of an API server that has what a test says; watches stay silent.
class FilledCaches : public testing::Test {
 protected:
  void Fill(std::map<std::string, json> lists = {}) {
    caches_.reset();  // its threads use what is set here
    http_.on_send = [lists = std::move(lists)](const kube::HttpRequest& request) {
      const std::string path = request.target.substr(0, request.target.find('?'));
      const auto list = lists.find(path.substr(path.rfind('/') + 1));
      const json items = list == lists.end() ? json::array() : list->second;
      return kube::HttpResponse{200, json{{"metadata", {{"resourceVersion", "1"}}}, {"items", items}}.dump()};
    };
    http_.on_stream = [](const kube::HttpRequest&, const kube::HttpClient::OnBytes&, const std::stop_token& stop) {
      kube::RealSleep(1h, stop);
      return kube::Status(kube::Fail(kube::ApiError::Code::kCancelled, "stopped"));
    };
    caches_ = std::make_unique<Caches>(client_, std::vector<std::string>{});
    caches_->Start();
    Await([&] { return !caches_->Unsynced(); });
  }
  template <class Condition>
  static void Await(Condition condition) {
    const kube::MonotonicTime limit = kube::Clock::Real().Now() + 60s;
    while (!condition() && kube::Clock::Real().Now() < limit) kube::RealSleep(1ms, {});
    ASSERT_TRUE(condition());
  }

  kube::FakeHttp http_;
  kube::Client client_{http_, [] {
                         kube::Client::Options options;
                         options.rate = options.burst = 1e6;
                         return options;
                       }()};
  std::unique_ptr<Caches> caches_;
};

constexpr const char* kOursOnly = "labelSelector=app.kubernetes.io%2Fmanaged-by%3Dborg-operator";

struct SelectionRow {
  const char* path;
  bool ours;  // only what the operator made
  bool metadata;
};

// Contents of Secrets must not be asked for, and other people's pods not be held in memory.
TEST_F(FilledCaches, AskForNoMoreThanIsNeeded) {
  constexpr SelectionRow kRows[] = {
      {"/apis/borg-operator.dev/v1alpha1/borgbackuptargets", false, false},
      {"/apis/borg-operator.dev/v1alpha1/borgservers", false, false},
      {"/apis/batch/v1/cronjobs", true, false},
      {"/apis/batch/v1/jobs", true, false},
      {"/api/v1/pods", true, false},
      {"/api/v1/configmaps", true, true},
      {"/api/v1/secrets", false, true},
  };
  Fill();
  // Of each a list and a watch.
  const std::size_t wanted = 2 * std::size(kRows);
  Await([&] { return http_.Requests().size() >= wanted; });
  const std::vector<kube::HttpRequest> requests = http_.Requests();
  EXPECT_EQ(requests.size(), wanted);
  for (const SelectionRow& row : kRows) {
    std::size_t lists = 0, watches = 0;
    for (const kube::HttpRequest& request : requests) {
      if (!request.target.starts_with(std::string(row.path) + '?')) continue;
      const bool watch = request.target.find("watch=true") != std::string::npos;
      ++(watch ? watches : lists);
      EXPECT_EQ(request.target.find(kOursOnly) != std::string::npos, row.ours) << request.target;
      EXPECT_EQ(request.target.find("labelSelector") != std::string::npos, row.ours) << request.target;
      const std::string partial =
          std::string("application/json;as=PartialObjectMetadata") + (watch ? "" : "List") + ";g=meta.k8s.io;v=v1";
      EXPECT_EQ(request.accept, row.metadata ? partial : "application/json") << request.target;
    }
    EXPECT_EQ(lists, 1U) << row.path;
    EXPECT_EQ(watches, 1U) << row.path;
  }
}

json CronJobWith(const std::string& name, json owners) {
  return {{"metadata",
           {{"namespace", "backups"},
            {"name", name},
            {"uid", "u-cron"},
            {"resourceVersion", "1"},
            {"labels", {{"app.kubernetes.io/managed-by", "borg-operator"}}},
            {"ownerReferences", std::move(owners)}}},
          {"spec", {{"suspend", false}}}};
}

json OwnedBy(const char* kind, const char* name, const char* uid, bool controller = true) {
  return {{"kind", kind}, {"name", name}, {"uid", uid}, {"controller", controller}};
}

struct OwnerRow {
  const char* name;
  json owners;
  bool is_ours;
};

// What is not there for decisions is neither held, nor deleted, nor taken over.
TEST_F(FilledCaches, ACronJobThatAnotherControlsIsNotTheTargets) {
  const OwnerRow kRows[] = {
      {"its own", json::array({OwnedBy("BorgBackupTarget", "web-01", "u-target")}), true},
      {"of the target before it was restored", json::array({OwnedBy("BorgBackupTarget", "web-01", "u-before")}), true},
      {"of another target, whose name comes to the same", json::array({OwnedBy("BorgBackupTarget", "web-02", "u-other")}), false},
      {"of another kind", json::array({OwnedBy("Rollout", "web-01", "u-other")}), false},
      {"nobody's", json::array(), true},
      {"only held by another", json::array({OwnedBy("Rollout", "x", "u-other", false)}), true},
  };
  for (const OwnerRow& row : kRows) {
    SCOPED_TRACE(row.name);
    json list = json::array();
    for (const controller::RunKind kind : {controller::RunKind::kBackup, controller::RunKind::kMaintenance})
      list.push_back(CronJobWith(controller::CronJobName("web-01", kind), row.owners));
    Fill({{"borgbackuptargets", json::array({test::GoodTarget()})}, {"cronjobs", list}});
    Contents contents(client_);
    const auto observed = Observer(client_, *caches_, contents).OfTarget({"backups", "web-01"}, {});
    ASSERT_TRUE(observed);
    EXPECT_EQ(observed->backup_cron_job.is_object(), row.is_ours);
    EXPECT_EQ(observed->maintenance_cron_job.is_object(), row.is_ours);
    controller::Observed without_server = *observed;  // so that what is there is held
    without_server.server = nullptr;
    EXPECT_EQ(controller::Decide(without_server, {}, kube::Clock::Real().Wall()).hold_cron_jobs.size(), row.is_ours ? 2U : 0U);
  }
}

}  // namespace
}  // namespace borgop::runtime
