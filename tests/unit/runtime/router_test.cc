// Which keys follow from which change: a small world in the caches, one change to it, and what is in the queues then.
#include "controller/runtime/router.h"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>

#include "tests/fakes/fake_http.h"

namespace borgop::runtime {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::ElementsAreArray;

constexpr auto kLimit = 30s;

json Named(const std::string& name) {
  return {{"metadata", {{"namespace", "n"}, {"name", name}, {"uid", "u-" + name}, {"resourceVersion", "1"}, {"generation", 1}}}};
}
json Target(const std::string& name, const std::string& server, const std::string& path) {
  json target = Named(name);
  target["spec"] = {{"serverRef", {{"name", server}}},
                    {"repository", {{"path", path}, {"passphraseSecretRef", {{"name", name + "-pass"}, {"key", "p"}}}}},
                    {"connection", {{"host", "h"}, {"user", "u"}, {"sshSecretRef", {{"name", name + "-ssh"}}}}},
                    {"source", {{"paths", {"/etc"}}}},
                    {"retention", {{"keepDaily", 1}}}};
  return target;
}
json Server(const std::string& name, int limit) {
  json server = Named(name);
  server["spec"] = {{"host", "h"}, {"user", "u"}, {"rootDir", "/r"}, {"sshSecretRef", {{"name", name + "-ssh"}}}};
  if (limit > 0) server["spec"]["maxConcurrentBackups"] = limit;
  return server;
}
json Owned(const std::string& name, const std::string& target) {
  json owned = Named(name);
  owned["metadata"]["annotations"] = {{"borg-operator.dev/target-name", target}};
  return owned;
}
json OwnedByReference(const std::string& name, const char* kind, const char* version, const std::string& owner) {
  json owned = Named(name);
  owned["metadata"]["ownerReferences"] = {{{"kind", kind}, {"apiVersion", version}, {"name", owner}}};
  return owned;
}

// vault takes two at a time and has two targets; attic has the default limit and one target.
std::map<std::string, std::vector<json>> World() {
  return {{"borgbackuptargets", {Target("web", "vault", "web"), Target("db", "vault", "db"), Target("log", "attic", "log")}},
          {"borgservers", {Server("vault", 2), Server("attic", 0)}},
          {"jobs", {Owned("web-1", "web")}},
          {"cronjobs", {Owned("web", "web")}},
          {"configmaps", {Owned("web-plan", "web")}},
          {"pods", {Owned("web-1-x", "web")}},
          {"secrets", {Named("web-ssh"), Named("web-pass"), Named("vault-ssh"), Named("foreign")}}};
}

// An API server that lists a world, and tells of events that a test adds.
class RouterFixture : public testing::Test {
 protected:
  void SetUp() override {
    http_.on_send = [this](const kube::HttpRequest& request) {
      const auto of_this = world_.find(Plural(request.target));
      const json items = of_this == world_.end() ? json::array() : json(of_this->second);
      return kube::HttpResponse{200, json{{"metadata", {{"resourceVersion", "1"}}}, {"items", items}}.dump()};
    };
    http_.on_stream = [this](const kube::HttpRequest& request, const kube::HttpClient::OnBytes& on_bytes,
                             const std::stop_token& stop) -> kube::Status {
      const std::string plural = Plural(request.target);
      std::unique_lock lock(mutex_);
      while (changed_.wait(lock, stop, [&] { return !events_[plural].empty(); })) {
        const std::string event = std::exchange(events_[plural], {});
        lock.unlock();
        on_bytes(event);
        lock.lock();
      }
      return kube::Fail(kube::ApiError::Code::kCancelled, "stopped");
    };
  }

  void Begin(std::map<std::string, std::vector<json>> world = World()) {
    world_ = std::move(world);
    caches_ = std::make_unique<Caches>(client_, std::vector<std::string>{});
    router_ = std::make_unique<Router>(*caches_, targets_, servers_);
    router_->Connect();
    for (Cache* cache : {&caches_->targets, &caches_->servers, &caches_->cron_jobs, &caches_->jobs, &caches_->pods,
                         &caches_->config_maps, &caches_->secrets}) {
      cache->AddHandler([this](const kube::Change&) {  // after the router's
        const std::lock_guard lock(mutex_);
        ++told_;
        heard_.notify_all();
      });
    }
    caches_->Start();
    std::size_t all = 0;
    for (const auto& [plural, objects] : world_) all += objects.size();
    Await(all);
    (void)Taken(targets_);
    (void)Taken(servers_);
  }
  void Tell(const std::string& plural, const char* type, json object) {
    object["metadata"]["resourceVersion"] = "2";
    std::size_t before = 0;
    {
      const std::lock_guard lock(mutex_);
      before = told_;
      events_[plural] += json{{"type", type}, {"object", std::move(object)}}.dump() + '\n';
    }
    changed_.notify_all();
    Await(before + 1);
  }
  // The names of what is in a queue of one namespace, sorted.
  static std::vector<std::string> Taken(kube::WorkQueue& queue) {
    std::vector<std::string> taken;
    while (const auto key = queue.TryGet()) {
      taken.push_back(key->ns == "n" ? key->name : key->ToString());
      queue.Done(*key);
    }
    std::sort(taken.begin(), taken.end());
    return taken;
  }

  const Caches& caches() const { return *caches_; }

  kube::WorkQueue targets_{kube::Clock::Real()}, servers_{kube::Clock::Real()};

 private:
  static std::string Plural(const std::string& target) {
    const std::string path = target.substr(0, target.find('?'));
    return path.substr(path.rfind('/') + 1);
  }
  void Await(std::size_t told) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(heard_.wait_for(lock, kLimit, [&] { return told_ >= told; }));
  }

  kube::FakeHttp http_;
  kube::Client client_{http_, [] {
                         kube::Client::Options options;
                         options.rate = options.burst = 1e6;
                         return options;
                       }()};
  std::map<std::string, std::vector<json>> world_;
  std::mutex mutex_;
  std::condition_variable_any changed_, heard_;
  std::map<std::string, std::string> events_;
  std::size_t told_ = 0;
  std::unique_ptr<Router> router_;
  std::unique_ptr<Caches> caches_;  // last: its threads use all the others
};

struct RouterRow {
  const char* name;
  const char* plural;
  const char* type;
  json object;
  std::vector<std::string> targets, servers;
};

class RouterTable : public RouterFixture, public testing::WithParamInterface<RouterRow> {};

TEST_P(RouterTable, KeysFollowFromAChange) {
  const RouterRow& row = GetParam();
  ASSERT_NO_FATAL_FAILURE(Begin());
  ASSERT_NO_FATAL_FAILURE(Tell(row.plural, row.type, row.object));
  EXPECT_THAT(Taken(targets_), ElementsAreArray(row.targets));
  EXPECT_THAT(Taken(servers_), ElementsAreArray(row.servers));
}

constexpr const char* kTargets = "borgbackuptargets";
constexpr const char* kServers = "borgservers";
constexpr const char* kNew = "ADDED";
constexpr const char* kChanged = "MODIFIED";
constexpr const char* kDeleted = "DELETED";

json With(json object, const char* pointer, json value) {
  object[json::json_pointer(pointer)] = std::move(value);
  return object;
}
json NextGeneration(json object) { return With(std::move(object), "/metadata/generation", 2); }
json Deleting(json object) { return With(std::move(object), "/metadata/deletionTimestamp", "2026-11-24T02:00:05Z"); }
json Elsewhere(json object) { return With(std::move(object), "/metadata/namespace", "m"); }

INSTANTIATE_TEST_SUITE_P(
    OfTargets, RouterTable,
    testing::Values(
        RouterRow{"status", kTargets, kChanged, With(Target("web", "vault", "web"), "/status/state", "Ready"), {"web"}, {"vault"}},
        RouterRow{"annotation",
                  kTargets,
                  kChanged,
                  With(Target("web", "vault", "web"), "/metadata/annotations/a", "b"),
                  {"web"},
                  {"vault"}},
        RouterRow{"spec", kTargets, kChanged, NextGeneration(Target("web", "vault", "web")), {"web"}, {"vault"}},
        RouterRow{"the_first_beyond_the_limit", kTargets, kNew, Target("new", "vault", "new"), {"db", "new", "web"}, {"vault"}},
        RouterRow{"a_new_one_within_the_limit", kTargets, kNew, Target("new", "attic", "new"), {"new"}, {"attic"}},
        RouterRow{"one_that_wants_anothers_repository", kTargets, kNew, Target("new", "attic", "log"), {"log", "new"}, {"attic"}},
        RouterRow{
            "one_that_writes_anothers_path_otherwise", kTargets, kNew, Target("new", "attic", "log/"), {"log", "new"}, {"attic"}},
        RouterRow{"the_same_path_at_another_server", kTargets, kNew, Target("new", "attic", "web"), {"new"}, {"attic"}},
        RouterRow{"of_a_server_that_is_not_there", kTargets, kNew, Target("new", "none", "new"), {"new"}, {"none"}},
        RouterRow{"of_no_server", kTargets, kNew, Named("new"), {"new"}, {}},
        RouterRow{"of_another_namespace", kTargets, kNew, Elsewhere(Target("web", "vault", "web")), {"m/web"}, {"m/vault"}},
        RouterRow{"from_the_limit_to_below", kTargets, kDeleted, Target("web", "vault", "web"), {"web"}, {"vault"}},
        RouterRow{
            "moved", kTargets, kChanged, NextGeneration(Target("log", "vault", "log")), {"db", "log", "web"}, {"attic", "vault"}},
        RouterRow{"being_deleted", kTargets, kChanged, Deleting(Target("web", "vault", "web")), {"web"}, {"vault"}}),
    [](const auto& each) { return std::string(each.param.name); });

INSTANTIATE_TEST_SUITE_P(
    OfServers, RouterTable,
    testing::Values(
        RouterRow{"status", kServers, kChanged, With(Server("vault", 2), "/status/targets", 3), {}, {"vault"}},
        RouterRow{"spec", kServers, kChanged, NextGeneration(Server("vault", 1)), {"db", "web"}, {"vault"}},
        RouterRow{"gone", kServers, kDeleted, Server("vault", 2), {"db", "web"}, {"vault"}},
        RouterRow{"new", kServers, kNew, Server("other", 2), {}, {"other"}},
        RouterRow{"made_anew", kServers, kChanged, With(Server("vault", 2), "/metadata/uid", "u-2"), {"db", "web"}, {"vault"}},
        RouterRow{"of_another_namespace", kServers, kNew, Elsewhere(Server("vault", 2)), {}, {"m/vault"}}),
    [](const auto& each) { return std::string(each.param.name); });

INSTANTIATE_TEST_SUITE_P(
    OfWhatIsOwned, RouterTable,
    testing::Values(
        RouterRow{"a_job", "jobs", kChanged, Owned("web-1", "web"), {"web"}, {"vault"}},
        RouterRow{"a_job_that_is_gone", "jobs", kDeleted, Owned("web-1", "web"), {"web"}, {"vault"}},
        RouterRow{"a_job_of_a_target_that_is_gone", "jobs", kNew, Owned("x-1", "x"), {"x"}, {}},
        RouterRow{"a_job_of_another_namespace", "jobs", kNew, Elsewhere(Owned("web-1", "web")), {"m/web"}, {}},
        RouterRow{"a_job_by_its_owner",
                  "jobs",
                  kNew,
                  OwnedByReference("x", "BorgBackupTarget", "borg-operator.dev/v1alpha1", "db"),
                  {"db"},
                  {"vault"}},
        RouterRow{"a_job_of_another_kind_of_owner", "jobs", kNew, OwnedByReference("x", "CronJob", "batch/v1", "db"), {}, {}},
        RouterRow{
            "a_job_of_another_group", "jobs", kNew, OwnedByReference("x", "BorgBackupTarget", "example.org/v1", "db"), {}, {}},
        RouterRow{"a_cron_job", "cronjobs", kDeleted, Owned("web", "web"), {"web"}, {}},
        RouterRow{"a_config_map", "configmaps", kChanged, Owned("web-plan", "web"), {"web"}, {}},
        RouterRow{"a_pod", "pods", kChanged, Owned("web-1-x", "web"), {"web"}, {}},
        RouterRow{"a_pod_of_nobody", "pods", kNew, Named("x"), {}, {}}),
    [](const auto& each) { return std::string(each.param.name); });

INSTANTIATE_TEST_SUITE_P(OfSecrets, RouterTable,
                         testing::Values(RouterRow{"of_a_target", "secrets", kChanged, Named("web-ssh"), {"web"}, {}},
                                         RouterRow{"the_passphrase", "secrets", kDeleted, Named("web-pass"), {"web"}, {}},
                                         RouterRow{"one_that_comes_late", "secrets", kNew, Named("db-ssh"), {"db"}, {}},
                                         RouterRow{
                                             "of_a_server", "secrets", kChanged, Named("vault-ssh"), {"db", "web"}, {"vault"}},
                                         RouterRow{"of_nobody", "secrets", kChanged, Named("foreign"), {}, {}},
                                         RouterRow{"of_another_namespace", "secrets", kNew, Elsewhere(Named("web-ssh")), {}, {}}),
                         [](const auto& each) { return std::string(each.param.name); });

TEST_F(RouterFixture, BackToTheLimitAllOfTheServersTargetsAreLookedAt) {
  auto world = World();
  world[kTargets].push_back(Target("new", "vault", "new"));
  ASSERT_NO_FATAL_FAILURE(Begin(world));
  ASSERT_NO_FATAL_FAILURE(Tell(kTargets, kDeleted, Target("new", "vault", "new")));
  EXPECT_THAT(Taken(targets_), testing::ElementsAre("db", "new", "web"));
}

TEST_F(RouterFixture, WhoGivesARepositoryUpIsToldToWhoWantsIt) {
  auto world = World();
  world[kTargets].push_back(Target("second", "attic", "log"));
  ASSERT_NO_FATAL_FAILURE(Begin(world));
  ASSERT_NO_FATAL_FAILURE(Tell(kTargets, kDeleted, Target("log", "attic", "log")));
  EXPECT_THAT(Taken(targets_), testing::ElementsAre("log", "second"));
}

// They are most of all that is watched.
TEST_F(RouterFixture, OfPodsAndTheirTemplatesNothingIsKeptThatNoDecisionLooksAt) {
  const json pod_template = {{"spec", {{"containers", {{{"name", "engine"}}}}}}};
  const json job = {{"suspend", true}, {"template", pod_template}};
  auto world = World();
  world["jobs"][0]["spec"] = job;
  world["cronjobs"][0]["spec"] = {{"schedule", "0 2 * * *"}, {"jobTemplate", {{"spec", job}}}};
  world["pods"][0]["spec"] = pod_template["spec"];
  world["pods"][0]["status"] = {{"phase", "Running"}};
  world["configmaps"][0]["data"] = {{"backup.yaml", "{}"}};
  ASSERT_NO_FATAL_FAILURE(Begin(world));
  const json suspended = {{"suspend", true}};
  EXPECT_EQ(caches().jobs.Get({"n", "web-1"})->at("spec"), suspended);
  EXPECT_EQ(caches().cron_jobs.Get({"n", "web"})->at("spec"),
            json({{"schedule", "0 2 * * *"}, {"jobTemplate", {{"spec", suspended}}}}));
  EXPECT_FALSE(caches().pods.Get({"n", "web-1-x"})->contains("spec"));
  EXPECT_EQ(caches().pods.Get({"n", "web-1-x"})->at("status"), json({{"phase", "Running"}}));
  EXPECT_EQ(caches().config_maps.Get({"n", "web-plan"})->at("data"), json({{"backup.yaml", "{}"}}));
  json changed = Owned("web-1", "web");
  changed["spec"] = {{"suspend", false}, {"template", pod_template}};
  ASSERT_NO_FATAL_FAILURE(Tell("jobs", kChanged, changed));
  EXPECT_EQ(caches().jobs.Get({"n", "web-1"})->at("spec"), json({{"suspend", false}}));
}

}  // namespace
}  // namespace borgop::runtime
