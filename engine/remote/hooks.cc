#include "engine/remote/hooks.h"

#include <array>

#include "engine/borg/shell_quote.h"
#include "engine/report/printable.h"

namespace borgop {
namespace {

constexpr std::chrono::seconds kLeaving{30};
constexpr std::string_view kName = "before";

}  // namespace

Task<Status> LeaveAfterHooks(Context context, Connection& connection, const Keeper& keeper, const Hooks& hooks) {
  const std::string path = ShellQuote(keeper.registry() + "/after");
  const std::string fresh = ShellQuote(keeper.registry() + "/after.new");
  const std::string script = "umask 077\nprintf %s " + ShellQuote(HookScript(hooks, HookStage::kAfter, keeper.directory())) + " >" +
                             fresh + " && mv " + fresh + " " + path + "\n";
  const Result<ScriptResult> left = co_await RunScript(context.WithTimeout(kLeaving), connection, script, 1024);
  if (!left) co_return Fail(left.error());
  if (left->exit.ok()) co_return Status{};
  co_return Fail(Reason::kHookFailed,
                 "the after hooks cannot be left with " + connection.name() + ", so nothing was run: " + Printable(left->err, 300));
}

Task<Status> RunBeforeHooks(Context context, Connection& connection, Keeper& keeper, const Hooks& hooks, HookLog& log) {
  // The hooks have the account's own umask, not the keeper's.
  const std::string script = "mask=$(umask)\n" + keeper.Registration(kName) + "umask \"$mask\"\n" +
                             HookScript(hooks, HookStage::kBefore, keeper.directory());
  Result<std::unique_ptr<RemoteProcess>> process = co_await StartScript(context, connection, script, Connection::kSmallWindow);
  if (!process) co_return Fail(process.error());
  const Context patient = context.WithTimeout(LongestTime(hooks, HookStage::kBefore));
  std::array<char, 4096> buffer{};
  while (true) {
    const Result<std::size_t> got = co_await (*process)->out().Read(patient, buffer);
    if (!got && context.Interrupted() == Wake::kNotified && patient.Interrupted() == Wake::kTimedOut) {
      co_return Fail(Reason::kHookFailed, "the before hooks on " + connection.name() + " go on after their time is up");
    }
    if (!got) co_return Fail(got.error());
    if (*got == 0) break;
    log.Feed(std::string_view(buffer.data(), *got));
  }
  co_await keeper.Forget(context, std::string(kName));
  co_await (*process)->Close(context);
  co_return Status{};
}

}  // namespace borgop
