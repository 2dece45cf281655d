#include "engine/run/stale_lock.h"

#include <utility>

#include "engine/borg/command.h"

namespace borgop {
namespace {

constexpr std::chrono::seconds kScriptTime{30};  // for a short script
constexpr std::chrono::seconds kPause{5};        // between two looks
constexpr std::chrono::seconds kEnding{10};      // of what a keeper ends, until that is dead

}  // namespace

std::chrono::seconds LongestAfterlife(std::chrono::seconds grace) { return grace + grace / 12 + kEnding; }

Task<std::optional<StaleLock::Seen>> StaleLock::Look(Context context, std::string owner) {
  const Result<std::optional<std::string>> text =
      co_await machines_.AskServer(context.WithTimeout(kScriptTime), LockScript(path_), kMaxLockText);
  if (!text || !*text) co_return std::nullopt;
  std::optional<RepositoryLock> lock = ParseLock(**text);
  if (!lock) co_return std::nullopt;
  std::set<std::uint64_t> gone;
  if (const std::vector<LockHolder> here = HoldersHere(*lock); !here.empty()) {
    const Result<std::optional<std::string>> said =
        co_await machines_.AskServer(context.WithTimeout(kScriptTime), GoneScript(here), kMaxLockText);
    if (said && *said) gone = ParseGone(**said);
  }
  Seen seen;
  seen.fate = FateOf(*lock, gone, owner);
  seen.lock = *std::move(lock);
  co_return seen;
}

Task<Status> StaleLock::Clear(Context context, std::string owner, ExchangeOptions options, Say notice, Say warning) {
  std::optional<Seen> seen = co_await Look(context, owner);
  if (!seen) co_return Status{};
  if (seen->fate == LockFate::kForlorn) {
    const std::vector<LockHolder> holders = seen->lock.holders;
    const std::chrono::seconds wait = LongestAfterlife(grace_);
    notice("the repository is locked by an earlier run that is dead (" + DescribeLock(seen->lock) + "); waits " +
           std::to_string(wait.count()) + " s, in which whatever it left at work on the repository server ends");
    const MonotonicTime end = context.loop->Now() + wait;
    while (context.loop->Now() < end) {
      const Wake wake = co_await Sleep(context, kPause);
      if (wake != Wake::kTimedOut || context.Interrupted() != Wake::kNotified)
        co_return Fail(InterruptedError(context.Interrupted(), "a lock was waited for"));
      seen = co_await Look(context, owner);
      if (!seen || seen->fate != LockFate::kForlorn || seen->lock.holders != holders) break;
    }
    if (!seen || seen->lock.holders != holders) co_return Status{};
  }
  if (seen->fate != LockFate::kForlorn && seen->fate != LockFate::kDead) co_return Status{};
  const Status broken = co_await Break(context, std::move(options));
  if (broken) warning("broke the repository's lock, which a run that is dead had left: " + DescribeLock(seen->lock));
  co_return broken;
}

Task<Status> StaleLock::Break(Context context, ExchangeOptions options) {
  const auto make = [this](const Client& client) { return BreakLock(client, path_); };
  const Result<ExchangeResult> result = co_await here_.Run(context, path_, make, std::move(options));
  if (!result) co_return Fail(result.error());
  const Result<Completion> done = JudgeExchange(Step::kBreakLock, "on this machine", "on " + machines_.server_name(), *result);
  if (!done) co_return Fail(done.error());
  co_return Status{};
}

Task<Error> StaleLock::Explain(Context context, Error error) {
  if (error.reason != Reason::kRepositoryLocked) co_return error;
  const std::optional<Seen> seen = co_await Look(context, std::string());
  if (seen && seen->fate != LockFate::kFree) error.message += "; it is held by " + DescribeLock(seen->lock);
  co_return error;
}

}  // namespace borgop
