// guard_bench: what the guard costs, in seconds of CPU for a GiB of `put`, beside msgpack's own readers and a plain copy of the bytes.
//
// Each reads what borg writes, in pieces as the bridge gets them. The guard's part has B's answers in it.
#include <cstdio>
#include <cstring>
#include <ctime>
#include <msgpack.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "engine/guard/guard.h"

namespace borgop::guard {
namespace {

constexpr std::size_t kPiece = std::size_t{128} << 10;  // bridge.cc
constexpr std::uint64_t kGibibyte = std::uint64_t{1} << 30;

double CpuSeconds() {
  timespec now{};
  if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) != 0) return 0;
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

class Stream {
 public:
  explicit Stream(std::size_t object) : data_(object, 'd') {}
  // The next put, in `bytes`, and its answer.
  void Next(std::string& bytes, std::string& answer) {
    ++id_;
    std::string object(32, 'o');
    std::memcpy(object.data(), &id_, sizeof id_);
    buffer_.clear();
    msgpack::packer<msgpack::sbuffer> packer(buffer_);
    packer.pack_map(3).pack("i").pack(id_).pack("m").pack("put").pack("a").pack_map(2).pack("id").pack(object).pack("data").pack(
        data_);
    bytes.assign(buffer_.data(), buffer_.size());
    buffer_.clear();
    packer.pack_map(2).pack("i").pack(id_).pack("r").pack_nil();
    answer.assign(buffer_.data(), buffer_.size());
  }

 private:
  std::string data_;
  std::uint64_t id_ = 2;
  msgpack::sbuffer buffer_;
};

template <typename Piece>
void InPieces(std::string_view bytes, const Piece& piece) {
  for (; !bytes.empty(); bytes.remove_prefix(std::min(kPiece, bytes.size()))) piece(bytes.substr(0, kPiece));
}

class Guarded {
 public:
  static constexpr const char* kName = "guard";
  Guarded() {
    msgpack::sbuffer buffer;
    msgpack::packer<msgpack::sbuffer> packer(buffer);
    packer.pack_array(4).pack(1).pack(1).pack("negotiate").pack_array(1).pack_map(1).pack("client_version").pack_array(0);
    packer.pack_map(3)
        .pack("i")
        .pack(2)
        .pack("m")
        .pack("open")
        .pack("a")
        .pack_map(2)
        .pack("path")
        .pack("/r")
        .pack("exclusive")
        .pack(true);
    Read({buffer.data(), buffer.size()});
    buffer.clear();
    packer.pack_array(4).pack(1).pack(1).pack_nil().pack_map(0);
    packer.pack_map(2).pack("i").pack(2).pack("r").pack(std::string(32, 'r'));
    Answer({buffer.data(), buffer.size()});
    buffer.clear();
    packer.pack_map(2).pack("i").pack(borgop::guard::Monitor::kOwnRequests).pack("r").pack_array(0);
    empty_list_.assign(buffer.data(), buffer.size());
  }
  void Read(std::string_view bytes) {
    while (!bytes.empty()) {
      const Result<Guard::Step> step = guard_.FromClient(bytes);
      if (!step) return;
      if (step->verdict == Guard::Verdict::kAsk && guard_.Decide() == Guard::Verdict::kAsk) {
        guard_.Question();
        Answer(empty_list_);
        guard_.Decide();
      }
      bytes.remove_prefix(step->size);
    }
  }
  void Answer(std::string_view bytes) {
    while (!bytes.empty()) {
      const Result<Guard::Step> step = guard_.FromServer(bytes);
      if (!step) return;
      bytes.remove_prefix(step->size);
    }
  }
  bool Good() const { return guard_.refusals().empty() && guard_.new_bytes() > 0; }

 private:
  Guard guard_{Expectation{"/r", {}, std::nullopt}};
  std::string empty_list_;  // what B answers to the guard's question
};

class LibraryUnpacker {
 public:
  static constexpr const char* kName = "msgpack::unpacker";
  void Read(std::string_view bytes) {
#ifndef __clang_analyzer__  // it takes the library's buffer, which is counted, for lost
    unpacker_.reserve_buffer(bytes.size());
    std::memcpy(unpacker_.buffer(), bytes.data(), bytes.size());
    unpacker_.buffer_consumed(bytes.size());
    msgpack::object_handle handle;
    while (unpacker_.next(handle)) ++messages_;
#endif
  }
  void Answer(std::string_view /*bytes*/) {}
  bool Good() const { return messages_ > 0; }

 private:
  msgpack::unpacker unpacker_{[](auto, std::size_t, void*) { return true; }};
  std::uint64_t messages_ = 0;
};

class Copy {
 public:
  static constexpr const char* kName = "memcpy";
  void Read(std::string_view bytes) { std::memcpy(to_.data(), bytes.data(), bytes.size()); }
  void Answer(std::string_view /*bytes*/) {}
  bool Good() const { return to_.front() != 0; }

 private:
  std::vector<char> to_ = std::vector<char>(kPiece);
};

template <typename Reader>
bool Measure(std::size_t object) {
  Reader reader;
  Stream stream(object);
  std::string bytes, answer;
  double seconds = 0;
  std::uint64_t total = 0;
  while (total < kGibibyte) {
    stream.Next(bytes, answer);
    const double begin = CpuSeconds();
    InPieces(bytes, [&](std::string_view piece) { reader.Read(piece); });
    reader.Answer(answer);
    seconds += CpuSeconds() - begin;
    total += object;
  }
  std::printf("%10zu  %-18s %8.3f\n", object, Reader::kName, seconds);
  return reader.Good();
}

}  // namespace
}  // namespace borgop::guard

int main() {
  using namespace borgop::guard;  // NOLINT(google-build-using-namespace)
  std::printf("%10s  %-18s %8s\n", "object", "reader", "s/GiB");
  bool good = true;
  for (const std::size_t object : {std::size_t{20} << 20, std::size_t{2} << 20, std::size_t{64} << 10, std::size_t{4} << 10}) {
    good = Measure<Guarded>(object) && good;
    good = Measure<LibraryUnpacker>(object) && good;
    good = Measure<Copy>(object) && good;
  }
  return good ? 0 : 1;
}
