#include "controller/reconcile/owned_meta.h"

#include <array>
#include <cstdio>
#include <utility>

#include "controller/api/names.h"
#include "controller/reconcile/json_view.h"
#include "controller/reconcile/names.h"

namespace borgop::controller {

using nlohmann::json;

json OwnedMeta(const api::ObjectMeta& target, const std::string& name, json labels) {
  return {{"name", name},
          {"namespace", target.ns},
          {"labels", std::move(labels)},
          {"annotations", {{std::string(api::kTargetNameAnnotation), target.name}}},
          {"ownerReferences", json::array({{{"apiVersion", api::kApiVersion},
                                            {"kind", api::kTargetKind},
                                            {"name", target.name},
                                            {"uid", target.uid},
                                            {"controller", true},
                                            {"blockOwnerDeletion", false}}})}};
}

std::string DigestOf(std::string_view text) {
  std::array<char, 17> digits{};
  (void)std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(StableHash(text)));
  return digits.data();
}

void Seal(json& object) {
  const std::string digest = DigestOf(object.dump(-1, ' ', false, json::error_handler_t::replace));
  object["metadata"]["annotations"][std::string(api::kAppliedAnnotation)] = digest;
}

bool SameSeal(const json& observed, const json& sealed) {
  const std::string key(api::kAppliedAnnotation);
  const std::string digest = TextAt(sealed, {"metadata", "annotations", key.c_str()});
  return !digest.empty() && TextAt(observed, {"metadata", "annotations", key.c_str()}) == digest;
}

}  // namespace borgop::controller
