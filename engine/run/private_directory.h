// A directory of this process's own, mode 0700, for the sockets and caches of one target's run; removed with all that is in it.
#pragma once

#include <string>

#include "engine/base/result.h"

namespace borgop {

class PrivateDirectory {
 public:
  // Below $TMPDIR or /tmp.
  static Result<PrivateDirectory> Make();
  PrivateDirectory(PrivateDirectory&& other) noexcept;
  PrivateDirectory& operator=(PrivateDirectory&&) = delete;
  PrivateDirectory(const PrivateDirectory&) = delete;
  PrivateDirectory& operator=(const PrivateDirectory&) = delete;
  ~PrivateDirectory();
  const std::string& path() const { return path_; }

 private:
  explicit PrivateDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace borgop
