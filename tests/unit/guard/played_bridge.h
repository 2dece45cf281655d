// Carries bytes as the bridge does with a guard: what it keeps, what it passes, what it asks.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/guard/guard.h"

namespace borgop::guard {

class PlayedBridge {
 public:
  explicit PlayedBridge(Expectation expectation) : guard(std::move(expectation)) {}

  // In pieces of `size`.
  void Client(std::string_view bytes, std::size_t size = std::string_view::npos) { Carry(bytes, size, true); }
  void Server(std::string_view bytes, std::size_t size = std::string_view::npos) { Carry(bytes, size, false); }

  Guard guard;
  std::function<bool(const ObjectId&)> held = [](const ObjectId&) { return false; };
  std::string to_server, to_client;      // what passed
  std::string kept_client, kept_server;  // what waits
  std::size_t most_kept = 0;
  std::vector<ObjectId> asked;
  std::vector<Answer> own;
  std::optional<Error> error;

 private:
  void Carry(std::string_view bytes, std::size_t size, bool up) {
    std::string& kept = up ? kept_client : kept_server;
    std::string& passed = up ? to_server : to_client;
    while (!bytes.empty() && !error) {
      const Result<Guard::Step> step = up ? guard.FromClient(bytes.substr(0, size)) : guard.FromServer(bytes.substr(0, size));
      if (!step) {
        error = step.error();
        return;
      }
      kept += bytes.substr(0, step->size);
      most_kept = std::max(most_kept, kept.size() - (step->verdict == Guard::Verdict::kPass ? step->size : 0));
      bytes.remove_prefix(step->size);
      Guard::Verdict verdict = step->verdict;
      if (verdict == Guard::Verdict::kAsk) {
        asked.push_back(guard.asked());
        verdict = guard.Held(held(guard.asked()));
      }
      if (verdict == Guard::Verdict::kHold) continue;
      if (verdict == Guard::Verdict::kOwn) own.push_back(guard.answer());
      if (verdict == Guard::Verdict::kPass) passed += kept;
      kept.clear();
    }
  }
};

}  // namespace borgop::guard
