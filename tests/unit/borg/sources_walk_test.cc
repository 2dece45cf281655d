// Source paths with bytes that are not UTF-8: what two borgs store of a tree, and whether they say what they could not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "engine/borg/command.h"
#include "engine/borg/log_reader.h"
#include "engine/borg/outcome.h"
#include "engine/plan/rules.h"
#include "subprocess.h"

namespace borgop {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::UnorderedElementsAreArray;

Source SourceOf(std::vector<std::string> paths, std::vector<std::string> excludes) {
  Source source;
  source.paths = std::move(paths);
  source.excludes = std::move(excludes);
  return source;
}

// A walk by borg, in a directory D. Paths of the archive are below D; of those that begin with D, D itself is left out.
struct Walk {
  const char* name;
  std::vector<std::string> sources, excludes;
  std::vector<std::string> stored;    // files and links
  std::vector<std::string> warnings;  // each a part of one, all in order; none: borg ends with 0
};

const std::string kTree[] = {
    "data/caf\xe9/a",
    "data/caf\xe9/b\xff/c",
    "data/caf\xe9/x.tmp",
    "data/caf\xe9\xe9/no",
    "data/other/no",
    "data/plain/p",
    "data/file \xfe\n",
    "data/sub/\xfd/s",
    "data/sub/no",
    "data/\xe9/mid/\xe8/m",
    "data/\xe9/mid/no",
    "data/\xe9/no",
    "-d/\xff/r",
    "-d/no",
    "\xfctop",
    "data/real/\xff/l",
    "data/(a|b)$/\xff]/q",
};

const Walk kWalks[] = {
    {"ADirectory", {"D/data/caf\xe9"}, {}, {"data/caf\xe9/a", "data/caf\xe9/b\xff/c", "data/caf\xe9/x.tmp"}, {}},
    {"SomeOfEveryKind",
     {"D/data/file \xfe\n", "D/data/link\xff", "D/data/\xe9/mid/\xe8", "D/data/(a|b)$/\xff]"},
     {},
     {"data/file \xfe\n", "data/link\xff", "data/\xe9/mid/\xe8/m", "data/(a|b)$/\xff]/q"},
     {}},
    {"BesideUtf8",
     {"D/data/plain", "D/data/file \xfe\n", "D/data/sub/\xfd", "D/data/plain"},
     {},
     {"data/file \xfe\n", "data/plain/p", "data/sub/\xfd/s"},
     {}},
    {"OneWithinAnotherOnesDirectory",
     {"\xfctop", "data/\xe9", "data/sub/\xfd", "-d/\xff", "data/plain"},
     {},
     {"\xfctop", "data/\xe9/mid/\xe8/m", "data/\xe9/mid/no", "data/\xe9/no", "data/sub/\xfd/s", "-d/\xff/r", "data/plain/p"},
     {}},
    {"Excluded", {"D/data/caf\xe9"}, {"*.tmp", "pp:D/data/caf\xe9/b\xff"}, {"data/caf\xe9/a"}, {}},
    // They name what is on the way, and not what is asked for.
    {"ExcludesOfTheWay",
     {"D/data/caf\xe9", "D/data/\xe9/mid/\xe8"},
     {"pf:D/data", "re:/data$", "pf:D/data/\xe9/mid", "*/x.tmp", "*/b\xff"},
     {"data/caf\xe9/a", "data/\xe9/mid/\xe8/m"},
     {}},
    {"ExcludedItself", {"D/data/caf\xe9", "D/data/plain"}, {"pf:D/data/caf\xe9", "pp:D/data/caf\xe9"}, {"data/plain/p"}, {}},
    {"Missing",
     {"D/data/\xff missing", "D/data/caf\xe9/none\xff", "D/data/caf\xe9", "D/data/plain/p/\xff"},
     {"*.tmp"},
     {"data/caf\xe9/a", "data/caf\xe9/b\xff/c"},
     {" missing: [Errno 2] No such file or directory", "none\xef\xbf\xbd: [Errno 2]", "plain/p/\xef\xbf\xbd: [Errno 2]"}},
    {"TheDirectoryAboveIsMissing",
     {"D/none/\xff", "D/data/plain"},
     {},
     {"data/plain/p"},
     {"none/\xef\xbf\xbd: [Errno 2]", "[Errno 2]"}},
    {"ThroughALink",
     {"D/data/way/\xff", "D/data/plain"},
     {},
     {"data/plain/p"},
     {"data/way is a symbolic link (name the directory"}},
    {"ThroughALinkWithinAnother",
     {"D/data/way/\xff", "D/data/sub", "D/data"},
     {"*no", "*x.tmp", "fm:D/data/[(cefopr\xe9]*"},
     {"data/link\xff", "data/sub/\xfd/s", "data/way"},
     {"data/way is a symbolic link"}},
};

constexpr const char* kMake = R"(
import os, sys
os.makedirs(sys.argv[1] + "/src")
os.chdir(sys.argv[1] + "/src")
for name in sys.stdin.buffer.read().split(b"\0")[:-1]:
    os.makedirs(os.path.dirname(name) or b".", exist_ok=True)
    open(name, "wb").write(name)
os.symlink(b"caf\xe9", b"data/link\xff")
os.symlink("real", "data/way")
)";

// What has been restored into D/out, each name followed by NUL; one that is not as it was says so.
constexpr const char* kHeld = R"(
import os, sys
was = os.fsencode(sys.argv[1]) + b"/src"
top = os.fsencode(sys.argv[1]) + b"/out"
if os.path.isdir(top + was):
    top += was
for at, directories, names in os.walk(top):
    for name in names + [d for d in directories if os.path.islink(os.path.join(at, d))]:
        path = os.path.relpath(os.path.join(at, name), top)
        read = os.readlink if os.path.islink(os.path.join(at, name)) else lambda file: open(file, "rb").read()
        same = read(os.path.join(top, path)) == read(os.path.join(was, path))
        sys.stdout.buffer.write((b"" if same else b"changed: ") + path + b"\0")
)";

class SourcesWalk : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    borg_ = GetParam();
    if (borg_.empty() || RunProgram({"sh", "-c", "command -v \"$1\"", "sh", borg_}).status != 0) GTEST_SKIP() << "no such borg";
    dir_ = testing::TempDir() + "borg-sources-XXXXXX";
    ASSERT_NE(mkdtemp(dir_.data()), nullptr);
    std::string names;
    for (const std::string& file : kTree) names += file + '\0';
    ASSERT_EQ(RunProgram({"python3", "-c", kMake, dir_}, names).status, 0);
    ASSERT_EQ(Run(Init(client_, Repository(), "none"), "src").status, 0) << Log();
  }
  void TearDown() override {
    if (!HasFailure() && !dir_.empty()) RunProgram({"rm", "-rf", dir_});
  }

  std::string Repository() const { return dir_ + "/repository"; }

  Ran Run(Command command, const std::string& directory) {
    command.argv[0] = borg_;
    command.env.insert(command.env.end(), {{"BORG", borg_}, {"BORG_BASE_DIR", dir_ + "/base"}});
    return RunProgram({"sh", "-c", "exec 2>\"$1/log\"; cd \"$1/$2\" && eval \"$3\"", "sh", dir_, directory, ScriptFor(command)});
  }

  std::string Log() const {
    std::ifstream file(dir_ + "/log");
    return {std::istreambuf_iterator<char>(file), {}};
  }

  // With the walk's directory in the place of "D".
  std::vector<std::string> Located(std::vector<std::string> words) const {
    for (std::string& word : words) {
      if (const std::size_t at = word.find("D/"); at != std::string::npos) word.replace(at, 1, dir_ + "/src");
    }
    return words;
  }

  // All but directories, as often as they are in the archive.
  std::size_t StoredItems(const std::string& archive) {
    std::size_t items = 0;
    const std::string out = Run(ListItems(client_, Repository(), {archive, {}}), "src").out;
    for (std::size_t begin = 0; begin < out.size(); begin = out.find('\0', begin) + 1) items += out[begin] == 'd' ? 0U : 1U;
    return items;
  }

  std::vector<std::string> Restored(const std::string& archive) {
    EXPECT_EQ(RunProgram({"sh", "-c", "rm -rf \"$1/out\" && mkdir \"$1/out\"", "sh", dir_}).status, 0);
    EXPECT_EQ(Run(Extract(client_, Repository(), {archive, {}}), "out").status, 0) << Log();
    const std::string out = RunProgram({"python3", "-c", kHeld, dir_}).out;
    std::vector<std::string> held;
    for (std::size_t begin = 0; begin < out.size(); begin = out.find('\0', begin) + 1)
      held.push_back(out.substr(begin, out.find('\0', begin) - begin));
    return held;
  }

  const Client client_{Machine::kTarget, "borg", "sh -c 'exec \"$BORG\" serve'", "", std::chrono::seconds(5), true};
  std::string borg_, dir_;
};

TEST_P(SourcesWalk, StoresWhatIsAskedForAndNothingElse) {
  for (const Walk& row : kWalks) {
    SCOPED_TRACE(row.name);
    const Source source = SourceOf(Located(row.sources), Located(row.excludes));
    ASSERT_EQ(SourcePathsProblem(source.paths), "");
    const Ran ran = Run(Create(client_, Repository(), row.name, source, 0), "src");
    LogReader reader;
    reader.Feed(Log());
    reader.Finish();
    const Messages& messages = reader.messages();
    const Result<Completion> judged = Judge(Step::kCreate, "here", {.status = ran.status, .signal = {}}, messages);
    ASSERT_TRUE(judged.has_value()) << judged.error().message;
    EXPECT_EQ(judged->warnings, !row.warnings.empty()) << Log();
    std::vector<testing::Matcher<std::string>> warnings(row.warnings.begin(), row.warnings.end());
    std::transform(row.warnings.begin(), row.warnings.end(), warnings.begin(),
                   [](const std::string& part) { return HasSubstr(part); });
    EXPECT_THAT(messages.warnings, ElementsAreArray(warnings));
    EXPECT_THAT(Restored(row.name), UnorderedElementsAreArray(row.stored));
    EXPECT_EQ(StoredItems(row.name), row.stored.size());
  }
}

// BORG_OTHER names a second borg, such as one of another version.
INSTANTIATE_TEST_SUITE_P(Borgs, SourcesWalk, testing::Values("borg", std::getenv("BORG_OTHER") ? std::getenv("BORG_OTHER") : ""),
                         [](const auto& row) { return row.index == 0 ? "installed" : "other"; });

}  // namespace
}  // namespace borgop
