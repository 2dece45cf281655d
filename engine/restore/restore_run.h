// Restoring from one target's repository: to a directory here, to T, or as a tar.
//
// Everything that can be seen beforehand is: the archive is there, it has every path that was asked for, it can be unpacked without reaching
// out of the directory, and nothing is in the way. Until then nothing is written. What borg meets after that (a full disk, a name that the
// file system does not take) is told file by file, and the rest is restored.
//
// Threading: the loop's thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/report/report.h"
#include "engine/restore/archive_choice.h"
#include "engine/restore/conflicts.h"
#include "engine/restore/wanted.h"
#include "engine/run/target_run.h"

namespace borgop {

enum class Destination {
  kTar,      // into RestoreRequest::tar
  kHere,     // a directory on C
  kTarget,   // a directory on T
  kInPlace,  // on T, each file where it was
};
std::string_view ToString(Destination destination);  // "tar", "directory", "target", "inPlace"

struct RestoreRequest {
  ArchiveWish archive;
  Wanted wanted;
  Destination destination = Destination::kTar;
  std::string directory;  // absolute, without a slash at its end; kHere and kTarget only
  bool overwrite = false;
  bool dry_run = false;
  Writer* tar = nullptr;                           // outlives the restore; kTar only
  std::function<void(const ListedItem&)> on_item;  // called for each item before it is restored; may be empty
};

// What was seen of the items beforehand.
struct Findings {
  std::uint64_t items = 0, files = 0, bytes = 0;  // files: what is neither a directory nor a link
  std::optional<std::string> unsafe;              // ItemCheck's words
  std::vector<std::string> missing;               // paths that the archive does not have
  Conflicts conflicts;
};

struct RestoreReport {
  std::string target, repository_path, repository_id;
  std::optional<ListedArchive> archive;
  Destination destination{};
  std::string directory;
  bool overwrite = false, dry_run = false;
  Findings found;
  bool wrote = false;               // borg was started to write
  std::vector<std::string> failed;  // what borg says of what it could not restore as it was
  WallTime start, end;
  std::optional<Error> error;
};

// Why nothing is to be written; nothing: all is well. `into` is where, for messages; empty: as a tar, where nothing can be in the way.
std::optional<Error> WhyNot(const Findings& found, bool overwrite, const std::string& archive, const std::string& into);

Task<RestoreReport> RunRestore(Context context, const Server& server, const Target& target, RestoreRequest request,
                               const RunEnvironment& environment);

// A few lines for people; one line without a newline for programs.
std::string ToText(const RestoreReport& report);
std::string ToJson(const RestoreReport& report);

}  // namespace borgop
