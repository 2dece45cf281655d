#include "engine/run/key_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "engine/plan/document.h"
#include "engine/plan/input_file.h"
#include "engine/run/durable_file.h"

namespace borgop {
namespace {

constexpr std::size_t kMaxKeyFile = std::size_t{64} << 10U;
constexpr std::string_view kMagic = "BORG_KEY ";  // crypto/key.py, KeyfileKeyBase.FILE_ID; then the repository's id

tl::unexpected<Error> Unusable(const std::string& path, const std::string& why) {
  return Fail(Reason::kKeyFileUnusable, "the key's file " + Quoted(path) + ' ' + why);
}

// Below its first line is what the repository itself has, and an end of line (crypto/keymanager.py, KeyManager.get_keyfile_data).
bool Holds(std::string_view text, const guard::KeyPrint& key) {
  const std::size_t line = text.find('\n');
  if (!text.starts_with(kMagic) || line == std::string_view::npos) return false;
  text.remove_prefix(line + 1);
  while (text.ends_with('\n')) text.remove_suffix(1);
  return guard::KeyPrintOf(text) == key;
}

}  // namespace

Result<bool> KeyFileIsThere(const std::string& path, const guard::KeyPrint& key) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return false;
    return Unusable(path, std::string("cannot be looked at: ") + std::strerror(errno));
  }
  if (!S_ISREG(info.st_mode)) return Unusable(path, "is no file");
  const Result<std::string> text = ReadInputFile(path, kMaxKeyFile);
  if (!text) return Unusable(path, text.error().message);
  if (!text->starts_with(kMagic)) return Unusable(path, "is no key that borg exported, and it is not overwritten");
  if (Holds(*text, key)) return true;
  return Fail(
      Reason::kRepositoryTampered, "the repository's key is not the one in " + Quoted(path),
      "If its passphrase was changed on purpose, move that file away: the next run writes a new one. Else find out what happened "
      "on the repository server before anything else.");
}

Status WriteKeyFile(const std::string& path, std::string_view exported, const guard::KeyPrint& key) {
  if (!Holds(exported, key)) return Fail(Reason::kBorgOutputInvalid, "borg key export did not print the repository's key");
  if (const int error = WriteDurably(path, exported); error != 0)
    return Unusable(path, std::string("cannot be written: ") + std::strerror(error));
  return {};
}

}  // namespace borgop
