#include "engine/run/target_manifest.h"

#include <utility>

#include "engine/borg/command.h"
#include "engine/retention/succession.h"

namespace borgop {

Task<Result<bool>> TargetManifest::MayPass(Context context, std::string manifest) {
  const Result<Seen> after = co_await Look(context, std::move(manifest));
  if (!after) co_return Fail(after.error());
  std::optional<std::string> objection;
  if (!after->listing) {
    objection = "it cannot be read: " + after->why.message;
  } else if (before_) {
    objection = Objection(*before_, *after->listing);
  }
  // It may be the repository that cannot be read; or since it was listed somebody else was here, before T had the lock.
  if (!after->listing || (!passed_ && (objection || !before_))) {
    Result<Seen> now = co_await Look(context, std::nullopt);
    if (!now) co_return Fail(now.error());
    if (!now->listing) co_return Fail(now->why);
    if (!passed_) {
      before_ = std::move(now->listing);
      if (after->listing) objection = Objection(*before_, *after->listing);
    }
  }
  if (objection) {
    journal_.Log(LogLevel::kError, "the target's list of archives was not let through: " + *objection);
    co_return false;
  }
  passed_ = true;
  co_return true;
}

Task<Result<TargetManifest::Seen>> TargetManifest::Look(Context context, std::optional<std::string> manifest) {
  guard::Pins pins = pins_;
  // borg remembers how new the manifests are that it has seen: so each gets a borg that knows nothing.
  BorgHere here(machines_, environment_, target_, pins, true);
  here.Beside(std::move(manifest));
  const auto make = [this](const Client& client) { return List(client, path_, true); };
  const Result<ExchangeResult> result = co_await here.Run(context, path_, make, {});
  if (!result) co_return Fail(result.error());
  const Result<Completion> judged = JudgeExchange(Step::kList, "on this machine", machines_.server_name(), *result);
  const bool came_to_an_end = result->exit && result->exit->signal.empty() && !result->interrupted && !result->bridge.server_error;
  if (!judged && (!came_to_an_end || result->bridge.refused)) co_return Fail(judged.error());
  Result<Listing> listing = judged ? ParseList(result->output) : Fail(judged.error());
  Seen seen;
  if (listing) {
    seen.listing = *std::move(listing);
  } else {
    seen.why = listing.error();
  }
  co_return seen;
}

}  // namespace borgop
