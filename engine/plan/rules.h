// What a value must look like, one function a kind of value. Each gives a phrase that says what is wrong and, in brackets, what to
// do, fit to follow "FILE:LINE: KEY: "; empty: nothing is wrong. The same for both input forms.
//
// Thread safety: pure functions. Sources: borg 1.2 and 1.4 (`borg help placeholders`, `compression`, CompressionSpec, interval,
// helpers/parseformat.py Location, RepositoryServer._resolve_path).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/plan/plan.h"

namespace borgop {

std::string HostProblem(std::string_view host);  // without port and brackets
std::string UserProblem(std::string_view user);
std::string NameProblem(std::string_view name);
std::string ProgramProblem(std::string_view program);
std::string RootDirProblem(std::string_view path);
std::string RepositoryPathProblem(std::string_view path);
// Of the whole path of a repository on B, "/" and rules of its own: what borg cannot take to `borg serve` unchanged, or what serve reads
// as another one. Empty, "." and ".." components and a slash at the end (borg normalizes them away); "::" and a colon at the end (the
// archive's name begins there); "/~" (a home directory); braces (serve expands placeholders once more and has no escape). One that
// is not UTF-8 is reached by a link (borg/command.h, SpokenPath), and has the same rules.
std::string LocationProblem(std::string_view absolute_path);
// As in 72h, 3d or 2w; 0 where it is none.
std::chrono::hours CompactAfterOf(std::string_view interval);
std::string CompactAfterProblem(std::string_view interval);
std::string LocalFileProblem(std::string_view path);
std::string LockOwnerProblem(std::string_view owner);
std::string AcknowledgeProblem(std::string_view finding);
std::string SourcePathProblem(std::string_view path);
// Of the whole list.
std::string SourcePathsProblem(const std::vector<std::string>& paths);
std::string ExcludeProblem(std::string_view pattern);
std::string PassphraseProblem(std::string_view passphrase);
std::string EncryptionProblem(std::string_view mode);
std::string CompressionProblem(std::string_view spec);
std::string ArchiveNameProblem(std::string_view name);
std::string KeepWithinProblem(std::string_view interval);
std::string KeepCountProblem(std::int64_t count);
std::string GlobArchivesProblem(std::string_view glob);
std::string TimeZoneProblem(std::string_view name);
// Of the whole: borg prune refuses to keep nothing at all.
std::string RetentionProblem(const Retention& retention);

// borg checks a part of the repository at a time, but archives only as a whole.
std::string CheckMaxDurationProblem(const Maintenance& maintenance);

// Whether borg gives no confidentiality in this mode, and so asks before it opens such a repository (crypto/key.py,
// logically_encrypted; a target with an empty passphrase is none: it is refused).
bool IsUnencrypted(std::string_view mode);

// `path` without doubled slashes and without one at its end.
std::string NormalizedPath(std::string_view path);

}  // namespace borgop
