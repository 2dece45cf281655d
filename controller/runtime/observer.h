// Fills in what decisions look at, from the caches and, for contents, from the API.
//
// Thread safety: any thread. Errors: those of requests; then nothing is decided.
#pragma once

#include <stop_token>

#include "controller/reconcile/decide.h"
#include "controller/reconcile/decide_server.h"
#include "controller/runtime/caches.h"
#include "controller/runtime/contents.h"

namespace borgop::runtime {

class Observer {
 public:
  Observer(kube::Client& client, const Caches& caches, Contents& contents)
      : client_(client), caches_(caches), contents_(contents) {}

  kube::Result<controller::Observed> OfTarget(const kube::ObjectKey& key, const std::stop_token& stop) const;
  // The server must exist. JSON null in `server`: it does not.
  kube::Result<controller::ObservedServer> OfServer(const kube::ObjectKey& key, const std::stop_token& stop) const;
  // The ends of logs; empty where there is none to be had: a pod that is gone or has not begun, or, with `give_up` and where the request says
  // best effort, a node that does not answer.
  kube::Result<std::map<std::string, std::string>> Logs(const std::string& ns, const std::vector<controller::LogRequest>& requests,
                                                        bool give_up, const std::stop_token& stop) const;

 private:
  kube::Result<nlohmann::json> ConfigMap(const kube::ObjectKey& key, const std::stop_token& stop) const;
  kube::Result<controller::Secrets> SecretsOf(const std::string& ns, const std::set<std::string>& names,
                                              const std::stop_token& stop) const;
  kube::Result<bool> IsTerminating(const std::string& ns, const std::stop_token& stop) const;

  kube::Client& client_;
  const Caches& caches_;
  Contents& contents_;
};

}  // namespace borgop::runtime
