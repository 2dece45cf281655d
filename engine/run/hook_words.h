// What is said about a hook, and whether it failed.
//
// Thread safety: pure functions. What hooks print comes from another machine: here it is bounded, and Printable.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/plan/hooks.h"
#include "engine/remote/hook_log.h"
#include "engine/remote/hook_script.h"

namespace borgop {

// "hooks.before[0] ('systemctl' 'stop' 'app')": its place in the plan, and the command, cut where it is long.
std::string NameOf(HookStage stage, std::size_t index, const HookCommand& command);

// "NAME on the target web-01 ended with status 3; it said: ...", with the last lines of what it printed; nothing where it ended well.
std::optional<std::string> FailureOf(const std::string& name, std::string_view where, const HookResult& result,
                                     std::chrono::seconds timeout);

// The last lines that it printed, at most 20.
std::vector<std::string> LastLines(std::string_view output);

}  // namespace borgop
