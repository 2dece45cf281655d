// The engine's own plan to a Plan. Keys are matched exactly; only those without a default must be there:
//
//   version: 1
//   server:
//     host, user                    of B; port (22), borg (borg), rootDir
//     privateKey | privateKeyFile   a secret, and knownHosts, stands in the plan or in a file named relative to the plan: one of the two
//     keyPassphrase | keyPassphraseFile   for an encrypted key
//     knownHosts | knownHostsFile
//     jumpHost: {host, port, user, privateKey, keyPassphrase, knownHosts, jumpHost}   at most four hops
//   targets:
//   - name, archiveName, borg
//     connection: {...}             as server, without rootDir and borg
//     repository: {path, passphrase | passphraseFile, encryption}
//     source: {paths, excludes, compression, oneFileSystem}
//     retention: {keepLast, keepMinutely, keepHourly, keepDaily, keepWeekly, keepMonthly, keepYearly, keepWithin, globArchives}
//     maintenance: {check: full | repository | archives | none, compact}
//     hooks: {before, after, timeoutSeconds}     before and after: lists of commands, each a list of words
//     limits: {deadlineSeconds, lockWaitSeconds, socketTimeoutSeconds, connectTimeoutSeconds, loginTimeoutSeconds, uploadRateKiBps, maxNewBytes}
//
// The passphrase of a file loses one newline at its end. Strings that are not UTF-8 stand as raw bytes or as !!binary.
//
// Thread safety: pure but for the files that the plan names. Errors: kInvalidConfig with all problems, a line each (validate.h).
// Secrets: the caller wipes `text`.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/plan/plan.h"

namespace borgop {

// `file_name` is for messages, and its directory is what file names in the plan are relative to.
Result<Plan> ReadYaml(std::string_view text, const std::string& file_name);

}  // namespace borgop
