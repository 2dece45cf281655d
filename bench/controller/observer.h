// Hears of each change of one kind of objects by a watch of its own, at once.
//
// Threading: handlers are called on a thread of this object. Errors: std::runtime_error where the API server cannot be reached.
#pragma once

#include <memory>
#include <thread>

#include "controller/kube/reflector.h"
#include "tests/api/control_plane.h"

namespace borgop::bench {

class Observer {
 public:
  // Returns when `handler` has heard of all that is there.
  Observer(const api_tests::ControlPlane& plane, const kube::ResourceType& type, const kube::Selection& selection,
           kube::Reflector::Handler handler);

 private:
  std::unique_ptr<kube::HttpClient> http_;
  kube::Client client_;
  kube::Reflector reflector_;
  std::jthread thread_;  // last: it uses all the others
};

}  // namespace borgop::bench
