#include "engine/restore/target_place.h"

#include <array>
#include <utility>

#include "engine/borg/shell_quote.h"
#include "engine/report/printable.h"

namespace borgop {
namespace {

constexpr std::chrono::seconds kLook{120};
const std::string kName = "look";

// What a short script printed, or why it failed.
Task<Result<std::string>> Ask(Context context, Connection& connection, Keeper& keeper, std::string script, std::string what) {
  const Result<ScriptResult> result =
      co_await RunScript(context.WithTimeout(kLook), connection, keeper.Registration(kName) + script, 1024);
  if (!result) co_return Fail(result.error());
  co_await keeper.Forget(context, kName);
  if (result->exit.ok()) co_return result->out;
  co_return Fail(Reason::kRestoreFailed, what + " on " + connection.name() + ": " + Printable(result->err, 300),
                 "See that the user who logs in there may read and write that directory, then restore again.");
}

Task<void> ReadConflicts(Context context, Reader& from, ConflictReader& reader) {
  std::array<char, 4096> buffer{};
  while (true) {
    const Result<std::size_t> got = co_await from.Read(context, buffer);
    if (!got || *got == 0) co_return;
    reader.Feed(std::string_view(buffer.data(), *got));
  }
}

Task<void> ReadWords(Context context, Reader& from, std::string& words) {
  const Result<std::string> all = co_await ReadAll(context, from, 1024);
  if (all) words = *all;
}

}  // namespace

Task<Result<Place>> LookAtTarget(Context context, Connection& connection, Keeper& keeper, std::string directory) {
  const std::string quoted = ShellQuote(directory);
  const std::string shown = Printable(directory, 300);
  const std::string script = "if [ -d " + quoted + " ]; then\n  all=$(ls -A " + quoted +
                             ") || exit 1\n  if [ -n \"$all\" ]; then echo full; else echo empty; fi\nelif [ -e " + quoted +
                             " ] || [ -L " + quoted + " ]; then echo other\nelse echo absent\nfi\n";
  const Result<std::string> said = co_await Ask(context, connection, keeper, script, "cannot look into " + shown);
  if (!said) co_return Fail(said.error());
  if (*said == "absent\n") co_return Place::kAbsent;
  if (*said == "empty\n") co_return Place::kEmpty;
  if (*said == "full\n") co_return Place::kFull;
  if (*said == "other\n") co_return Fail(Reason::kFilesInTheWay, shown + " on " + connection.name() + " is no directory");
  co_return Fail(Reason::kRestoreFailed, "cannot look into " + shown + " on " + connection.name() + ": " + Printable(*said, 100));
}

Task<Status> MakeTargetDirectory(Context context, Connection& connection, Keeper& keeper, std::string directory) {
  const std::string quoted = ShellQuote(directory);
  const std::string script = "mkdir -p " + quoted + " && [ -w " + quoted + " ] || { echo 'it cannot be written' >&2; exit 1; }\n";
  const Result<std::string> said = co_await Ask(context, connection, keeper, script, "cannot make " + Printable(directory, 300));
  if (!said) co_return Fail(said.error());
  co_return Status{};
}

Task<Result<Conflicts>> FindConflictsOnTarget(Context context, Connection& connection, Keeper& keeper, std::string directory,
                                              FeedItems feed) {
  Result<std::unique_ptr<RemoteProcess>> process =
      co_await StartScript(context, connection, keeper.Registration(kName) + "exec sh\n", Connection::kSmallWindow);
  if (!process) co_return Fail(process.error());
  Conflicts conflicts;
  ConflictReader reader(conflicts);
  std::string words;
  TaskGroup group(context);
  group.Spawn(ReadConflicts(group.context(), (*process)->out(), reader));
  group.Spawn(ReadWords(group.context(), (*process)->err(), words));
  Writer& in = (*process)->in();
  const std::string head = ConflictScript(directory);
  Status fed = co_await in.Write(context, head);
  if (fed) {
    fed = co_await feed(context, [&in](Context inner, const std::vector<ListedItem>& items) -> Task<Status> {
      std::string lines;
      for (const ListedItem& item : items) lines += ConflictLine(item);
      co_return co_await in.Write(inner, lines);
    });
  }
  if (fed) {
    const std::string end = ConflictEnd();
    fed = co_await in.Write(context, end);
  }
  co_await in.CloseWrite(context);
  co_await group.Join();
  const Result<ExitStatus> exit = co_await (*process)->WaitExit(context);
  if (exit) co_await keeper.Forget(context, kName);
  co_await (*process)->Close(context);
  // T's shell knows why it takes no more.
  if (!fed && words.empty()) co_return Fail(fed.error());
  if (!exit) co_return Fail(exit.error());
  if (fed && exit->ok() && reader.ended()) co_return conflicts;
  co_return Fail(Reason::kRestoreFailed, "cannot see what is in the way below " + Printable(directory, 300) + " on " +
                                             connection.name() + (words.empty() ? "" : ": " + Printable(words, 300)));
}

}  // namespace borgop
