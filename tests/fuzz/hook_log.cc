#include "engine/remote/hook_log.h"
#include "tests/fuzz/fuzzer.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace borgop;  // NOLINT(google-build-using-namespace)
  const std::string_view text = fuzz::Text(data, size);
  std::string whole, pieces;
  const auto read = [](std::string& into) {
    return HookLog([&into](std::size_t index) { into += "start " + std::to_string(index) + "\n"; },
                   [&into](const HookResult& result) {
                     into += std::to_string(result.index) + " " + std::to_string(result.status) + " " + result.output + "\n";
                   });
  };
  HookLog log = read(whole);
  log.Feed(text);
  HookLog other = read(pieces);
  fuzz::InPieces(text, [&](std::string_view piece) { other.Feed(piece); });
  fuzz::Must(whole == pieces, "pieces mean what the whole does");
  fuzz::Must(log.ended() == other.ended(), "pieces mean what the whole does");
  return 0;
}
