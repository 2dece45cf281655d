// A `borg serve` of this machine that is spoken to over pipes, and what it costs.
//
// Threading: one thread; reads and writes wait. Errors: std::runtime_error, std::system_error.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <msgpack.hpp>
#include <string>
#include <string_view>

#include "engine/base/unique_fd.h"

namespace borgop::bench {

// {MSGID, METHOD, ARGS} as borg 1.2 writes it. `arguments` is a packed map.
std::string Request(std::uint64_t id, std::string_view method, std::string_view arguments);

class ServedRepository {
 public:
  explicit ServedRepository(const std::string& borg);
  ~ServedRepository();
  ServedRepository(const ServedRepository&) = delete;
  ServedRepository& operator=(const ServedRepository&) = delete;

  void Write(std::string_view bytes) const;
  // Whatever has come: at least one byte.
  std::string Read() const;
  // The next answer, which is not to be an error, unless `may_fail`.
  msgpack::object_handle Answer(bool may_fail = false);
  // Sends one request and waits for its answer.
  msgpack::object_handle Call(std::uint64_t id, std::string_view method, std::string_view arguments);
  // Says goodbye and waits for its end, as which it is only sure to have written all.
  void Close();

  double CpuSeconds() const;  // user and system
  double MemoryMib() const;   // resident

 private:
  pid_t pid_ = -1;
  UniqueFd to_, from_;
  msgpack::unpacker unpacker_;
};

}  // namespace borgop::bench
