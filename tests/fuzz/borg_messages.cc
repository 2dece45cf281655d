// The framing of borg's protocol, beside the library's own parser.
#include <msgpack.hpp>
#include <vector>

#include "engine/guard/message_reader.h"
#include "engine/guard/rpc.h"
#include "tests/fuzz/fuzzer.h"

namespace {

using borgop::guard::Limits;
using borgop::guard::MessageReader;

struct Told {
  std::string heads;
  std::vector<std::size_t> ends;
  std::string error;
  bool operator==(const Told&) const = default;
};

void Read(MessageReader& reader, std::string_view bytes, std::size_t& at, Told& told) {
  while (!bytes.empty() && told.error.empty()) {
    const borgop::Result<MessageReader::Step> step = reader.Read(bytes);
    if (!step) {
      told.error = borgop::fuzz::WithoutBytes(step.error().message);
      return;
    }
    borgop::fuzz::Must(step->size > 0 && step->size <= bytes.size(), "every step reads something of what there is");
    bytes.remove_prefix(step->size);
    at += step->size;
    if (step->kind != MessageReader::Kind::kHead) continue;
    told.heads += std::string(reader.head()) + "\n" + std::to_string(reader.rest()) + "\n";
    told.ends.push_back(at);
    // A head is read, or is not; never both as a question and as an answer.
    const bool request = borgop::guard::DecodeRequest(reader.head()).has_value(),
               answer = borgop::guard::DecodeAnswer(reader.head()).has_value();
    borgop::fuzz::Must(!request || !answer || static_cast<unsigned char>(reader.head().front()) == 0x94 ||
                           reader.head().front() == '\xdc' || reader.head().front() == '\xdd',
                       "a map is a request or an answer");
  }
}

void PiecesMeanWhatTheWholeDoes(std::string_view text, const Limits& limits) {
  Told whole, pieces;
  MessageReader reader("x", limits), other("x", limits);
  std::size_t at = 0, other_at = 0;
  Read(reader, text, at, whole);
  borgop::fuzz::InPieces(text, [&](std::string_view piece) { Read(other, piece, other_at, pieces); });
  borgop::fuzz::Must(whole == pieces, "pieces mean what the whole does");
}

// Without long strings, a head is the message itself: the library must find the same end.
void TheLibraryAgrees(std::string_view text) {
  const Limits limits{1 << 20, 1 << 20, 10000, 100, 1 << 20};
  MessageReader reader("x", limits);
  Told told;
  std::size_t at = 0, offset = 0;
  Read(reader, text, at, told);
  for (const std::size_t end : told.ends) {
    msgpack::unpack(text.data(), text.size(), offset);  // throws: the fuzzer stops
    borgop::fuzz::Must(offset == end, "the library finds the same messages");
  }
  // What the reader waits for, the library does not have either.
  if (!told.error.empty() || reader.AtBoundary()) return;
  bool whole = true;
  try {
    msgpack::unpack(text.data(), text.size(), offset);
  } catch (const msgpack::insufficient_bytes&) {
    whole = false;
  }
  borgop::fuzz::Must(!whole, "a message is told when it is whole");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = borgop::fuzz::Text(data, size);
  PiecesMeanWhatTheWholeDoes(text, borgop::guard::kRequestLimits);
  PiecesMeanWhatTheWholeDoes(text, {1000, 300, 50, 5, 12});
  TheLibraryAgrees(text);
  return 0;
}
