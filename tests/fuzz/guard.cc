// A whole session: pieces of what T and B say, each one byte (its lowest bit: B's; the others: the length) and then that many bytes.
#include "engine/guard/guard.h"

#include "tests/fuzz/fuzzer.h"

namespace {

using borgop::guard::Expectation;
using borgop::guard::Guard;
using borgop::guard::InitKind;
using Verdict = Guard::Verdict;

// Carries bytes as the bridge does.
class Session {
 public:
  explicit Session(Expectation expectation) : guard_(std::move(expectation)) {}

  void Say(bool server, std::string_view bytes) {
    std::string& kept = server ? kept_server_ : kept_client_;
    while (!bytes.empty() && error_.empty()) {
      const borgop::Result<Guard::Step> step = server ? guard_.FromServer(bytes) : guard_.FromClient(bytes);
      if (!step) {
        error_ = borgop::fuzz::WithoutBytes(step.error().message);
        return;
      }
      borgop::fuzz::Must(step->size > 0 && step->size <= bytes.size(), "every step reads something of what there is");
      kept += bytes.substr(0, step->size);
      bytes.remove_prefix(step->size);
      Act(server, kept, step->verdict);
    }
  }
  std::string Told() const {
    // Of what led to an error more or less has been kept.
    std::string told = to_server_ + "|" + to_client_ + "|" + (error_.empty() ? kept_client_ + "|" + kept_server_ : error_);
    for (const borgop::guard::Refusal& refusal : guard_.refusals().kinds())
      told += "|" + refusal.method + std::to_string(refusal.count);
    return told;
  }
  const std::string& to_server() const { return to_server_; }

 private:
  void Act(bool server, std::string& kept, Verdict verdict) {
    if (verdict == Verdict::kAsk) verdict = Find();
    if (verdict == Verdict::kHold) return;
    if (verdict == Verdict::kPass) {
      borgop::fuzz::Must(server || guard_.refusals().empty(), "nothing passes after a refusal");
      (server ? to_client_ : to_server_) += kept;
    }
    if (verdict == Verdict::kReplace) (server ? to_client_ : to_server_) += guard_.Replacement();
    kept.clear();
  }

  // B lists one object at once. Where it owes T an answer still, that is out of turn.
  Verdict Find() {
    while (guard_.Decide() == Verdict::kAsk && error_.empty()) {
      guard_.Question();
      std::string list = {'\x82', '\xa1', 'i', '\xcf', 0, 1, 0, 0, 0, 0, 0, questions_++, '\xa1', 'r', '\x91', '\xda', 0, 32};
      list += std::string(32, 'h');
      Say(true, list);
    }
    return error_.empty() ? guard_.Decide() : Verdict::kRefuse;
  }

  Guard guard_;
  char questions_ = 0;
  std::string to_server_, to_client_, kept_client_, kept_server_, error_;
};

Expectation Expected(InitKind init = InitKind::kNone) {
  Expectation expectation{"/r", {borgop::guard::ObjectId{'R'}, 5, std::nullopt}, 1000};
  if (init != InitKind::kNone) expectation.client = borgop::guard::Client::kTrusted;
  expectation.init = init;
  return expectation;
}

void Play(std::string_view text, const Expectation& expectation) {
  Session whole(expectation), pieces(expectation);
  std::string client;
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text.front());
    const std::string_view bytes = text.substr(1, first / 2U);
    text.remove_prefix(1 + bytes.size());
    const bool server = first % 2U == 1;
    if (!server) client += bytes;
    whole.Say(server, bytes);
    borgop::fuzz::InPieces(bytes, [&](std::string_view piece) { pieces.Say(server, piece); });
  }
  borgop::fuzz::Must(whole.Told() == pieces.Told(), "pieces mean what the whole does");
  if (expectation.init == InitKind::kNone)
    borgop::fuzz::Must(client.starts_with(whole.to_server()), "what passes is what was said");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const InitKind init : {InitKind::kNone, InitKind::kMakes, InitKind::kFinishes})
    Play(borgop::fuzz::Text(data, size), Expected(init));
  return 0;
}
