#include "controller/runtime/event_recorder.h"

#include <string_view>
#include <utility>

#include "controller/api/names.h"
#include "controller/api/object_meta.h"
#include "controller/kube/lease.h"
#include "controller/reconcile/names.h"
#include "controller/reconcile/owned_meta.h"
#include "engine/report/printable.h"

namespace borgop::runtime {
namespace {

using Code = kube::ApiError::Code;
using What = EventBudget::What;
using nlohmann::json;

constexpr std::size_t kLongestNote = 1024;  // the API's limit

// events.k8s.io/v1. `instance` is which process tells it.
json EventObject(const json& target, const controller::Event& event, WallTime now, const std::string& instance) {
  const api::ObjectMeta meta = api::ReadMeta(target);
  // Unique for what is told when; names of targets may be as long as names may be.
  const std::string digest = controller::DigestOf(meta.uid + '\n' + event.reason + '\n' + event.message + '\n' +
                                                  std::to_string(now.time_since_epoch().count()));
  return {{"apiVersion", kube::Events().ApiVersion()},
          {"kind", kube::Events().kind},
          {"metadata", {{"name", controller::Shortened(meta.name, 230) + '.' + digest}, {"namespace", meta.ns}}},
          {"eventTime", kube::FormatMicroTime(now)},
          {"reportingController", std::string(api::kGroup) + "/operator"},
          {"reportingInstance", instance},
          {"action", "Reconcile"},
          {"regarding",
           {{"apiVersion", api::kApiVersion},
            {"kind", api::kTargetKind},
            {"name", meta.name},
            {"namespace", meta.ns},
            {"uid", meta.uid}}},
          {"type", event.warning ? "Warning" : "Normal"},
          {"reason", event.reason},
          {"note", Printable(event.message, kLongestNote)}};
}

}  // namespace

void EventRecorder::Tell(const json& target, const controller::Event& event, const std::stop_token& stop) {
  const api::ObjectMeta meta = api::ReadMeta(target);
  log_.Info(event.message, {{"target", meta.ns + '/' + meta.name}, {"reason", event.reason}});
  EventBudget::Verdict verdict;
  {
    const std::lock_guard lock(mutex_);
    verdict = budget_.Ask(meta.uid, event, std::chrono::steady_clock::now());
  }
  if (verdict.what == What::kKeepQuiet) return;
  const WallTime now = std::chrono::system_clock::now();
  kube::Result<json> written = json();
  bool is_there = verdict.what == What::kRepeat;
  if (is_there) {
    written = client_.MergePatch(kube::Events(), {meta.ns, verdict.name},
                                 {{"series", {{"count", verdict.count}, {"lastObservedTime", kube::FormatMicroTime(now)}}}}, stop);
    // The API server forgets Events after an hour, and people may delete them.
    is_there = written || written.error().code != Code::kNotFound;
  }
  if (!is_there) {
    const json object = EventObject(target, event, now, instance_);
    written = client_.Create(kube::Events(), object, stop);
    const std::lock_guard lock(mutex_);
    if (written) budget_.Told(meta.uid, event, kube::KeyOf(object).name, std::chrono::steady_clock::now());
  }
  if (!written)
    log_.Warning("an Event could not be written", {{"reason", event.reason}, {"error", kube::Describe(written.error())}});
}

}  // namespace borgop::runtime
