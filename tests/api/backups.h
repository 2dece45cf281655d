// A namespace with a BorgServer, Secrets, and targets that use them, as somebody applied them.
//
// Threading: one thread. Ownership: stays in the control plane. Errors: std::runtime_error.
#pragma once

#include <string>
#include <vector>

#include "controller/api/target_status.h"
#include "tests/api/admin_client.h"

namespace borgop::api_tests {

class Backups {
 public:
  Backups(ControlPlane& plane, std::string_view prefix, int max_concurrent = 8);

  const std::string& ns() const { return ns_; }
  // Of the sample's spec, with a repository of its own.
  Json TargetObject(const std::string& name, const Json& spec_patch = Json::object()) const;
  void Add(const std::string& name, const Json& spec_patch = Json::object()) const;
  void Change(const std::string& name, const Json& spec_patch) const;
  void RunNow(const std::string& name, const std::string& value) const;

  api::TargetStatus StatusOf(const std::string& name) const;
  bool HasCronJob(const std::string& name) const;
  // Oldest first. The values of run-now that each was made for; empty: another reason.
  std::vector<Json> Jobs() const { return AdminClient::Shared().List(kube::Jobs(), ns_); }
  std::vector<std::string> Triggers() const;
  // Waits until there is one for this value.
  kube::ObjectKey JobFor(const std::string& value) const;

 private:
  std::string ns_;
};

}  // namespace borgop::api_tests
