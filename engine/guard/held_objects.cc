#include "engine/guard/held_objects.h"

#include <algorithm>
#include <cstring>

namespace borgop::guard {
namespace {

std::uint64_t Fingerprint(const ObjectId& id) {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, id.data(), sizeof bytes);
  return bytes;
}

}  // namespace

Status HeldObjects::Add(const std::vector<ObjectId>& page) {
  if (page.size() > kPage || page.size() > kMax - fingerprints_.size())
    return Fail(Reason::kBorgOutputInvalid, "borg serve lists more objects than a repository can have here");
  std::transform(page.begin(), page.end(), std::back_inserter(fingerprints_), Fingerprint);
  if (!page.empty()) last_ = page.back();
  if (page.size() == kPage) return {};
  complete_ = true;
  std::sort(fingerprints_.begin(), fingerprints_.end());
  return {};
}

bool HeldObjects::Holds(const ObjectId& id) const {
  return std::binary_search(fingerprints_.begin(), fingerprints_.end(), Fingerprint(id));
}

}  // namespace borgop::guard
