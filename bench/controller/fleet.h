// The targets that a benchmark of controllers works on: namespaces of a hundred, each with a BorgServer and the three Secrets that all its
// targets share.
//
// Threading: one thread, but for what is marked. Ownership: stays in the control plane. Errors: std::runtime_error.
#pragma once

#include <string>

#include "tests/api/admin_client.h"

namespace borgop::bench {

class Fleet {
 public:
  static constexpr int kInNamespace = 100;

  // Makes namespaces, servers and Secrets for `targets`, and these; the resources' definitions are there already.
  Fleet(const api_tests::ControlPlane& plane, int targets);

  int size() const { return size_; }
  // Any thread.
  kube::ObjectKey KeyOf(int target) const;
  // As somebody applies it; with a value of the annotation run-now, where there is one. Any thread.
  nlohmann::json ObjectOf(int target, const std::string& run_now = {}) const;

 private:
  const int size_;
};

}  // namespace borgop::bench
