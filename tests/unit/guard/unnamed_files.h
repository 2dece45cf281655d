// The files without a name in which the guard keeps what does not fit in its memory.
#pragma once

#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

namespace borgop::guard {

// The descriptors of those that this process has open.
inline std::vector<int> UnnamedFiles() {
  std::vector<int> files;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const std::string target = std::filesystem::read_symlink(entry.path(), gone).string();
    if (gone || target.find("/borg-engine.") == std::string::npos || !target.ends_with(" (deleted)")) continue;
    files.push_back(std::stoi(entry.path().filename().string()));
  }
  return files;
}

}  // namespace borgop::guard
