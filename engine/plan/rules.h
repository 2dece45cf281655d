// What a value must look like, one function a kind of value. Each gives a phrase that says what is wrong and, in brackets, what to
// do, fit to follow "FILE:LINE: KEY: "; empty: nothing is wrong. The same for both input forms.
//
// Thread safety: pure functions. Sources: borg 1.2 (`borg help placeholders`, `compression`, CompressionSpec, interval).
#pragma once

#include <string>
#include <string_view>

#include "engine/plan/plan.h"

namespace borgop {

std::string HostProblem(std::string_view host);  // without port and brackets
std::string UserProblem(std::string_view user);
std::string NameProblem(std::string_view name);
std::string ProgramProblem(std::string_view program);
std::string RootDirProblem(std::string_view path);
std::string RepositoryPathProblem(std::string_view path);
std::string SourcePathProblem(std::string_view path);
std::string ExcludeProblem(std::string_view pattern);
std::string PassphraseProblem(std::string_view passphrase);
std::string EncryptionProblem(std::string_view mode);
std::string CompressionProblem(std::string_view spec);
std::string ArchiveNameProblem(std::string_view name);
std::string KeepWithinProblem(std::string_view interval);
std::string KeepCountProblem(std::int64_t count);
std::string GlobArchivesProblem(std::string_view glob);
// Of the whole: borg prune refuses to keep nothing at all.
std::string RetentionProblem(const Retention& retention);

// `path` without doubled slashes and without one at its end.
std::string NormalizedPath(std::string_view path);

}  // namespace borgop
