// A visit to one target's repository that reads: connects to B, and to T where it is needed, does what is asked, and leaves nothing behind.
//
// borg on C and on T reaches the repository through `borg serve --append-only`, restricted to it: borg 1.x has no way to serve it read-only
// (it takes a lock, which is a file).
//
// Where the environment names a directory of ledgers (RunEnvironment::state), what B shows is held to the target's, as a run does: another repository, one
// with another key or one that lacks archives is a finding (kRepositoryTampered). The ledger is read and never written.
//
// Threading: the loop's thread. Nothing here throws. A stop of the context ends it within ten seconds.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/borg/command.h"
#include "engine/borg/item_list.h"
#include "engine/borg/output.h"
#include "engine/report/observer.h"
#include "engine/restore/archive_choice.h"
#include "engine/run/here.h"
#include "engine/run/machines.h"
#include "engine/run/stale_lock.h"
#include "engine/run/target_ledger.h"
#include "engine/run/there.h"

namespace borgop {

// What a borg that ended with a warning has to say, a line each; where it kept too many (Messages), the last line counts the rest. Not that a
// pattern matched nothing: borg 1.2 and 1.4 say so of every "pf:" pattern, at the end of all warnings, and what an archive lacks is seen beforehand.
std::vector<std::string> WarningsOf(Step step, const Messages& messages);

class Reading {
 public:
  Reading(const Server& server, const Target& target, const RunEnvironment& environment, bool with_target);
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  using Work = std::function<Task<Status>(Context)>;
  // Connects and looks at the machines, runs `work`, and leaves whatever came of it. Gives back the first error, told as what is behind it.
  Task<Status> Run(Context context, Work work);
  // A phase of `work`, as observers are told.
  Task<Status> InPhase(Context context, PhaseName phase, Work work);

  Task<Result<Listing>> ListArchives(Context context);
  // ChooseKnown; one that was not seen made is told of.
  Result<ListedArchive> Choose(const Listing& listing, const ArchiveWish& wish) const;
  // Null: there is none.
  const Ledger* known() const { return ledger_.ledger() ? &*ledger_.ledger() : nullptr; }
  // Hands items over as borg lists them, some at a time. `take` may fail: then this does, likewise.
  using TakeItems = std::function<Task<Status>(Context, std::vector<ListedItem>)>;
  Task<Status> ListItems(Context context, ArchiveItems items, TakeItems take);

  // WarningsOf.
  using Warnings = std::vector<std::string>;
  // In `directory` on C, which is absolute.
  Task<Result<Warnings>> ExtractHere(Context context, ArchiveItems items, std::string directory);
  // In `directory` on T.
  Task<Result<Warnings>> ExtractThere(Context context, ArchiveItems items, std::string directory);
  // Into `output`.
  Task<Result<Warnings>> ExportTar(Context context, ArchiveItems items, Writer& output);

  Machines& machines() { return machines_; }
  // On B.
  const std::string& repository_path() const { return path_; }
  void Log(LogLevel level, const std::string& message) const { environment_.observer->OnLog(target_.name, level, message); }

 private:
  Task<Status> Connect(Context context);
  Task<Status> Inspect(Context context);
  Task<void> AbortWhenStuck(Context context);
  Task<void> Leave(Context context);
  Task<Result<ExchangeResult>> RunHere(Context context, Step step, BorgHere::MakeCommand make, Writer* output);
  Result<Warnings> Conclude(Step step, const std::string& where, const ExchangeResult& result) const;
  Error Explain(const Context& context, const Error& error) const;
  ExchangeOptions Options(Writer* output);
  void OnEvent(const LogEvent& event, const BridgeCounters& counters);

  const Target& target_;
  const RunEnvironment& environment_;
  const bool with_target_;
  std::string path_;
  Machines machines_;
  TargetLedger ledger_;
  BorgHere here_;
  BorgThere there_;
  StaleLock stale_lock_;
  Progress progress_;
  StopSource done_;
};

}  // namespace borgop
