// The POSIX shell text that runs hooks on T.
//
// Both kinds of hooks run by the same text: `before` over a channel, `after` by the keeper, from a file, with nobody there perhaps. So
// nothing in it depends on somebody reading: what a hook prints goes through a FIFO to a reader on T that keeps its end, and only that is
// told (hook_log.h). A hook is a process group of its own where T has setsid, so that one that is out of time ends with all that it
// started. What a hook leaves in the background keeps nothing waiting: the FIFO's reader goes a second after the hook.
//
// Thread safety: pure functions.
#pragma once

#include <chrono>
#include <string>

#include "engine/plan/hooks.h"

namespace borgop {

enum class HookStage { kBefore, kAfter };

// What runs `hooks` of that stage one by one, in `directory`, which is private. It ends at the first `before` hook that fails, and runs
// every `after` hook. SIGTERM ends the hook that runs, and the script.
std::string HookScript(const Hooks& hooks, HookStage stage, const std::string& directory);

// What it takes at most, where every hook is ended as its time is up.
std::chrono::seconds LongestTime(const Hooks& hooks, HookStage stage);

}  // namespace borgop
