#include "bench/controller/job_clock.h"

#include "controller/api/names.h"
#include "controller/reconcile/json_view.h"

namespace borgop::bench {
namespace {

constexpr auto kJobClockLimit = std::chrono::minutes(10);

kube::Selection MetadataOnly() {
  kube::Selection selection;
  selection.metadata_only = true;
  return selection;
}

}  // namespace

JobClock::JobClock(const api_tests::ControlPlane& plane)
    : jobs_(plane, kube::Jobs(), MetadataOnly(), [this](const kube::Change& change) {
        if (!change.before && change.after)
          times_.End(controller::TextAt(*change.after, {"metadata", "annotations", api::kTriggerAnnotation.data()}));
      }) {}

void JobClock::Ask(api_tests::AdminClient& admin, const kube::ObjectKey& target, const std::string& value) {
  const nlohmann::json annotations{{std::string(api::kRunNowAnnotation), value}};
  admin.Patch(kube::BorgBackupTargets(), target, {{"metadata", {{"annotations", annotations}}}});
}

bool JobClock::AwaitJobs(std::size_t count) const {
  return api_tests::Eventually([&] { return times_.Ended() >= count; }, kJobClockLimit);
}

}  // namespace borgop::bench
