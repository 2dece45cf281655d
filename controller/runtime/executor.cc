#include "controller/runtime/executor.h"

#include <algorithm>
#include <utility>

#include "controller/api/names.h"
#include "controller/api/object_meta.h"
#include "controller/reconcile/json_view.h"

namespace borgop::runtime {
namespace {

using Code = kube::ApiError::Code;
using controller::JobRef;
using kube::Status;
using nlohmann::json;

Status Unless(Status status, Code as_good) {
  if (!status && status.error().code == as_good) return {};
  return status;
}

template <class T>
Status Only(const kube::Result<T>& result) {
  if (!result) return kube::Fail(result.error());
  return {};
}

const json* FindObject(const std::vector<json>& objects, const JobRef& ref) {
  const auto at = std::find_if(objects.begin(), objects.end(), [&](const json& one) { return kube::UidOf(one) == ref.uid; });
  return at == objects.end() ? nullptr : &*at;
}

// Status of a target or a server, with what it was decided from as precondition.
json StatusObject(std::string_view kind, const json& object, json status) {
  const api::ObjectMeta meta = api::ReadMeta(object);
  return {
      {"apiVersion", api::kApiVersion},
      {"kind", kind},
      {"metadata", {{"name", meta.name}, {"namespace", meta.ns}, {"uid", meta.uid}, {"resourceVersion", meta.resource_version}}},
      {"status", std::move(status)}};
}

}  // namespace

// The single changes. Each asks first whether it may still be made.
class Executor::Steps {
 public:
  Steps(const Executor& executor, std::string ns, const std::stop_token& stop)
      : executor_(executor), client_(executor.client_), ns_(std::move(ns)), stop_(stop) {}

  template <class List, class Step>
  Status ForEach(const List& list, Step step) {
    for (const auto& item : list) {
      if (Status may = MayAct(); !may) return may;
      if (Status done = step(item); !done) return done;
    }
    return {};
  }

  Status PutState(const json& map) {
    if (!kube::ResourceVersionOf(map).empty()) return Only(client_.Update(kube::ConfigMaps(), map, stop_));
    Status made = Only(client_.Create(kube::ConfigMaps(), map, stop_));
    if (made || made.error().code != Code::kAlreadyExists) return made;
    // One that somebody made by hand, without that by which it is found. Once it has it, what it says counts.
    json metadata = map.at("metadata");
    for (const char* known : {"name", "namespace"}) metadata.erase(known);
    Status seen = Only(client_.MergePatch(kube::ConfigMaps(), {ns_, kube::KeyOf(map).name}, {{"metadata", metadata}}, stop_));
    if (!seen) return seen;
    return kube::Fail(Code::kConflict, "a ConfigMap of that name was there without labels");
  }
  Status Apply(const json& object, const controller::Observed& observed) {
    const bool map = controller::TextAt(object, {"kind"}) == kube::ConfigMaps().kind;
    const std::string name = kube::KeyOf(object).name;
    const auto seen = [&](const json& cron) { return cron.is_object() && kube::KeyOf(cron).name == name; };
    const bool ours = map || seen(observed.backup_cron_job) || seen(observed.maintenance_cron_job);
    Status done = Only(client_.Apply(map ? kube::ConfigMaps() : kube::CronJobs(), object, stop_,
                                     ours ? kube::Conflicts::kTakeOver : kube::Conflicts::kRefuse));
    if (!done && !ours && done.error().code == Code::kConflict)
      refusal_ = Refusal{Refusal::Cause::kNameTaken, Named(object), done.error().message};
    return Noted(object, std::move(done));
  }
  Status SetSuspend(const kube::ResourceType& type, const std::string& name, const std::string& uid, bool suspend) {
    json patch = {{"spec", {{"suspend", suspend}}}};
    if (!uid.empty()) patch["metadata"]["uid"] = uid;
    return Unless(Only(client_.MergePatch(type, {ns_, name}, patch, stop_)), Code::kNotFound);
  }
  Status CreateJob(const json& job) {
    return Noted(job, Unless(Only(client_.Create(kube::Jobs(), job, stop_)), Code::kAlreadyExists));
  }
  Status DeleteCronJob(const std::string& name) {
    return Unless(client_.Delete(kube::CronJobs(), {ns_, name}, {}, stop_), Code::kNotFound);
  }
  Status DeleteJob(const JobRef& job) {
    kube::DeleteOptions options;
    options.uid = job.uid;
    return Unless(client_.Delete(kube::Jobs(), {ns_, job.name}, options, stop_), Code::kNotFound);
  }
  Status PutStatus(const kube::ResourceType& type, const json& object) {
    return Unless(Only(client_.ApplyStatus(type, object, stop_)), Code::kNotFound);
  }

  enum class Finalizer { kAdd, kRemove, kRecorded };
  // Of one of `objects`, which are of `type`.
  Status SetFinalizer(const kube::ResourceType& type, const std::vector<json>& objects, const JobRef& ref, Finalizer what) {
    const json* object = FindObject(objects, ref);
    if (object == nullptr) return {};
    std::vector<std::string> finalizers = api::ReadMeta(*object).finalizers;
    std::erase(finalizers, std::string(api::kResultFinalizer));
    if (what == Finalizer::kAdd) finalizers.emplace_back(api::kResultFinalizer);
    // The whole list is replaced, so nobody may have changed it meanwhile.
    json metadata = {{"uid", ref.uid}, {"resourceVersion", kube::ResourceVersionOf(*object)}, {"finalizers", finalizers}};
    if (what == Finalizer::kRecorded) metadata["annotations"] = {{api::kRecordedAnnotation, "true"}};
    return Unless(Only(client_.MergePatch(type, {ns_, ref.name}, {{"metadata", std::move(metadata)}}, stop_)), Code::kNotFound);
  }

  // Of what was applied or made.
  const std::optional<controller::Refusal>& refusal() const { return refusal_; }

  Status MayAct() const {
    if (executor_.may_act_()) return {};
    return kube::Fail(Code::kCancelled, "this process does not lead any more");
  }

 private:
  using Refusal = controller::Refusal;

  static std::string Named(const json& object) { return controller::TextAt(object, {"kind"}) + ' ' + kube::KeyOf(object).name; }
  Status Noted(const json& object, Status done) {
    if (done) return done;
    // A namespace that goes takes the target along: nobody has to be told.
    if (done.error().message.find("because it is being terminated") != std::string::npos) return done;
    const bool invalid = done.error().code == Code::kInvalid;
    if (invalid || done.error().code == Code::kForbidden) {
      refusal_ = Refusal{invalid ? Refusal::Cause::kInvalid : Refusal::Cause::kForbidden, Named(object), done.error().message};
    }
    return done;
  }

  const Executor& executor_;
  kube::Client& client_;
  const std::string ns_;
  const std::stop_token& stop_;
  std::optional<Refusal> refusal_;
};

Status Executor::CarryOut(const kube::ObjectKey& target, const controller::Observed& observed,
                          const controller::Decisions& decisions, const std::stop_token& stop,
                          std::optional<controller::Refusal>* refusal) const {
  using Finalizer = Steps::Finalizer;
  Steps steps(*this, target.ns, stop);
  const auto set = [&](Finalizer what) {
    return [&steps, &observed, what](const JobRef& job) { return steps.SetFinalizer(kube::Jobs(), observed.jobs, job, what); };
  };
  const auto put_status = [&](const api::TargetStatus& status) {
    return steps.PutStatus(kube::BorgBackupTargets(), StatusObject(api::kTargetKind, observed.target, api::ToJson(status)));
  };
  std::vector<json> state;
  if (decisions.carried_state) state.push_back(*decisions.carried_state);
  std::vector<api::TargetStatus> status;
  if (decisions.status) status.push_back(*decisions.status);

  Status done = steps.ForEach(state, [&](const json& map) { return steps.PutState(map); });
  if (done) done = steps.ForEach(decisions.apply, [&](const json& object) { return steps.Apply(object, observed); });
  if (done) {
    done = steps.ForEach(decisions.hold_cron_jobs,
                         [&](const std::string& name) { return steps.SetSuspend(kube::CronJobs(), name, {}, true); });
  }
  if (done) done = steps.ForEach(decisions.delete_cron_jobs, [&](const std::string& name) { return steps.DeleteCronJob(name); });
  if (done) done = steps.ForEach(decisions.add_finalizer, set(Finalizer::kAdd));
  if (done) done = steps.ForEach(decisions.create, [&](const json& job) { return steps.CreateJob(job); });
  if (!done && refusal != nullptr) *refusal = steps.refusal();
  if (done) done = steps.ForEach(decisions.delete_waiting, [&](const JobRef& job) { return steps.DeleteJob(job); });
  if (done) {
    done = steps.ForEach(decisions.suspend,
                         [&](const JobRef& job) { return steps.SetSuspend(kube::Jobs(), job.name, job.uid, true); });
  }
  if (done) done = steps.ForEach(status, put_status);
  if (done) {
    done = steps.ForEach(decisions.events, [&](const controller::Event& event) {
      events_->Tell(observed.target, event, stop);
      return Status{};
    });
  }
  if (done) done = steps.ForEach(decisions.mark_recorded, set(Finalizer::kRecorded));
  if (done) done = steps.ForEach(decisions.remove_finalizer, set(Finalizer::kRemove));
  if (done) {
    done = steps.ForEach(decisions.free_pods, [&](const JobRef& pod) {
      return steps.SetFinalizer(kube::Pods(), observed.pods, pod, Finalizer::kRemove);
    });
  }
  if (done) done = steps.ForEach(decisions.delete_jobs, [&](const JobRef& job) { return steps.DeleteJob(job); });
  return done;
}

Status Executor::CarryOut(const kube::ObjectKey& server, const controller::ObservedServer& observed,
                          const controller::ServerDecisions& decisions, const std::stop_token& stop) const {
  Steps steps(*this, server.ns, stop);
  Status done =
      steps.ForEach(decisions.release, [&](const JobRef& job) { return steps.SetSuspend(kube::Jobs(), job.name, job.uid, false); });
  if (!done || !decisions.status) return done;
  if (Status may = steps.MayAct(); !may) return may;
  return steps.PutStatus(kube::BorgServers(), StatusObject(api::kServerKind, observed.server, api::ToJson(*decisions.status)));
}

}  // namespace borgop::runtime
