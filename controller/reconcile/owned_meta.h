// Metadata of what a target owns: deleting the target deletes it.
//
// Thread safety: pure functions. Source: Kubernetes, "Owners and Dependents".
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "controller/api/object_meta.h"

namespace borgop::controller {

// `target` is the target's own; blockOwnerDeletion is false, as it would need a right on the target's finalizers.
nlohmann::json OwnedMeta(const api::ObjectMeta& target, const std::string& name, nlohmann::json labels);

// Puts a digest of the whole object into its annotations.
void Seal(nlohmann::json& object);
// `observed` is what `sealed` was applied as: nothing that the operator decides has changed since.
bool SameSeal(const nlohmann::json& observed, const nlohmann::json& sealed);

// Sixteen hexadecimal digits.
std::string DigestOf(std::string_view text);

}  // namespace borgop::controller
