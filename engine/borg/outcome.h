// From the end of a borg process to what it means.
//
// Order: a message's id decides (the same in 1.2 and 1.4, where exit codes differ), then what was said about disks and connections,
// then borg 1.4's exit codes (BORG_EXIT_CODES=modern; helpers/errors.py), then 0, 1, 2, the shell's 126 and 127, and signals.
// borg create that ends with a warning has made its archive; any warning of borg check is a failure.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/borg/log_reader.h"

namespace borgop {

struct Exit {
  int status = 0;
  std::string signal;  // such as "KILL" or "SIGKILL"; empty: it ended by itself
};

enum class Step { kInit, kList, kCreate, kPrune, kCheck, kCompact, kKeyExport, kExtract, kExportTar, kBreakLock };
std::string_view ToString(Step step);  // "init", "list", ..., "export-tar"

struct Completion {
  bool warnings = false;        // borg had something to say: see Messages::warnings
  bool already_exists = false;  // init only: there was a repository
};

// `where` is the machine of the borg client, as it stands in a sentence: "on the target web-01", "on this machine". A create
// that completed still has to be read by ParseCreate. kRepositoryMissing: there is no repository at that path.
Result<Completion> Judge(Step step, std::string_view where, const Exit& exit, const Messages& messages);

}  // namespace borgop
