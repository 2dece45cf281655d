#include "engine/restore/live_files.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "engine/base/hex.h"
#include "engine/borg/shell_quote.h"
#include "engine/report/printable.h"

namespace borgop {
namespace {

constexpr std::string_view kTools =
    "LC_ALL=C; export LC_ALL; unset CDPATH\n"
    "if stat -c '%s %Y' / >/dev/null 2>&1; then s() { stat -c '%s %Y' -- \"$1\"; }\n"
    "elif stat -f '%z %m' / >/dev/null 2>&1; then s() { stat -f '%z %m' -- \"$1\"; }\n"
    "else echo 'it has no stat that is known' >&2; exit 1; fi\n"
    "if command -v sha256sum >/dev/null 2>&1; then h() { sha256sum <\"$1\"; }\n"
    "elif command -v shasum >/dev/null 2>&1; then h() { shasum -a 256 <\"$1\"; }\n"
    "elif command -v openssl >/dev/null 2>&1; then h() { openssl dgst -sha256 -r <\"$1\"; }\n"
    "else echo 'it has none of sha256sum, shasum and openssl' >&2; exit 1; fi\n"
    "cd / || exit 1\n"
    // Number, size, time, path. The second look is for one that changes meanwhile.
    "c() {\n"
    "  if [ -L \"$4\" ] || [ ! -f \"$4\" ]; then echo \"$1 missing\"; return; fi\n"
    "  if [ \"$(s \"$4\" 2>/dev/null)\" != \"$2 $3\" ]; then echo \"$1 changed\"; return; fi\n"
    "  x=$(h \"$4\" 2>/dev/null) || { echo \"$1 unreadable\"; return; }\n"
    "  if [ \"$(s \"$4\" 2>/dev/null)\" != \"$2 $3\" ]; then echo \"$1 changed\"; return; fi\n"
    "  echo \"$1 sha256 ${x%% *}\"\n"
    "}\n";

}  // namespace

std::string LiveFilesScript(const std::vector<ListedItem>& items) {
  std::string script(kTools);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!items[i].modified) continue;
    const auto seconds = std::chrono::floor<std::chrono::seconds>(items[i].modified->time_since_epoch()).count();
    script += "c " + std::to_string(i) + " " + std::to_string(items[i].size) + " " + std::to_string(seconds) + " " +
              ShellQuote("./" + items[i].path) + "\n";
  }
  return script;
}

std::vector<LiveFile> ParseLiveFiles(std::string_view text, std::size_t files) {
  std::vector<LiveFile> live(files);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    std::size_t number = 0;
    const auto [rest, error] = std::from_chars(line.data(), line.data() + line.size(), number);
    if (error != std::errc() || number >= files) continue;
    line.remove_prefix(static_cast<std::size_t>(rest - line.data()));
    LiveFile& file = live[number];
    if (line == " missing") file.state = LiveFile::State::kMissing;
    if (line == " changed") file.state = LiveFile::State::kChanged;
    if (line == " unreadable") file.state = LiveFile::State::kUnreadable;
    constexpr std::string_view kHash = " sha256 ";
    if (!line.starts_with(kHash) || !IsHex(line.substr(kHash.size()), kSha256Digits)) continue;
    file.state = LiveFile::State::kHashed;
    file.sha256 = line.substr(kHash.size());
  }
  return live;
}

Task<Result<std::vector<LiveFile>>> ReadLiveFiles(Context context, Connection& connection, Keeper& keeper,
                                                  const std::vector<ListedItem>& items) {
  const std::string name = "hash";
  Result<std::unique_ptr<RemoteProcess>> process =
      co_await StartScript(context, connection, keeper.Registration(name) + "exec sh\n", Connection::kSmallWindow);
  if (!process) co_return Fail(process.error());
  const auto read = [](Context reading, Reader& from, std::size_t limit, std::string& into) -> Task<void> {
    const Result<std::string> all = co_await ReadAll(reading, from, limit);
    if (all) into = *all;
  };
  std::string out;
  std::string err;
  TaskGroup group(context);
  group.Spawn(read(group.context(), (*process)->out(), (items.size() + 1) * 100, out));
  group.Spawn(read(group.context(), (*process)->err(), 1024, err));
  const std::string script = LiveFilesScript(items);
  const Status sent = co_await (*process)->in().Write(context, script);
  co_await (*process)->in().CloseWrite(context);
  co_await group.Join();
  const Result<ExitStatus> exit = co_await (*process)->WaitExit(context);
  if (exit) co_await keeper.Forget(context, name);
  co_await (*process)->Close(context);
  if (!exit) co_return Fail(exit.error());
  if (sent && exit->ok()) co_return ParseLiveFiles(out, items.size());
  co_return Fail(Reason::kVerifyFailed,
                 connection.name() + " cannot compare its files" + (err.empty() ? std::string() : ": " + Printable(err, 300)),
                 "Install coreutils there, or verify without --against-target.");
}

}  // namespace borgop
