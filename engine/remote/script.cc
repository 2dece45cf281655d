#include "engine/remote/script.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "engine/base/hex.h"
#include "engine/report/printable.h"

namespace borgop {
namespace {

constexpr std::chrono::seconds kStartLimit{30};
constexpr int kEndedWithZero = 200;  // what is sent for 0; 201 is sent for 200, with which nothing is known to end
constexpr std::size_t kNoiseLimit = std::size_t{64} * 1024;  // what a login shell may print before the script

std::string NewMarker() {
  std::array<unsigned char, 12> bytes{};
  RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  return "borg-engine-" + Hex(bytes);
}

// Reads up to and including "\n" + marker + "\n"; gives back what came behind it.
Task<Result<std::string>> SkipTo(Context context, Reader& from, std::string marker, std::string& noise) {
  const std::string line = "\n" + marker + "\n";
  std::array<char, 4096> buffer{};
  while (true) {
    const Result<std::size_t> got = co_await from.Read(context, buffer);
    if (!got) co_return Fail(got.error());
    if (*got == 0) co_return Fail(Reason::kShellUnusable, "it ended without having run anything");
    noise.append(buffer.data(), *got);
    if (const std::size_t at = noise.find(line); at != std::string::npos) {
      std::string rest = noise.substr(at + line.size());
      noise.resize(at);
      co_return rest;
    }
    if (noise.size() > kNoiseLimit) co_return Fail(Reason::kShellUnusable, "it printed too much before it ran anything");
  }
}

// Reads until it ends or is told to stop; keeps the latest. Streams of one channel share a window: unread errors would hold up the rest.
Task<void> Overhear(Context context, Reader& from, std::string& errors) {
  std::array<char, 4096> buffer{};
  while (true) {
    const Result<std::size_t> got = co_await from.Read(context, buffer);
    if (!got || *got == 0) co_return;
    errors.append(buffer.data(), *got);
    if (errors.size() > 2 * kNoiseLimit) errors.erase(0, errors.size() - kNoiseLimit);
  }
}

// Why the script did not start, from what the account said instead.
Task<Error> ExplainFailure(Context context, Channel& channel, const std::string& name, Error cause, const std::string& noise,
                           std::string errors) {
  if (cause.reason != Reason::kShellUnusable && cause.reason != Reason::kDeadlineExceeded) co_return cause;
  std::string how = cause.message;
  if (cause.reason == Reason::kShellUnusable) {
    const Context brief = context.WithTimeout(std::chrono::seconds(5));
    co_await Overhear(brief, channel.err(), errors);
    const Result<ExitStatus> exit = co_await channel.WaitExit(brief);
    if (exit)
      how = exit->signal.empty() ? "it ended with status " + std::to_string(exit->status) : "it ended by SIG" + exit->signal;
  } else {
    how = "it did not answer within " + std::to_string(kStartLimit.count()) + " s";
  }
  const std::string said = Printable(errors.empty() ? noise : errors, 300);
  co_return Error{Reason::kShellUnusable,
                  name + ": the login shell did not run a script: " + how + (said.empty() ? "" : "; it said: " + said),
                  {}};
}

}  // namespace

Task<Result<std::size_t>> PrefixedReader::Read(Context context, std::span<char> into) {
  if (prefix_.empty()) co_return co_await rest_.Read(context, into);
  const std::size_t part = std::min(into.size(), prefix_.size());
  std::memcpy(into.data(), prefix_.data(), part);
  prefix_.erase(0, part);
  co_return part;
}

Task<Result<ExitStatus>> RemoteProcess::WaitExit(Context context) {
  Result<ExitStatus> exit = co_await channel_->WaitExit(context);
  if (exit && exit->status == kEndedWithZero) exit->status = 0;
  co_return exit;
}

Bootstrap::Bootstrap(std::string_view script) {
  // Backquotes, since sash ends at "$(" without a word, even in single quotes.
  const auto run = [](std::size_t size) { return "sh -c 'eval \"`dd bs=1 count=" + std::to_string(size) + " 2>/dev/null`\"'"; };
  const std::string zero = std::to_string(kEndedWithZero);
  // The outer shell's own errors go nowhere: it would tell how the inner one ended.
  input = "exec 3>&2 2>/dev/null\nBORG_ENGINE_SESSION=$PPID " + run(script.size()) + " 2>&3 3>&-\ns=$?\ncase $s in 0) s=" + zero +
          " ;; " + zero + ") s=201 ;; esac\nexit $s\n";
  command = "exec " + run(input.size());
  input += script;
}

Task<Result<std::unique_ptr<RemoteProcess>>> StartScript(Context context, Connection& connection, std::string script,
                                                         std::uint32_t window) {
  const std::string marker = NewMarker();
  const std::string text = "printf '\\n%s\\n' " + marker + "\n" + script;
  const Context start = context.WithTimeout(kStartLimit);
  const Bootstrap bootstrap(text);
  Result<std::unique_ptr<Channel>> channel = co_await connection.Exec(start, bootstrap.command, window);
  if (!channel) co_return Fail(channel.error());
  std::string noise;
  std::string errors;
  TaskGroup aside(start);
  aside.Spawn(Overhear(aside.context(), (*channel)->err(), errors));
  const Status sent = co_await (*channel)->in().Write(start, bootstrap.input);
  Result<std::string> rest = Fail(Reason::kShellUnusable, "it closed its input");
  // An account that refuses may close its input first: what it said is still to be read.
  if (sent || !connection.failure()) rest = co_await SkipTo(start, (*channel)->out(), marker, noise);
  aside.Stop();
  co_await aside.Join();
  if (rest) co_return std::make_unique<RemoteProcess>(std::move(*channel), std::move(*rest), std::move(errors));
  if (context.Interrupted() != Wake::kNotified) co_return Fail(rest.error());
  Error error = co_await ExplainFailure(context, **channel, connection.name(), rest.error(), noise, std::move(errors));
  co_await (*channel)->Close(context.WithTimeout(std::chrono::seconds(5)));
  co_return Fail(std::move(error));
}

Task<Result<ScriptResult>> RunScript(Context context, Connection& connection, std::string script, std::size_t output_limit) {
  Result<std::unique_ptr<RemoteProcess>> process =
      co_await StartScript(context, connection, std::move(script), Connection::kSmallWindow);
  if (!process) co_return Fail(process.error());
  Result<std::string> out = co_await ReadAll(context, (*process)->out(), output_limit);
  if (!out) co_return Fail(out.error());
  Result<std::string> err = co_await ReadAll(context, (*process)->err(), output_limit);
  if (!err) co_return Fail(err.error());
  const Result<ExitStatus> exit = co_await (*process)->WaitExit(context);
  if (!exit) co_return Fail(exit.error());
  co_await (*process)->Close(context);
  ScriptResult result;
  result.exit = *exit;
  result.out = std::move(*out);
  result.err = std::move(*err);
  co_return result;
}

}  // namespace borgop
