// Where temporary files and directories of this machine are made: $TMPDIR where it is absolute, else /tmp (POSIX.1-2017, 8.3).
//
// Thread safety: as getenv.
#pragma once

#include <cstdlib>
#include <string>

namespace borgop {

inline std::string TemporaryFolder() {
  const char* folder = std::getenv("TMPDIR");
  return folder != nullptr && *folder == '/' ? folder : "/tmp";
}

}  // namespace borgop
