// Hooks on T: leaving the after hooks with the keeper, and running the before hooks.
//
// The keeper runs the after hooks as part of its way out (keeper.h), whoever caused it. So they are left with it before the first
// before hook starts, and nothing else ever runs them.
//
// Threading: the loop's thread.
#pragma once

#include "engine/remote/hook_script.h"
#include "engine/remote/keeper.h"

namespace borgop {

// Errors: kHookFailed when T cannot keep them (no space), and those of StartScript.
Task<Status> LeaveAfterHooks(Context context, Connection& connection, const Keeper& keeper, const Hooks& hooks);

// Runs the before hooks up to the first that fails; `log` is fed with what T tells. Registered with the keeper as "before". Errors: those of
// StartScript, and kHookFailed when T does not end within LongestTime.
Task<Status> RunBeforeHooks(Context context, Connection& connection, Keeper& keeper, const Hooks& hooks, HookLog& log);

}  // namespace borgop
