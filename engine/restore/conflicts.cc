#include "engine/restore/conflicts.h"

#include <glob.h>
#include <sys/stat.h>

#include <algorithm>

#include "engine/borg/shell_quote.h"

namespace borgop {
namespace {

constexpr std::size_t kMaxRecord = std::size_t{8} * 1024;

bool InTheWay(const std::string& path, bool directory) {
  struct stat there {};
  return lstat(path.c_str(), &there) == 0 && !(directory && S_ISDIR(there.st_mode));
}

// For glob(3), only "?" being special.
std::string GlobOf(const std::string& text, bool question_is_special) {
  std::string glob;
  for (const char c : text) {
    if (c == '*' || c == '[' || c == ']' || c == '\\' || (c == '?' && !question_is_special)) glob += '\\';
    glob += c;
  }
  return glob;
}

}  // namespace

void Conflicts::Add(std::string_view path) {
  ++count;
  if (paths.size() < kMaxPaths) paths.emplace_back(path);
}

void FindConflictsHere(const std::string& directory, const ListedItem& item, Conflicts& conflicts) {
  const bool is_directory = item.type == 'd';
  if (item.path.find('?') == std::string::npos) {
    if (InTheWay(directory + "/" + item.path, is_directory)) conflicts.Add(item.path);
    return;
  }
  // The engine sets no locale: each "?" is one byte.
  glob_t found{};
  const std::string pattern = GlobOf(directory + "/", false) + GlobOf(item.path, true);
  if (glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) {
      const std::string path = found.gl_pathv[i];
      if (InTheWay(path, is_directory)) conflicts.Add(std::string_view(path).substr(directory.size() + 1));
    }
  }
  globfree(&found);
}

std::string ConflictScript(const std::string& directory) {
  // In the C locale a "?" is one byte. One that fits nothing stays what it is, and is not there.
  return "LC_ALL=C; export LC_ALL; unset CDPATH\n"
         "f() { for x do if [ -e \"$x\" ] || [ -L \"$x\" ]; then printf 'c%s\\0' \"${x#./}\"; fi; done; }\n"
         "d() { for x do if [ -L \"$x\" ] || { [ -e \"$x\" ] && [ ! -d \"$x\" ]; }; then printf 'c%s\\0' \"${x#./}\"; fi; done; }\n"
         "cd " +
         ShellQuote(directory) + " || exit 1\n";
}

std::string ConflictLine(const ListedItem& item) {
  std::string line = item.type == 'd' ? "d ./" : "f ./";
  std::size_t begin = 0;
  while (begin < item.path.size()) {
    const std::size_t end = std::min(item.path.find('?', begin), item.path.size());
    if (end > begin) line += ShellQuote(std::string_view(item.path).substr(begin, end - begin));
    if (end < item.path.size()) line += '?';
    begin = end + 1;
  }
  return line + "\n";
}

std::string ConflictEnd() { return "printf 'e\\0'\n"; }

void ConflictReader::Feed(std::string_view bytes) {
  for (const char c : bytes) {
    if (c != '\0') {
      if (record_.size() < kMaxRecord) record_ += c;
      ended_ = false;
      continue;
    }
    ended_ = record_ == "e";
    if (record_.starts_with('c')) conflicts_.Add(std::string_view(record_).substr(1));
    record_.clear();
  }
}

}  // namespace borgop
