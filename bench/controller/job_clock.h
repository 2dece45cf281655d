// Times from when a run is asked for until its Job is there.
//
// Threading: any thread may ask. Errors: std::runtime_error.
#pragma once

#include "bench/controller/observer.h"
#include "bench/controller/stopwatch.h"
#include "tests/api/admin_client.h"

namespace borgop::bench {

class JobClock {
 public:
  explicit JobClock(const api_tests::ControlPlane& plane);

  // Has the target ask for a run by this value of its annotation; the clock is to be started before.
  static void Ask(api_tests::AdminClient& admin, const kube::ObjectKey& target, const std::string& value);
  Stopwatch& times() { return times_; }
  // False: not within the limit.
  bool AwaitJobs(std::size_t count) const;

 private:
  Stopwatch times_;  // by the annotation's value
  const Observer jobs_;
};

}  // namespace borgop::bench
