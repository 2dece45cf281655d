// The controllers that are compared. Both are started with the same options, and are the same ServiceAccount.
//
// Threading: one thread. Errors: std::runtime_error.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "tests/api/control_plane.h"

namespace borgop::bench {

struct Contender {
  std::string name;
  std::string program;
};

Contender Operator();  // borg-operator as it was built beside this

struct RunSettings {
  double api_rate = 50;  // requests a second
  bool elect = false;
  int lease_seconds = 15;
};

lab::Process Start(const Contender& contender, const api_tests::ControlPlane& plane, const RunSettings& settings);
// SIGTERM. Throws where it does not end by itself.
void Stop(lab::Process& process);

// What a process has used since it was started.
struct Usage {
  double cpu_s = 0;  // user and system
  double resident_mib = 0;
  double peak_mib = 0;  // resident, at its highest
};
Usage UsageOf(pid_t pid);

}  // namespace borgop::bench
