// Flux for tests: its kustomize-controller and helm-controller as processes of this machine, against the control plane.
//
// Its source-controller is played here, as it cannot be built from Go modules: who pushes something puts it, as that would, into an archive of
// regular files (no symbolic links) that is served on loopback, and writes its place into the status.
//
// Threading: one thread. Ownership: all ends with its owner; objects stay in the control plane. Errors: std::runtime_error with what the
// controllers said. Every wait is bounded.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "controller/kube/resource.h"
#include "tests/api/control_plane.h"
#include "tests/fakes/temporary_directory.h"
#include "tests/lab/process.h"

namespace borgop::api_tests {

class Flux {
 public:
  // With the namespace "flux-system".
  explicit Flux(const ControlPlane& plane);

  // What is in `folder` of `root`, as the next commit that the GitRepository has fetched.
  void Push(const kube::ObjectKey& repository, const std::filesystem::path& root, const std::string& folder = ".");
  // The chart for the HelmChart that helm-controller makes for a HelmRelease, from `root`, once it is there.
  void Package(const kube::ObjectKey& chart, const std::filesystem::path& root);

  // Has a Kustomization or a HelmRelease ("kustomization/NAME", "helmrelease/NAME") looked at again, and waits until that is done, as far as
  // its condition Ready is not Unknown. That condition.
  Json Reconcile(const std::string& name, const std::string& ns);
  void AwaitReady(const std::string& name, const std::string& ns) const;
  // The last of what it told in Events: notes.
  std::vector<std::string> Told(const std::string& name, const std::string& ns) const;
  std::string Log() const;

 private:
  Json Get(const std::string& name, const std::string& ns) const;
  // The artifact as it stands in a status, of a tar of the regular files of `folder` in `root`, which has `renamed` in its place.
  Json Store(const std::filesystem::path& root, const std::string& folder, const std::string& renamed);
  void SetStored(const std::string& name, const std::string& ns, Json status) const;

  const ControlPlane& plane_;
  TemporaryDirectory served_;
  int stored_ = 0, asked_ = 0;
  lab::Process server_;
  std::string url_;
  std::vector<std::unique_ptr<lab::Process>> controllers_;
};

}  // namespace borgop::api_tests
