#include "engine/run/private_directory.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "engine/base/temporary_folder.h"

namespace borgop {

Result<PrivateDirectory> PrivateDirectory::Make() {
  std::string path = TemporaryFolder() + "/borg-engine.XXXXXXXXXX";
  if (mkdtemp(path.data()) == nullptr) {
    return Fail(Reason::kInternal, "cannot make a directory like " + path + ": " + std::strerror(errno),
                "Set TMPDIR to a directory that can be written and has room for borg's cache.");
  }
  return PrivateDirectory(std::move(path));
}

PrivateDirectory::PrivateDirectory(PrivateDirectory&& other) noexcept : path_(std::exchange(other.path_, {})) {}

PrivateDirectory::~PrivateDirectory() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace borgop
