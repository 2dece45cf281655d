#include "controller/kube/watch_decoder.h"
#include "tests/fuzz/fuzzer.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace borgop;  // NOLINT(google-build-using-namespace)
  const std::string_view text = fuzz::Text(data, size);
  const auto told = [](const std::vector<kube::WatchEvent>& events) {
    std::string all;
    for (const kube::WatchEvent& event : events)
      all += event.object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    return all;
  };
  std::vector<kube::WatchEvent> whole, pieces;
  kube::WatchDecoder decoder({}, 4096);
  const kube::Status good = decoder.Feed(text, whole);
  kube::WatchDecoder other({}, 4096);
  kube::Status other_good;
  fuzz::InPieces(text, [&](std::string_view piece) {
    if (other_good) other_good = other.Feed(piece, pieces);
  });
  fuzz::Must(told(whole) == told(pieces), "pieces mean what the whole does");
  fuzz::Must(good.has_value() == other_good.has_value(), "pieces mean what the whole does");
  if (good) fuzz::Must(decoder.AtBoundary() == other.AtBoundary(), "pieces mean what the whole does");
  return 0;
}
