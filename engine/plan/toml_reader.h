// The Go program's configuration (SWAT-engineering/borg-backup-remotely), as it is, to a Plan.
//
//   [Borg]            RootDir, PruneSetting (options of borg prune)
//   [Borg.Server]     Host "name[:port]", Username, PrivateKey, KnownHost, ProxyJumpHost, ProxyJumpKnownHost
//   [[Servers]]       Name, SourcePaths, Excludes
//   [Servers.BorgTarget]  SubDir, Passphrase
//   [Servers.Connection]  as Borg.Server
//
// Keys are matched without regard to case. A ProxyJumpHost is logged in to with the same user and key, and both known-hosts texts
// together count for both machines. Every target is checked in full and compacted, as that program does. RootDir and SubDir are joined as
// Go's path.Join does, but for `..`. A Name that is missing or taken is made from SubDir. Tables that differ only in case are one. Beyond
// that program, IPv6 addresses may stand bare (::1) or in brackets ([::1]:2222).
//
// Thread safety: pure function. Errors: kInvalidConfig with all problems of the text, a line each (validate.h).
// Secrets: the caller wipes `text`.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/plan/plan.h"

namespace borgop {

// `file_name` is for messages only.
Result<Plan> ReadToml(std::string_view text, const std::string& file_name);

}  // namespace borgop
