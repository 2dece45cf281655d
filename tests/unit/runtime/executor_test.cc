// What single changes say to the API, and which of its answers are as good as done.
#include "controller/runtime/executor.h"

#include <gmock/gmock.h>

#include <functional>

#include "tests/unit/runtime/executor_fixture.h"

namespace borgop::runtime {
namespace {

using Code = kube::ApiError::Code;
using controller::Decisions;
using kube::TextAt;
using nlohmann::json;

using ExecutorTest = ExecutorFixture;

struct Answered {
  const char* name;
  int status;
  const char* reason;
  std::function<void(Decisions&)> decide;
  bool good;
};

class ExecutorAnswers : public ExecutorFixture, public testing::WithParamInterface<Answered> {};

TEST_P(ExecutorAnswers, GoodOrBad) {
  const Answered& row = GetParam();
  Answer(row.status, row.reason);
  Decisions decisions;
  row.decide(decisions);
  EXPECT_EQ(CarryOut(decisions).has_value(), row.good);
  EXPECT_EQ(http_.Asked().size(), 1U);
}

const auto kCreate = [](Decisions& d) { d.create = {json::parse(R"({"metadata":{"namespace":"backups","name":"new"}})")}; };
const auto kStateOver = [](Decisions& d) {
  d.carried_state = json::parse(R"({"metadata":{"namespace":"backups","name":"s","resourceVersion":"3"}})");
};
const auto kApply = [](Decisions& d) {
  d.apply = {json::parse(R"({"kind":"CronJob","metadata":{"namespace":"backups","name":"c"}})")};
};
const auto kStatus = [](Decisions& d) { d.status = api::TargetStatus(); };

INSTANTIATE_TEST_SUITE_P(Table, ExecutorAnswers,
                         testing::Values(Answered{"a_job_that_exists", 409, "AlreadyExists", kCreate, true},
                                         Answered{"a_job_in_conflict", 409, "Conflict", kCreate, false},
                                         Answered{"a_job_in_a_namespace_that_goes", 403, "Forbidden", kCreate, false},
                                         Answered{"a_state_that_changed", 409, "Conflict", kStateOver, false},
                                         Answered{"a_state_that_is_gone", 404, "NotFound", kStateOver, false},
                                         Answered{"applying_where_the_namespace_is_gone", 404, "NotFound", kApply, false},
                                         Answered{"the_status_of_what_is_gone", 404, "NotFound", kStatus, true},
                                         Answered{"the_status_of_what_changed", 409, "Conflict", kStatus, false},
                                         Answered{"holding_what_is_gone", 404, "NotFound",
                                                  [](Decisions& d) { d.hold_cron_jobs = {"c"}; }, true},
                                         Answered{"deleting_a_cron_job_that_is_gone", 404, "NotFound",
                                                  [](Decisions& d) { d.delete_cron_jobs = {"c"}; }, true},
                                         Answered{"deleting_a_job_that_is_gone", 404, "NotFound",
                                                  [](Decisions& d) {
                                                    d.delete_jobs = {{"old", "u-old"}};
                                                  },
                                                  true},
                                         Answered{"deleting_another_job", 409, "Conflict",
                                                  [](Decisions& d) {
                                                    d.delete_jobs = {{"old", "u-old"}};
                                                  },
                                                  false},
                                         Answered{"suspending_what_is_gone", 404, "NotFound",
                                                  [](Decisions& d) {
                                                    d.suspend = {{"old", "u-old"}};
                                                  },
                                                  true},
                                         Answered{"suspending_another_job", 409, "Conflict",
                                                  [](Decisions& d) {
                                                    d.suspend = {{"old", "u-old"}};
                                                  },
                                                  false},
                                         Answered{"a_finalizer_of_what_is_gone", 404, "NotFound",
                                                  [](Decisions& d) {
                                                    d.remove_finalizer = {{"old", "u-old"}};
                                                  },
                                                  true},
                                         Answered{"a_finalizer_of_what_changed", 409, "Conflict",
                                                  [](Decisions& d) {
                                                    d.mark_recorded = {{"old", "u-old"}};
                                                  },
                                                  false},
                                         Answered{"an_event_that_is_refused", 403, "Forbidden",
                                                  [](Decisions& d) {
                                                    d.events = {{false, "Started", "m"}};
                                                  },
                                                  true}),
                         [](const auto& each) { return std::string(each.param.name); });

TEST_F(ExecutorTest, TheStateIsReplacedWithItsVersionAsPrecondition) {
  Decisions decisions;
  decisions.carried_state = Object("ConfigMap", "state");
  (*decisions.carried_state)["metadata"]["resourceVersion"] = "12";
  EXPECT_TRUE(CarryOut(decisions));
  EXPECT_EQ(http_.Asked()[0], "PUT /api/v1/namespaces/backups/configmaps/state?fieldManager=borg-operator");
  EXPECT_EQ(Body(), *decisions.carried_state);
}

TEST_F(ExecutorTest, AStateThatSomebodyMadeByHandIsLabelledAndLookedAtAgain) {
  Decisions decisions = Everything();
  (*decisions.carried_state)["metadata"]["labels"] = {{"a", "b"}};
  http_.on_send = [](const kube::HttpRequest& request) {
    if (request.method == "POST") return kube::HttpResponse{409, R"({"kind": "Status", "reason": "AlreadyExists"})"};
    return kube::HttpResponse{200, "{}"};
  };
  const kube::Status done = CarryOut(decisions);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, kube::ApiError::Code::kConflict);
  EXPECT_EQ(http_.Asked().size(), 2U) << "nothing is done on the strength of a state that is another";
  EXPECT_EQ(http_.Asked().back(), "PATCH /api/v1/namespaces/backups/configmaps/state?fieldManager=borg-operator");
  EXPECT_EQ(Body(1), json({{"metadata", {{"labels", {{"a", "b"}}}}}}));
}

TEST_F(ExecutorTest, AStatusIsWrittenOverWhatItWasDecidedFrom) {
  Decisions decisions;
  decisions.status = api::TargetStatus();
  decisions.status->state = "Ready";
  EXPECT_TRUE(CarryOut(decisions));
  EXPECT_EQ(Body(),
            json({{"apiVersion", "borg-operator.dev/v1alpha1"},
                  {"kind", "BorgBackupTarget"},
                  {"metadata", {{"name", "web-01"}, {"namespace", "backups"}, {"uid", "u-target"}, {"resourceVersion", "77"}}},
                  {"status", api::ToJson(*decisions.status)}}));
  controller::ServerDecisions of_server;
  of_server.status = api::ServerStatus();
  EXPECT_TRUE(CarryOut(of_server));
  EXPECT_EQ(Body(1)["kind"], "BorgServer");
  EXPECT_EQ(Body(1)["metadata"],
            json({{"name", "vault"}, {"namespace", "backups"}, {"uid", "u-server"}, {"resourceVersion", "5"}}));
}

TEST_F(ExecutorTest, JobsAreSuspendedReleasedAndDeletedByTheirUid) {
  Decisions decisions;
  decisions.suspend = {Ref("old")};
  decisions.delete_jobs = {Ref("old")};
  EXPECT_TRUE(CarryOut(decisions));
  EXPECT_EQ(Body(), json({{"metadata", {{"uid", "u-old"}}}, {"spec", {{"suspend", true}}}}));
  EXPECT_EQ(Body(1)["preconditions"], json({{"uid", "u-old"}}));
  EXPECT_EQ(Body(1)["propagationPolicy"], "Background");
  controller::ServerDecisions of_server;
  of_server.release = {Ref("old")};
  EXPECT_TRUE(CarryOut(of_server));
  EXPECT_EQ(Body(2), json({{"metadata", {{"uid", "u-old"}}}, {"spec", {{"suspend", false}}}}));
}

TEST_F(ExecutorTest, ACronJobIsHeldWhicheverHasTheName) {
  Decisions decisions;
  decisions.hold_cron_jobs = {"cron"};
  EXPECT_TRUE(CarryOut(decisions));
  EXPECT_EQ(Body(), json({{"spec", {{"suspend", true}}}}));
}

TEST_F(ExecutorTest, ACronJobThatWasNotSeenIsNotTakenOver) {
  Decisions decisions;
  decisions.apply = {Object("ConfigMap", "plan"), Object("CronJob", "ours"), Object("CronJob", "unseen")};
  observed_.maintenance_cron_job = Object("CronJob", "ours");
  http_.on_send = [](const kube::HttpRequest& request) {
    const bool theirs = request.target.find("unseen") != std::string::npos;
    return kube::HttpResponse{theirs ? 409 : 200,
                              R"({"kind":"Status","reason":"Conflict","message":"2 conflicts with \"kubectl\""})"};
  };
  std::optional<controller::Refusal> refusal;
  EXPECT_FALSE(executor_.CarryOut({"backups", "web-01"}, observed_, decisions, {}, &refusal));
  EXPECT_THAT(http_.Asked(), testing::ElementsAre(testing::EndsWith("/plan?fieldManager=borg-operator&force=true"),
                                                  testing::EndsWith("/ours?fieldManager=borg-operator&force=true"),
                                                  testing::EndsWith("/unseen?fieldManager=borg-operator")));
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->cause, controller::Refusal::Cause::kNameTaken);
  EXPECT_EQ(refusal->object, "CronJob unseen");
}

TEST_F(ExecutorTest, WhatTheApiRefusesToMakeIsTold) {
  using Cause = controller::Refusal::Cause;
  const auto refusal_of = [this](Decisions decisions) {
    std::optional<controller::Refusal> refusal;
    EXPECT_FALSE(executor_.CarryOut({"backups", "web-01"}, observed_, decisions, {}, &refusal));
    return refusal;
  };
  Decisions make, apply, state;
  make.create = {Job("new")};
  apply.apply = {Object("ConfigMap", "plan")};
  state.carried_state = Object("ConfigMap", "state");
  Answer(422, "Invalid");
  EXPECT_EQ(refusal_of(make)->cause, Cause::kInvalid);
  EXPECT_EQ(refusal_of(make)->object, "Job new");
  EXPECT_EQ(refusal_of(make)->said, "said so");
  // What is remembered comes first, whatever comes of the rest.
  EXPECT_FALSE(refusal_of(state));
  Answer(403, "Forbidden");
  EXPECT_EQ(refusal_of(apply)->cause, Cause::kForbidden);
  http_.on_send = [](const kube::HttpRequest&) {
    return kube::HttpResponse{
        403, R"({"kind":"Status","message":"unable to create new content in namespace b because it is being terminated"})"};
  };
  EXPECT_FALSE(refusal_of(make));
  Answer(500, "InternalError");
  EXPECT_FALSE(refusal_of(make));
  Answer(409, "Conflict");
  EXPECT_FALSE(refusal_of(make));
}

TEST_F(ExecutorTest, FinalizersOfOthersStay) {
  constexpr const char* kOurs = "borg-operator.dev/unread-result";
  for (json& job : observed_.jobs) job["metadata"]["finalizers"] = {"x/y", kOurs, "batch.kubernetes.io/z"};
  observed_.jobs[0]["metadata"]["finalizers"] = {"x/y"};
  Decisions decisions;
  decisions.add_finalizer = {Ref("fresh")};
  decisions.mark_recorded = {Ref("done")};
  decisions.remove_finalizer = {Ref("old")};
  decisions.free_pods = {Ref("read")};
  observed_.pods[0]["metadata"]["finalizers"] = {"batch.kubernetes.io/job-tracking", kOurs};
  observed_.pods[0]["metadata"]["resourceVersion"] = "7";
  EXPECT_TRUE(CarryOut(decisions));
  EXPECT_EQ(Body(0)["metadata"], json({{"uid", "u-fresh"}, {"resourceVersion", "9"}, {"finalizers", {"x/y", kOurs}}}));
  EXPECT_EQ(Body(1)["metadata"], json({{"uid", "u-done"},
                                       {"resourceVersion", "9"},
                                       {"finalizers", {"x/y", "batch.kubernetes.io/z"}},
                                       {"annotations", {{"borg-operator.dev/recorded", "true"}}}}));
  EXPECT_EQ(Body(2)["metadata"],
            json({{"uid", "u-old"}, {"resourceVersion", "9"}, {"finalizers", {"x/y", "batch.kubernetes.io/z"}}}));
  EXPECT_EQ(Body(3)["metadata"],
            json({{"uid", "u-read"}, {"resourceVersion", "7"}, {"finalizers", {"batch.kubernetes.io/job-tracking"}}}));
}

TEST_F(ExecutorTest, AJobOfTheSameNameIsNotTheOneThatWasSeen) {
  Decisions decisions;
  decisions.mark_recorded = {{"old", "u-another"}};
  EXPECT_TRUE(CarryOut(decisions));
  EXPECT_TRUE(http_.Asked().empty());
}

TEST_F(ExecutorTest, AnEventIsAsTheApiWantsIt) {
  Decisions decisions;
  decisions.events = {{true, "BackupFailed", "exit\x1b 2 \xff" + std::string(2000, 'x')}, {false, "BackupStarted", "a"}};
  EXPECT_TRUE(CarryOut(decisions));
  const json event = Body();
  EXPECT_EQ(event["apiVersion"], "events.k8s.io/v1");
  EXPECT_EQ(event["kind"], "Event");
  EXPECT_EQ(event["metadata"]["namespace"], "backups");
  EXPECT_TRUE(TextAt(event, {"metadata", "name"}).starts_with("web-01.")) << event;
  EXPECT_EQ(event["type"], "Warning");
  EXPECT_EQ(event["reason"], "BackupFailed");
  EXPECT_EQ(event["reportingController"], "borg-operator.dev/operator");
  EXPECT_EQ(event["reportingInstance"], "pod-7");
  EXPECT_EQ(event["regarding"], json({{"apiVersion", "borg-operator.dev/v1alpha1"},
                                      {"kind", "BorgBackupTarget"},
                                      {"name", "web-01"},
                                      {"namespace", "backups"},
                                      {"uid", "u-target"}}));
  EXPECT_LE(TextAt(event, {"note"}).size(), 1024U);
  EXPECT_TRUE(TextAt(event, {"note"}).starts_with("exit\\x1b 2 \xef\xbf\xbdx")) << event;
  EXPECT_THAT(TextAt(event, {"eventTime"}), testing::MatchesRegex("20..-..-..T..:..:..[.]......Z"));
  // What the API refuses to do without.
  EXPECT_FALSE(TextAt(event, {"action"}).empty());
  EXPECT_EQ(Body(1)["type"], "Normal");
  EXPECT_NE(Body(1)["metadata"]["name"], event["metadata"]["name"]);
}

TEST_F(ExecutorTest, WhatIsToldAgainBecomesASeries) {
  Decisions decisions;
  decisions.events = {{true, "SecretMissing", "a"}, {false, "ObstacleGone", "b"}, {true, "SecretMissing", "a"}};
  EXPECT_TRUE(CarryOut(decisions));
  EXPECT_TRUE(CarryOut(decisions));
  const std::string first = TextAt(Body(0), {"metadata", "name"}), second = TextAt(Body(1), {"metadata", "name"});
  const std::string all = "/apis/events.k8s.io/v1/namespaces/backups/events", by = "?fieldManager=borg-operator";
  EXPECT_THAT(http_.Asked(),
              testing::ElementsAre("POST " + all + by + "&fieldValidation=Strict", "POST " + all + by + "&fieldValidation=Strict",
                                   "PATCH " + all + '/' + first + by, "PATCH " + all + '/' + first + by,
                                   "PATCH " + all + '/' + second + by, "PATCH " + all + '/' + first + by));
  EXPECT_EQ(Body(2)["series"]["count"], 2);
  EXPECT_EQ(Body(5)["series"]["count"], 4);
  EXPECT_THAT(TextAt(Body(2), {"series", "lastObservedTime"}), testing::MatchesRegex("20..-..-..T..:..:..[.]......Z"));
}

TEST_F(ExecutorTest, ASeriesThatTheApiServerForgotBeginsAnew) {
  Decisions decisions;
  decisions.events = {{true, "SecretMissing", "a"}};
  EXPECT_TRUE(CarryOut(decisions));
  http_.on_send = [](const kube::HttpRequest& request) {
    if (request.method != "PATCH") return kube::HttpResponse{201, request.body};
    return kube::HttpResponse{404, R"({"kind": "Status", "reason": "NotFound"})"};
  };
  EXPECT_TRUE(CarryOut(decisions));
  EXPECT_EQ(Body(2)["note"], "a");
  EXPECT_NE(Body(2)["metadata"]["name"], Body(0)["metadata"]["name"]);
  http_.on_send = [](const kube::HttpRequest&) { return kube::HttpResponse{200, "{}"}; };
  EXPECT_TRUE(CarryOut(decisions));
  EXPECT_EQ(Body(3)["series"]["count"], 2);
}

TEST_F(ExecutorTest, AnEventsNameFitsWhereTheTargetsIsLong) {
  observed_.target["metadata"]["name"] = std::string(253, 'n');
  Decisions decisions;
  decisions.events = {{false, "Started", "a"}};
  EXPECT_TRUE(CarryOut(decisions));
  EXPECT_LE(TextAt(Body(), {"metadata", "name"}).size(), 253U);
}

}  // namespace
}  // namespace borgop::runtime
