// A restore drill: restores a random sample of an archive here, and compares it.
//
// What borg extract gives has passed borg's own check: each chunk's id is a keyed hash of its contents. So every byte of the sample is what was
// stored. Beside that, each file's kind, size, permissions and time are compared with the archive's list, and its contents, where that is
// asked for, with the file on T as long as that has not changed since.
//
// Threading: the loop's thread; files are read there too, some at a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/report/report.h"
#include "engine/restore/archive_choice.h"
#include "engine/restore/live_files.h"
#include "engine/restore/sample.h"
#include "engine/run/target_run.h"

namespace borgop {

struct VerifyRequest {
  ArchiveWish archive;
  std::uint64_t seed = 0;
  SampleLimits limits;
  bool against_target = false;
};

struct VerifyReport {
  std::string target, repository_path, repository_id;
  std::optional<ListedArchive> archive;
  std::uint64_t seed = 0;
  std::uint64_t files_in_archive = 0, not_nameable = 0;
  std::uint64_t files = 0, bytes = 0;  // restored and compared with the archive's list
  bool against_target = false;
  std::uint64_t same_on_target = 0, changed_on_target = 0, missing_on_target = 0, unreadable_on_target = 0;
  std::vector<std::string> differences;  // each says which file and what; at most kMaxDifferences, then one that counts the rest
  WallTime start, end;
  std::optional<Error> error;

  static constexpr std::size_t kMaxDifferences = 100;
};

// What is wrong with a restored file; nothing where it is what the archive lists. `path` is the file here.
std::optional<std::string> CompareWithList(const ListedItem& item, const std::string& path);

Task<VerifyReport> RunVerify(Context context, const Server& server, const Target& target, const VerifyRequest& request,
                             const RunEnvironment& environment);

std::string ToText(const VerifyReport& report);
std::string ToJson(const VerifyReport& report);

}  // namespace borgop
