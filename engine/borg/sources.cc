#include "engine/borg/sources.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "engine/base/utf8.h"
#include "engine/borg/exclude.h"
#include "engine/borg/log_reader.h"
#include "engine/borg/shell_quote.h"
#include "engine/plan/rules.h"
#include "engine/report/printable.h"

namespace borgop {
namespace {

// `d` tells a file's device; where it cannot, no two have the same.
constexpr std::string_view kTools =
    "w() { printf '%s\\n' \"$1\" >&2; }\n"
    "d() { stat -c %d -- \"$1\" 2>/dev/null || stat -f %d -- \"$1\" 2>/dev/null || printf '%s' \"$1\"; }\n";
constexpr std::size_t kMaxShown = 300;

std::u32string Text(std::string_view path) { return PathAsMatched(DecodePython(path)); }

// Whether the path is `directory` or below it, both as patterns see them.
bool IsWithin(std::u32string_view path, std::u32string_view directory) {
  if (directory.empty() || directory == U"." || path == directory) return true;
  return path.starts_with(directory) && path.substr(directory.size(), 1) == U"/";
}

std::string Parent(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Where paths begin: they have nothing above.
bool IsTop(std::string_view path) { return path == "/" || path == "."; }

// A source that is not UTF-8, in its shortest form.
class Unspeakable {
 public:
  explicit Unspeakable(std::string_view path) : path_(NormalizedPath(path)), text_(Text(path_)), root_(Parent(path_)) {
    while (!IsUtf8(root_)) root_ = Parent(root_);
  }
  const std::string& path() const { return path_; }
  const std::u32string& text() const { return text_; }
  const std::string& root() const { return root_; }  // the nearest directory above that is UTF-8

  // The directories above it, from the nearest up to `top`, which is one of them.
  std::vector<std::string> Above(std::u32string_view top) const {
    std::vector<std::string> above = {Parent(path_)};
    while (Text(above.back()) != top && !IsTop(above.back())) above.push_back(Parent(above.back()));
    return above;
  }

 private:
  std::string path_;
  std::u32string text_;
  std::string root_;
};

std::string Warning(const std::string& path, std::string_view what) {
  nlohmann::json line = {{"type", "log_message"}, {"levelname", "WARNING"}, {"name", kScriptLogger}};
  line["message"] = Printable(path, kMaxShown) + ": " + std::string(what);
  return "w " + ShellQuote(line.dump());
}

// As borg, told the path itself, would find it: through any link on the way, or not at all.
std::string Check(const Unspeakable& source, std::u32string_view top, bool one_file_system) {
  std::string check = "if";
  const std::vector<std::string> above = source.Above(top);
  for (const std::string& directory : above) {
    if (IsTop(directory)) continue;
    check += " [ -L " + ShellQuote(directory) + " ]; then\n  " +
             Warning(source.path(), "was left out, since " + Printable(directory, kMaxShown) +
                                        " is a symbolic link (name the directory that it leads to)") +
             "\nelif";
  }
  const std::string path = ShellQuote(source.path());
  check += " ! { [ -e " + path + " ] || [ -L " + path + " ]; }; then\n  " +
           Warning(source.path(), "[Errno 2] No such file or directory, or none that this account can see") + "\n";
  if (one_file_system) {
    check +=
        "elif [ \"$(d " + ShellQuote(above.back()) + ")\" != \"$(d " + path + ")\" ]; then\n  " +
        Warning(source.path(), "its files were left out, since " + Printable(above.back(), kMaxShown) +
                                   " is on another file system (leave oneFileSystem out, or name a path above that is UTF-8)") +
        "\n";
  }
  return check + "fi\n";
}

void AddUnique(std::vector<std::string>& list, std::string value) {
  if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(std::move(value));
}

}  // namespace

SpokenSources SpeakSources(const Source& source) {
  SpokenSources spoken;
  std::vector<Unspeakable> unspeakable;
  for (const std::string& path : source.paths) {
    if (IsUtf8(path)) {
      spoken.roots.push_back(path);
    } else {
      unspeakable.emplace_back(path);
    }
  }
  if (unspeakable.empty()) {
    for (const std::string& pattern : source.excludes) spoken.options.push_back("--exclude=" + SpeakableExclude(pattern));
    return spoken;
  }
  std::vector<std::string> above;
  std::vector<std::string> wanted;
  std::vector<std::string> roots;
  spoken.checks = kTools;
  for (const Unspeakable& path : unspeakable) {
    const auto around = std::find_if(spoken.roots.begin(), spoken.roots.end(),
                                     [&](const std::string& root) { return IsWithin(path.text(), Text(root)); });
    const bool walked = around != spoken.roots.end();
    spoken.checks += Check(path, Text(walked ? *around : path.root()), source.one_file_system);
    const bool within_another = std::any_of(unspeakable.begin(), unspeakable.end(), [&](const Unspeakable& other) {
      return other.text() != path.text() && IsWithin(path.text(), other.text());
    });
    if (walked || within_another) continue;
    for (const std::string& directory : path.Above(Text(path.root())))
      AddUnique(above, "--pattern=- re:\\A" + RegexLiteral(Text(directory)) + "\\Z");
    AddUnique(wanted, "--pattern=+ re:\\A" + RegexLiteral(path.text()) + "(?:/|\\Z)");
    AddUnique(roots, path.root());
  }
  for (const std::string& path : spoken.roots) {
    const bool seen =
        std::any_of(roots.begin(), roots.end(), [&](const std::string& root) { return IsWithin(Text(path), Text(root)); });
    if (seen) AddUnique(wanted, "--pattern=+ re:\\A" + RegexLiteral(Text(path)) + "(?:/|\\Z)");
  }
  // What is on the way is first, as nobody asked whether it is excluded.
  spoken.options = above;
  for (const std::string& pattern : source.excludes) spoken.options.push_back("--exclude=" + ExcludeInTurn(pattern));
  spoken.options.insert(spoken.options.end(), wanted.begin(), wanted.end());
  for (const std::string& root : roots) {
    spoken.options.push_back("--pattern=! re:\\A" + (IsTop(root) ? std::string() : RegexLiteral(Text(root)) + "/"));
  }
  // borg does not walk again into a path that it was given before: what is within another's root is there for itself, and first.
  const auto length = [](const std::string& root) { return IsTop(root) ? 0 : root.size(); };
  std::stable_sort(roots.begin(), roots.end(), [&](const std::string& a, const std::string& b) { return length(a) > length(b); });
  spoken.roots.insert(spoken.roots.end(), roots.begin(), roots.end());
  return spoken;
}

}  // namespace borgop
