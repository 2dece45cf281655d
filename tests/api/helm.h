// helm, as tools/cluster/programs.sh built it, and the project's own chart.
//
// Errors: std::runtime_error where it fails and was not asked to.
#pragma once

#include <string>
#include <vector>

#include "tests/lab/process.h"

namespace borgop::api_tests {

class Helm {
 public:
  static const std::string& WhyNot();  // why there is none; empty if there is
  static std::string Chart();          // the folder helm/
  static lab::Ended Run(const std::vector<std::string>& arguments);
  static std::string Output(const std::vector<std::string>& arguments);  // its stdout
};

}  // namespace borgop::api_tests
