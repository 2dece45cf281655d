#include "bench/guard/served_repository.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace borgop::bench {
namespace {

constexpr std::size_t kPiece = std::size_t{128} << 10;  // as the bridge reads

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
    read.reset(ends[0]);
    write.reset(ends[1]);
  }
  UniqueFd read, write;
};

}  // namespace

std::string Request(std::uint64_t id, std::string_view method, std::string_view arguments) {
  msgpack::sbuffer buffer;
  msgpack::packer<msgpack::sbuffer> packer(buffer);
  packer.pack_map(3).pack("i").pack(id).pack("m").pack(std::string(method)).pack("a");
  return std::string(buffer.data(), buffer.size()) + std::string(arguments);
}

ServedRepository::ServedRepository(const std::string& borg) {
  Pipe in, out;
  pid_ = fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ == 0) {
    dup2(in.read.get(), STDIN_FILENO);
    dup2(out.write.get(), STDOUT_FILENO);
    execlp(borg.c_str(), borg.c_str(), "serve", static_cast<char*>(nullptr));
    _exit(127);
  }
  to_ = std::move(in.write);
  from_ = std::move(out.read);
}

ServedRepository::~ServedRepository() {
  to_.reset();
  from_.reset();
  if (pid_ > 0) waitpid(pid_, nullptr, 0);
}

void ServedRepository::Write(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t size = write(to_.get(), bytes.data(), bytes.size());
    if (size < 0) throw std::system_error(errno, std::generic_category(), "borg serve does not take what it is told");
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
}

std::string ServedRepository::Read() const {
  std::string bytes(kPiece, '\0');
  const ssize_t size = read(from_.get(), bytes.data(), bytes.size());
  if (size <= 0) throw std::runtime_error("borg serve ended");
  bytes.resize(static_cast<std::size_t>(size));
  return bytes;
}

msgpack::object_handle ServedRepository::Answer(bool may_fail) {
  msgpack::object_handle answer;
#ifndef __clang_analyzer__  // it takes the library's buffer, which is counted, for lost
  while (!unpacker_.next(answer)) {
    const std::string bytes = Read();
    unpacker_.reserve_buffer(bytes.size());
    std::memcpy(unpacker_.buffer(), bytes.data(), bytes.size());
    unpacker_.buffer_consumed(bytes.size());
  }
#endif
  if (may_fail || answer->type != msgpack::type::MAP) return answer;
  for (const auto& [key, value] : answer->via.map) {
    if (key.as<std::string>() != "exception_class") continue;
    throw std::runtime_error("borg serve answers with an error: " + value.as<std::string>());
  }
  return answer;
}

msgpack::object_handle ServedRepository::Call(std::uint64_t id, std::string_view method, std::string_view arguments) {
  Write(Request(id, method, arguments));
  return Answer();
}

void ServedRepository::Close() {
  to_.reset();
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  if (status != 0) throw std::runtime_error("borg serve failed");
}

double ServedRepository::CpuSeconds() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/stat");
  std::string text;
  std::getline(file, text);
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;  // proc(5): utime is the 14th
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double ServedRepository::MemoryMib() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("VmRSS:")) return std::stod(line.substr(6)) / 1024;
  }
  return 0;
}

}  // namespace borgop::bench
