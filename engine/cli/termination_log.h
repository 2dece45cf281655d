// The file that --termination-log names: opened before a run, written after it.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"

namespace borgop::cli {

class TerminationLog {
 public:
  // Leaves what is in the file as it is. An empty path: nothing is ever written.
  static Result<TerminationLog> Open(const std::string& path);
  // Replaces what is in the file.
  Status Write(std::string_view text);

 private:
  std::string path_;
  UniqueFd file_;
};

}  // namespace borgop::cli
