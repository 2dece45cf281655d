// What a ServiceAccount asked of the API server, from the audit log, which is read on as it grows and when it is rotated.
//
// Threading: one thread. Errors: std::runtime_error where there is no log.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "engine/base/unique_fd.h"

namespace borgop::bench {

// By verb and resource, such as "patch borgbackuptargets/status". A watch counts when it begins, all else when it is answered.
using Requests = std::map<std::string, int>;

Requests operator-(const Requests& after, const Requests& before);

struct RequestSums {
  int gets = 0, lists = 0, watches = 0, writes = 0;  // none of them of the Lease
  int leases = 0;
  int all() const { return gets + lists + watches + writes + leases; }
};
RequestSums SumsOf(const Requests& requests);

class Audit {
 public:
  Audit(std::filesystem::path log, std::string user);

  // All so far.
  const Requests& Read();
  // When the last one came that is neither a watch nor of the Lease, as Read saw it.
  std::optional<std::chrono::system_clock::time_point> last_request() const { return last_request_; }

 private:
  void Open();
  void Take(const std::string& line);

  const std::filesystem::path path_;
  const std::string account_;  // as it stands in a line
  UniqueFd fd_;
  std::string pending_;
  Requests requests_;
  std::optional<std::chrono::system_clock::time_point> last_request_;
};

}  // namespace borgop::bench
