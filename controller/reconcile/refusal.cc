#include "controller/reconcile/refusal.h"

#include <array>
#include <string_view>
#include <utility>

namespace borgop::controller {
namespace {

// Where in the spec what stands at a place of a CronJob or a Job comes from. Longer ones first.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kPlaces = {
    {{"spec.jobTemplate.spec.template.spec.containers[0].resources", "spec.podTemplate.resources"},
     {"spec.template.spec.containers[0].resources", "spec.podTemplate.resources"},
     {"spec.jobTemplate.spec.template.spec.", "spec.podTemplate."},
     {"spec.jobTemplate.spec.template.metadata.", "spec.podTemplate."},
     {"spec.template.spec.", "spec.podTemplate."},
     {"spec.template.metadata.", "spec.podTemplate."}}};

std::string InTermsOfTheSpec(std::string text) {
  for (const auto& [theirs, ours] : kPlaces) {
    for (std::size_t at = text.find(theirs); at != std::string::npos; at = text.find(theirs, at + ours.size()))
      text.replace(at, theirs.size(), ours);
  }
  return text;
}

}  // namespace

Obstacle ObstacleOf(const Refusal& refusal) {
  switch (refusal.cause) {
    case Refusal::Cause::kInvalid:
      return {std::string(obstacle_reason::kSpecRefused), "Kubernetes refuses the " + refusal.object +
                                                              " that is made from this spec: " + InTermsOfTheSpec(refusal.said) +
                                                              ". Correct the spec; nothing starts until then."};
    case Refusal::Cause::kNameTaken:
      return {std::string(obstacle_reason::kNameTaken),
              "There is a " + refusal.object +
                  " that is not this target's, and it is left alone. Delete or rename it, or make this target with another name."};
    case Refusal::Cause::kForbidden: break;
  }
  return {std::string(obstacle_reason::kForbidden),
          "The operator may not make the " + refusal.object + " here: " + refusal.said +
              ". See to quotas, admission policies and the operator's Role; it is tried again by itself.",
          true};
}

}  // namespace borgop::controller
