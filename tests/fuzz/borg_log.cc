#include "engine/borg/log_reader.h"
#include "engine/borg/outcome.h"
#include "tests/fuzz/fuzzer.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace borgop;  // NOLINT(google-build-using-namespace)
  const std::string_view text = fuzz::Text(data, size);
  LogReader whole;
  whole.Feed(text);
  whole.Finish();
  LogReader pieces;
  fuzz::InPieces(text, [&](std::string_view piece) { pieces.Feed(piece); });
  pieces.Finish();
  fuzz::Must(whole.messages().error == pieces.messages().error, "pieces mean what the whole does");
  fuzz::Must(whole.messages().msgid == pieces.messages().msgid, "pieces mean what the whole does");
  fuzz::Must(whole.messages().error.size() <= Messages::kMaxText + 64, "messages are bounded");
  for (const int status : {1, 2, 15, 105, 137}) static_cast<void>(Judge(Step::kCreate, "on T", {status, {}}, whole.messages()));
  return 0;
}
