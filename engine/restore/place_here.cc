#include "engine/restore/place_here.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "engine/borg/item_list.h"
#include "engine/report/printable.h"

namespace borgop {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> Cannot(const std::string& what, const std::string& directory, const std::string& why) {
  return Fail(Reason::kRestoreFailed, "cannot " + what + " " + Printable(directory, 300) + " on this machine: " + why,
              "Name a directory that this user may read and write, then restore again.");
}

}  // namespace

Result<PlaceHere> LookHere(const std::string& directory) {
  PlaceHere place;
  std::error_code error;
  const fs::file_status status = fs::status(directory, error);
  if (status.type() == fs::file_type::not_found) {
    if (fs::is_symlink(fs::symlink_status(directory, error)))
      return Fail(Reason::kFilesInTheWay, Printable(directory, 300) + " on this machine is a symbolic link to nothing");
    return place;
  }
  if (status.type() == fs::file_type::none) return Cannot("look at", directory, error.message());
  if (status.type() != fs::file_type::directory)
    return Fail(Reason::kFilesInTheWay, Printable(directory, 300) + " on this machine is no directory");
  place.there = true;
  // A directory below that cannot be read cannot be written through either, but for its names.
  fs::recursive_directory_iterator entry(directory, error);
  if (error) return Cannot("look into", directory, error.message());
  const fs::recursive_directory_iterator end;
  while (entry != end) {
    place.empty = false;
    if (entry->is_symlink(error)) place.links.push_back(Spoken(entry->path().string().substr(directory.size() + 1)));
    entry.increment(error);
    if (error) return Cannot("look into", directory, error.message());
  }
  return place;
}

Status MakeDirectoryHere(const std::string& directory) {
  for (std::size_t slash = directory.find('/', 1); true; slash = directory.find('/', slash + 1)) {
    const std::string part = directory.substr(0, slash);
    if (mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) return Cannot("make", part, std::strerror(errno));
    if (slash == std::string::npos) break;
  }
  if (access(directory.c_str(), W_OK | X_OK) != 0) return Cannot("write to", directory, std::strerror(errno));
  return {};
}

}  // namespace borgop
