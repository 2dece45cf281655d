// What the API refuses becomes a condition, and nothing else waits for it.
#include "controller/reconcile/refusal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/reconcile/decide.h"
#include "tests/unit/reconcile/world.h"

namespace borgop::controller {
namespace {

using Cause = Refusal::Cause;
using test::World;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string MessageOf(const std::string& said) { return ObstacleOf({Cause::kInvalid, "CronJob web-01", said}).message; }

TEST(RefusalTest, NamesTheFieldsOfTheSpec) {
  EXPECT_THAT(MessageOf("spec.jobTemplate.spec.template.spec.containers[0].resources.requests: Invalid value: \"2Gi\""),
              AllOf(HasSubstr("CronJob web-01"), HasSubstr(": spec.podTemplate.resources.requests: Invalid")));
  EXPECT_THAT(
      MessageOf("[spec.template.spec.containers[0].resources.limits[a b]: x, spec.template.spec.containers[0].resources: y]"),
      HasSubstr("[spec.podTemplate.resources.limits[a b]: x, spec.podTemplate.resources: y]"));
  EXPECT_THAT(MessageOf("spec.jobTemplate.spec.template.spec.tolerations[0].operator: x"),
              HasSubstr("spec.podTemplate.tolerations[0].operator: x"));
  EXPECT_THAT(MessageOf("spec.template.metadata.labels: x"), HasSubstr("spec.podTemplate.labels: x"));
  EXPECT_THAT(MessageOf("spec.timeZone: x"), HasSubstr(": spec.timeZone: x"));
}

TEST(RefusalTest, OnlyWhatIsForbiddenMayPass) {
  EXPECT_FALSE(ObstacleOf({Cause::kInvalid, "Job j", "s"}).passes);
  EXPECT_FALSE(ObstacleOf({Cause::kNameTaken, "CronJob c", "s"}).passes);
  EXPECT_TRUE(ObstacleOf({Cause::kForbidden, "Job j", "s"}).passes);
  for (const Cause cause : {Cause::kInvalid, Cause::kNameTaken, Cause::kForbidden})
    EXPECT_TRUE(IsObstacle(ObstacleOf({cause, "Job j", "s"}).reason));
}

TEST(RefusedDecisionTest, IsAConditionAndMakesNothing) {
  World world;
  world.Annotate("borg-operator.dev/run-now", "1");
  ASSERT_THAT(world.Decide().create, SizeIs(1));
  world.observed.refusal = Refusal{Cause::kInvalid, "CronJob web-01", "spec.template.spec.x: why"};
  const Decisions decisions = world.Decide();
  EXPECT_THAT(decisions.apply, IsEmpty());
  EXPECT_THAT(decisions.create, IsEmpty());
  ASSERT_TRUE(decisions.look_again);
  EXPECT_LE(*decisions.look_again, world.now + std::chrono::seconds(60));
  world.Settle();
  EXPECT_EQ(world.Ready(), "False SpecRefused");
  EXPECT_THAT(api::Find(world.Status().conditions, "Stalled")->message, HasSubstr("spec.podTemplate.x: why"));
  EXPECT_EQ(world.Status().last_run_now, "") << "no Job was made";
  EXPECT_THAT(world.reasons, Contains("SpecRefused"));
  // Once it is accepted.
  world.observed.refusal.reset();
  world.Settle();
  EXPECT_EQ(world.Ready(), "True Scheduled");
  EXPECT_EQ(world.Status().last_run_now, "1");
}

TEST(RefusedDecisionTest, ResultsAreTakenInAllTheSame) {
  World world;
  world.Settle();
  world.Fire("run-1");
  world.Settle();
  world.End("run-1", test::GoodTargetReport());
  // The state is written before anything is applied.
  World refused = world;
  const Decisions first = world.Decide();
  ASSERT_TRUE(first.carried_state);
  refused.observed.refusal = Refusal{Cause::kForbidden, "CronJob web-01", "exceeded quota"};
  EXPECT_FALSE(refused.Decide().carried_state);
  refused.observed.carried_state = *first.carried_state;
  refused.Settle();
  EXPECT_EQ(refused.Status().last_backup->phase, "Completed");
  EXPECT_EQ(refused.Ready(), "False Forbidden");
  EXPECT_FALSE(refused.Job("run-1")["metadata"].contains("finalizers"));
}

TEST(RefusedDecisionTest, HoldsWhatWasMadeFromAnotherSpecUnlessItMayPass) {
  for (const Cause cause : {Cause::kInvalid, Cause::kForbidden}) {
    World world;
    world.Settle();
    world.observed.refusal = Refusal{cause, "CronJob web-01", "why"};
    EXPECT_THAT(world.Decide().hold_cron_jobs, SizeIs(cause == Cause::kInvalid ? 1 : 0));
  }
}

TEST(RefusedDecisionTest, DoesNotHideWhatAPersonHasToSettle) {
  World world;
  world.Settle();
  world.observed.claims = {{"web-01", "web/01", test::At("2026-01-02T00:00:00Z")},
                           {"other", "web/01", test::At("2026-01-01T00:00:00Z")}};
  world.observed.refusal = Refusal{Cause::kForbidden, "CronJob web-01", "why"};
  world.Settle();
  EXPECT_EQ(world.Ready(), "False RepositoryShared");
}

}  // namespace
}  // namespace borgop::controller
