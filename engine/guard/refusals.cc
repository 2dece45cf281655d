#include "engine/guard/refusals.h"

#include <algorithm>
#include <utility>

namespace borgop::guard {
namespace {

std::string Printable(std::string_view method) {
  std::string text(method.substr(0, Refusals::kMaxMethod));
  for (char& c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (!plain) c = '?';
  }
  return text;
}

}  // namespace

void Refusals::Add(std::string_view method, std::string_view reason, const std::optional<ObjectId>& id) {
  std::string name = Printable(method);
  auto kind = std::find_if(kinds_.begin(), kinds_.end(), [&](const Refusal& r) { return r.method == name && r.reason == reason; });
  if (kind == kinds_.end()) {
    if (kinds_.size() == kMaxKinds) {
      ++others_;
      return;
    }
    kinds_.push_back({std::move(name), reason, 0, {}});
    kind = kinds_.end() - 1;
  }
  ++kind->count;
  if (id && kind->ids.size() < kMaxIds && std::find(kind->ids.begin(), kind->ids.end(), *id) == kind->ids.end())
    kind->ids.push_back(*id);
}

}  // namespace borgop::guard
