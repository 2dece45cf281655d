// Carries decisions out, in their order, and stops at the first that fails: whoever called observes and decides anew.
//
// Before each change it asks whether it may still act: a process that lost the lead does nothing more. A thing that is gone already, or made
// already, is as good as done. What a decision rests on is written with preconditions (uid, resourceVersion); a conflict is an error here
// and a reason to look again for the caller.
//
// Thread safety: any thread, but one at a time for a key.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

#include "controller/kube/client.h"
#include "controller/logging/log.h"
#include "controller/reconcile/decide.h"
#include "controller/reconcile/decide_server.h"
#include "controller/runtime/event_recorder.h"

namespace borgop::runtime {

class Executor {
 public:
  // `instance` names this process in Events.
  Executor(kube::Client& client, std::function<bool()> may_act, std::string instance, logging::Log log)
      : client_(client),
        may_act_(std::move(may_act)),
        events_(std::make_unique<EventRecorder>(client, std::move(instance), std::move(log))) {}

  // `refusal` is set where the API refused what was to be applied or made, for another decision (Observed::refusal). A CronJob that was not
  // seen is applied without taking fields over: where there is one, it is somebody else's.
  kube::Status CarryOut(const kube::ObjectKey& target, const controller::Observed& observed, const controller::Decisions& decisions,
                        const std::stop_token& stop, std::optional<controller::Refusal>* refusal = nullptr) const;
  kube::Status CarryOut(const kube::ObjectKey& server, const controller::ObservedServer& observed,
                        const controller::ServerDecisions& decisions, const std::stop_token& stop) const;

 private:
  class Steps;

  kube::Client& client_;
  const std::function<bool()> may_act_;
  const std::unique_ptr<EventRecorder> events_;
};

}  // namespace borgop::runtime
