// Carries bytes as the bridge does with a guard: what it keeps, what it passes, what it asks.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/guard/guard.h"
#include "engine/guard/rpc.h"
#include "spoken.h"

namespace borgop::guard {

class PlayedBridge {
 public:
  explicit PlayedBridge(Expectation expectation, HeldObjects listed = HeldObjects())
      : guard(std::move(expectation), std::move(listed)) {}

  // In pieces of `size`.
  void Client(std::string_view bytes, std::size_t size = std::string_view::npos) { Carry(bytes, size, true); }
  void Server(std::string_view bytes, std::size_t size = std::string_view::npos) { Carry(bytes, size, false); }

  Guard guard;
  std::set<ObjectId> held;  // by the repository: what a played B lists
  // Instead of what it lists; given the question's number.
  std::function<std::string(std::uint64_t)> list;
  // What somebody who reads manifests says of one.
  std::function<bool(const std::string&)> review = [](const std::string&) { return true; };
  std::vector<std::string> reviewed;
  std::string to_server, to_client;      // what passed
  std::string kept_client, kept_server;  // what waits
  std::size_t most_kept = 0;
  std::vector<ObjectId> asked;
  std::vector<std::string> questions;
  std::optional<Error> error;

 private:
  Guard::Verdict Find() {
    Guard::Verdict verdict = guard.Decide();
    while (verdict == Guard::Verdict::kAsk && !error) {
      questions.push_back(guard.Question());
      const std::uint64_t id = Monitor::kOwnRequests + questions.size() - 1;
      Carry(list ? list(id) : List(id), std::string_view::npos, false);
      if (guard.waiting()) return Guard::Verdict::kHold;
      verdict = guard.Decide();
    }
    return error ? Guard::Verdict::kRefuse : verdict;
  }
  std::string List(std::uint64_t id) {
    std::vector<std::string> ids;
    for (auto at = std::next(held.begin(), static_cast<std::ptrdiff_t>(listed_));
         at != held.end() && ids.size() < HeldObjects::kPage; ++at)
      ids.emplace_back(at->data(), at->size());
    listed_ += ids.size();
    return ReplyIds(id, ids);
  }
  std::size_t listed_ = 0;

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
        verdict = Find();
      }
      if (verdict == Guard::Verdict::kReview) {
        reviewed.push_back(DataIn(kept).value_or("unreadable"));
        verdict = guard.Reviewed(review(reviewed.back()));
      }
      if (verdict == Guard::Verdict::kHold) continue;
      if (verdict == Guard::Verdict::kPass) passed += kept;
      if (verdict == Guard::Verdict::kReplace) passed += guard.Replacement();
      kept.clear();
    }
  }
};

}  // namespace borgop::guard
