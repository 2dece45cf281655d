// Tells people what became of a target: a log line each time, and an Event (events.k8s.io/v1) where event_budget.h says so.
//
// Thread safety: any thread. Errors are logged: nothing hangs on an Event.
#pragma once

#include <mutex>
#include <nlohmann/json.hpp>
#include <stop_token>
#include <string>

#include "controller/kube/client.h"
#include "controller/logging/log.h"
#include "controller/reconcile/decide.h"
#include "controller/runtime/event_budget.h"

namespace borgop::runtime {

class EventRecorder {
 public:
  // `instance` names this process.
  EventRecorder(kube::Client& client, std::string instance, logging::Log log)
      : client_(client), instance_(std::move(instance)), log_(std::move(log)) {}

  // `target` is the object that it is about.
  void Tell(const nlohmann::json& target, const controller::Event& event, const std::stop_token& stop);

 private:
  kube::Client& client_;
  const std::string instance_;
  const logging::Log log_;
  std::mutex mutex_;
  EventBudget budget_;
};

}  // namespace borgop::runtime
