// A child process whose stdin, stdout and stderr are streams of the loop.
//
// Nothing of this process leaks into it: the environment is exactly the one given, descriptors other than 0, 1 and 2 are closed,
// signals are at their defaults. Ownership: destroying a Subprocess that still runs kills it (SIGKILL) and reaps it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/loop/fd_stream.h"
#include "engine/loop/signals.h"

namespace borgop {

class Subprocess {
 public:
  // argv[0] is looked up on this process's PATH. kBorgMissing is not decided here: a program that cannot be started ends with
  // status 127 or 126, as a shell would have it.
  static Result<std::unique_ptr<Subprocess>> Start(EventLoop& loop, Signals& signals, const std::vector<std::string>& argv,
                                                   const std::vector<std::pair<std::string, std::string>>& env);
  ~Subprocess();
  Subprocess(const Subprocess&) = delete;
  Subprocess& operator=(const Subprocess&) = delete;

  Writer& in() { return *in_; }
  Reader& out() { return *out_; }
  Reader& err() { return *err_; }
  void Signal(int number);
  // From now on it gets no more than `bytes` of memory (RLIMIT_AS: addresses, so some of it never used); what asks for more fails.
  // A build with a sanitizer limits nothing.
  void LimitMemory(std::uint64_t bytes) const;
  // The wait(2) status.
  Task<Result<int>> Wait(Context context);

 private:
  Subprocess(Signals& signals, pid_t pid) : signals_(signals), pid_(pid) {}

  Signals& signals_;
  pid_t pid_;
  std::optional<int> status_;
  WaitQueue ended_;
  std::unique_ptr<FdStream> in_, out_, err_;
};

}  // namespace borgop
