#include "engine/restore/sample.h"

#include <algorithm>

namespace borgop {

void Sampler::See(const ListedItem& item) {
  if (item.type != '-') return;
  if (item.path.find('?') != std::string::npos) {
    ++unnamed_;
    return;
  }
  ++files_;
  const std::uint64_t lot = random_();
  if (lots_.size() >= limits_.files && (lots_.empty() || std::prev(lots_.end())->first <= lot)) return;
  lots_.emplace(lot, item);
  if (lots_.size() > limits_.files) lots_.erase(std::prev(lots_.end()));
}

std::vector<ListedItem> Sampler::Take() const {
  std::vector<ListedItem> taken;
  std::uint64_t bytes = 0;
  std::size_t names = 0;
  for (const auto& [lot, item] : lots_) {
    if (item.size > limits_.bytes - bytes || item.path.size() > kMaxNames - names) continue;
    bytes += item.size;
    names += item.path.size();
    taken.push_back(item);
  }
  std::sort(taken.begin(), taken.end(), [](const ListedItem& one, const ListedItem& other) { return one.path < other.path; });
  return taken;
}

}  // namespace borgop
