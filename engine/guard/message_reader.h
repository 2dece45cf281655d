// Finds the messages in a stream of MessagePack values: borg's RPC, in either direction.
//
// It tells a message as early as everything but its last value is known, if that is a long string: `put`'s data and `get`'s result are
// last in what borg sends, so megabytes pass without being kept or copied. Values are not decoded here; the head is (rpc.h): the
// message without the contents of its long strings.
//
// The library's own parser tells a string when all of it is there, which means to keep up to 20 MiB a direction and to forward nothing
// of it until then. So the framing is here, the values are the library's, and the library is what tests and the fuzzer compare with.
//
// Memory: the head, which `Limits` bounds. Threading: one thread. Errors: Reason::kBorgOutputInvalid, and from then on nothing else.
// Source: https://github.com/msgpack/msgpack/blob/master/spec.md; borg 1.2.4 and 1.4.5, remote.py and helpers/msgpack.py.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace borgop::guard {

// Of one message.
struct Limits {
  std::uint64_t message = 0;      // all bytes
  std::size_t head = 0;           // all bytes but those of long strings
  std::uint32_t elements = 0;     // values: members of arrays, keys and values of maps
  std::uint32_t depth = 0;        // arrays and maps within each other
  std::uint32_t long_string = 0;  // a string of more bytes is a long one
};

// constants.py: MAX_OBJECT_SIZE is 20 MiB, LIST_SCAN_LIMIT 100,000 ids. Requests have a handful of small values beside that.
inline constexpr std::uint64_t kMaxObject = std::uint64_t{20} << 20;
inline constexpr Limits kRequestLimits{kMaxObject + (64 << 10), 64 << 10, 64, 6, 8 << 10};
inline constexpr Limits kAnswerLimits{kMaxObject + (4 << 20), 4 << 20, 100'100, 8, 8 << 10};

// In the head a long string is this extension type with its length, four bytes, the highest first. borg uses no extension types;
// those in the stream are errors.
inline constexpr std::uint8_t kLongStringType = 1;

class MessageReader {
 public:
  enum class Kind : std::uint8_t {
    kPart,  // of a message of which too little is known
    kHead,  // up to here a message is known: head(); rest() bytes of it are to come
    kRest,  // of the message that was told last
  };
  struct Step {
    std::size_t size = 0;  // bytes read, of those given
    Kind kind = Kind::kPart;
    bool operator==(const Step&) const = default;
  };

  // `peer` is for error messages: who sends.
  MessageReader(std::string_view peer, const Limits& limits) : peer_(peer), limits_(limits) {}

  // The next bytes of the stream, at least one: reads up to where something is known, at most to the end of a message. What is left
  // has to be given again.
  Result<Step> Read(std::string_view bytes);

  std::string_view head() const { return head_; }
  std::uint64_t rest() const { return rest_; }
  // Between two messages.
  bool AtBoundary() const { return told_ ? rest_ == 0 : head_.empty() && header_size_ == 0; }

 private:
  Status OnHeader();
  Status BeginString(std::uint64_t size);
  Status BeginContainer(std::uint64_t elements);
  void EndValue();
  Status Count(std::uint64_t bytes);
  tl::unexpected<Error> Broken(std::string_view what);

  std::string peer_;
  Limits limits_;
  std::optional<Error> error_;

  bool told_ = false;       // the message whose head is kept has been told
  std::uint64_t rest_ = 0;  // of that message
  std::string head_;
  std::uint64_t size_ = 0;  // of the message so far, with what strings and containers announced
  std::uint32_t elements_ = 0;
  std::vector<std::uint64_t> open_;  // values still missing in each open array or map
  bool complete_ = false;
  std::array<unsigned char, 9> header_{};  // a value's first byte and what belongs to it, before contents
  std::size_t header_size_ = 0;
  std::uint64_t body_ = 0;  // of the string that is being read
  bool body_kept_ = false;
};

}  // namespace borgop::guard
