#include "engine/remote/staging.h"

#include "engine/borg/shell_quote.h"
#include "engine/report/printable.h"

namespace borgop {
namespace {

constexpr std::chrono::seconds kLimit{30};
constexpr std::size_t kLongestPath = 8192;

// An empty directory at the path is as good as none: borg takes it, and so does rename(2), but mv would move into it. The name is
// printed with a letter behind it, so that a newline at its end survives. The connection may be cut at any point in here, and then
// nobody reads what the shell complains about: that must not end the script (SIGPIPE) before it has removed what it made.
constexpr std::string_view kStage = R"sh(
trap '' PIPE
umask 077
[ ! -L "$path" ] || exit 1
if [ -d "$path" ]; then rmdir "$path" || exit 1; fi
[ ! -e "$path" ] || exit 1
mkdir -p "$parent" || exit 1
staging=$(mktemp -d "$parent/.borg-engine-init.XXXXXXXXXX") || exit 1
{ printf %s "$staging" >"$keeper/staging" && mv "$keeper/staging" "$keeper/staging.rm"; } 2>/dev/null ||
  { rmdir "$staging"; exit 1; }
printf '%sx' "$staging"
)sh";

// Another run may put its repository there at any moment, and a plain mv would move ours into it, and succeed. rename(2) itself would
// not, but only some mv (GNU, busybox, FreeBSD 14) can be told to leave it at that: others are corrected.
constexpr std::string_view kPublish = R"sh(
trap '' PIPE
free() { [ ! -e "$path" ] && [ ! -L "$path" ]; }
taken() { echo 'there is something at that path by now' >&2; exit 1; }
free || taken
if ! mv -T "$staging" "$path" 2>/dev/null; then
  free || taken
  mv "$staging" "$path" || exit 1
  inside=$path/${staging##*/}
  if [ -e "$inside" ]; then mv "$inside" "$staging"; taken; fi
fi
rm -f "$keeper/staging.rm"
)sh";

std::string Set(std::string_view name, std::string_view value) { return std::string(name) + "=" + ShellQuote(value) + "\n"; }

}  // namespace

std::string StagingScript(const std::string& path, const std::string& registry) {
  const std::string parent = path.substr(0, path.rfind('/'));
  return Set("path", path) + Set("parent", parent) + Set("keeper", registry) + std::string(kStage);
}

std::string PublishingScript(const std::string& staging, const std::string& path, const std::string& registry) {
  return Set("path", path) + Set("staging", staging) + Set("keeper", registry) + std::string(kPublish);
}

std::string EmptinessScript(const std::string& path) {
  return Set("path", path) + R"sh([ -d "$path" ] && in=$(ls -A "$path" 2>/dev/null) && [ -z "$in" ])sh" + "\n";
}

Task<Result<bool>> IsEmptyDirectory(Context context, Connection& connection, std::string path) {
  const Result<ScriptResult> said =
      co_await RunScript(context.WithTimeout(kLimit), connection, EmptinessScript(path), kLongestPath);
  if (!said) co_return Fail(said.error());
  co_return said->exit.ok();
}

Task<Result<std::optional<std::string>>> StageRepository(Context context, Connection& connection, const Keeper& keeper,
                                                         std::string path) {
  const Result<ScriptResult> said =
      co_await RunScript(context.WithTimeout(kLimit), connection, StagingScript(path, keeper.registry()), kLongestPath);
  if (!said) co_return Fail(said.error());
  if (!said->exit.ok() || said->out.size() < 2 || said->out.front() != '/') co_return std::optional<std::string>();
  co_return std::optional<std::string>(said->out.substr(0, said->out.size() - 1));
}

Task<Status> PublishRepository(Context context, Connection& connection, const Keeper& keeper, std::string staging,
                               std::string path) {
  const Result<ScriptResult> said =
      co_await RunScript(context.WithTimeout(kLimit), connection, PublishingScript(staging, path, keeper.registry()), kLongestPath);
  if (!said) co_return Fail(said.error());
  if (said->exit.ok()) co_return Status{};
  co_return Fail(Reason::kInitFailed, "the new repository cannot be moved to " + Printable(path, 300) + " on " + connection.name() +
                                          ": " + Printable(said->err, 300));
}

}  // namespace borgop
