// Who may do what in the control plane: access as a ServiceAccount, and what the audit log says of it.
//
// Threading: one thread. Errors: std::runtime_error.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "tests/api/control_plane.h"

namespace borgop::api_tests {

// The objects of a manifest below the source tree, such as "deploy/cluster-wide/rbac.yaml".
std::vector<Json> Manifest(const ControlPlane& plane, const std::string& path);
// A kubeconfig for a ServiceAccount that exists, whose context is in its namespace.
std::filesystem::path AccessOf(const ControlPlane& plane, const std::string& ns, const std::string& account);
std::string TokenOf(const ControlPlane& plane, const std::string& ns, const std::string& account);

// "ROLE: GROUP/RESOURCE VERB" of each single right in the Roles and ClusterRoles among these objects.
std::set<std::string> RightsIn(const std::vector<Json>& objects);

// What a ServiceAccount asked for since this was made.
class Audit {
 public:
  Audit(const ControlPlane& plane, const std::string& ns, const std::string& account);

  std::vector<Json> Requests() const;
  // Those rights, as in RightsIn, that a request needed and had.
  std::set<std::string> Used() const;
  // Requests that were refused for want of a right.
  std::set<std::string> Forbidden() const;

 private:
  const ControlPlane& plane_;
  const std::string user_, since_;
};

}  // namespace borgop::api_tests
