// Paths, excludes and names reach borg unchanged, through whatever login shell the accounts on T and on B have.
#include <algorithm>
#include <iterator>
#include <set>

#include "engine/borg/shell_quote.h"
#include "engine/remote/script.h"
#include "tests/engine/engine_fixture.h"

namespace borgop::lab {
namespace {

struct Shell {
  const char* name;
  const char* path;
};

// All that Debian packages and that runs `SHELL -c COMMAND`. The restricted ones are in kRefusing.
constexpr Shell kShells[] = {
    {"sh", "/bin/sh"},
    {"dash", "/bin/dash"},
    {"bash", "/bin/bash"},
    {"bash_static", "/bin/bash-static"},
    {"zsh", "/bin/zsh"},
    {"zsh_static", "/bin/zsh-static"},
    {"fizsh", "/usr/bin/fizsh"},
    {"fish", "/usr/bin/fish"},
    {"csh", "/bin/bsd-csh"},
    {"tcsh", "/bin/tcsh"},
    {"ksh93", "/bin/ksh93"},
    {"mksh", "/bin/mksh"},
    {"lksh", "/bin/lksh"},
    {"yash", "/usr/bin/yash"},
    {"busybox", "/usr/local/bin/ash"},  // made by the test
    {"posh", "/bin/posh"},
    {"klibc_sh", "/usr/lib/klibc/bin/sh"},
    {"rc", "/usr/bin/rc"},
    {"plan9_rc", "/usr/lib/plan9/bin/rc"},
    {"elvish", "/usr/bin/elvish"},
    {"xonsh", "/usr/bin/xonsh"},
    {"sash", "/bin/sash"},
};

constexpr Shell kRefusing[] = {
    {"rbash", "/bin/rbash"},    {"rksh93", "/bin/rksh93"},        {"git_shell", "/usr/bin/git-shell"},
    {"rush", "/usr/sbin/rush"}, {"nologin", "/usr/sbin/nologin"}, {"false", "/bin/false"},
};

const std::vector<std::string> kNasty = {
    "two  words",
    "it's",
    "\"quoted\"",
    "$HOME",
    "${HOME}",
    "`id`",
    "$(id)",
    "back\\slash\\",
    "-rf",
    "--exclude=x",
    "line\nbreak",
    "\n",
    "*",
    "?",
    "[a-z]",
    "!",
    "!!",
    ";id;",
    "&",
    "|",
    "<in",
    ">out",
    "tab\tstop",
    "h\xc3\xa9llo \xe2\x82\xac \xf0\x9f\x90\x84",
    "{a,b}",
    "{now}",
    "%s%n",
    "trailing ",
    " leading",
    "#comment",
    "~",
    "~root",
    "=x",
    "^a^b",
    "@",
    "a:b",
    "''",
    "\\'",
    "\\\"",
    "\\n",
    "\x01\x1b[31m\x7f",
};

// A file name of every kind on T, told on standard input so that no shell of T reads it.
void MakeFiles(const LabHost& host, const std::vector<std::string>& files) {
  std::string names;
  for (const std::string& file : files) names += file + '\0';
  host.Output(
      "python3 -c 'import os,sys\nfor f in sys.stdin.buffer.read().split(b\"\\0\")[:-1]:\n "
      "os.makedirs(os.path.dirname(f),exist_ok=True)\n "
      "open(f,\"wb\").write(f)'",
      {.input = names});
}

class ShellTest : public EngineTest, public testing::WithParamInterface<Shell> {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    if (IsSkipped()) return;
    const std::string shell = GetParam().path;
    for (const auto* host : {&t_, &b_}) {
      if (shell == "/usr/local/bin/ash") host->Run("ln -sf /usr/bin/busybox " + shell);
    }
    if (!t_.Run("test -x " + shell).ok()) GTEST_SKIP() << shell << " is not installed (./dev setup)";
    user_ = std::string("with-") + GetParam().name;
    std::replace(user_.begin(), user_.end(), '_', '-');
    for (const auto* host : {&t_, &b_}) {
      host->AddUser(user_, shell);
      host->Output("chown -R " + user_ + ": '" + dir() + "'");
    }
  }

  Plan PlanForShell() const {
    Plan plan = MakePlan();
    plan.server.connection.user = user_;
    plan.targets[0].connection.user = user_;
    return plan;
  }

  // The archive's paths, by borg on B, which keeps the path that it is given and so gets that of a link. A tar stream, since `borg list` shows bytes that are no text as question marks.
  std::set<std::string> Archived(const std::string& repository, std::string name) const {
    for (std::size_t at = 0; (at = name.find_first_of("{}", at)) != std::string::npos; at += 2) name.insert(at, 1, name[at]);
    const std::string out =
        b_.Output("export LC_ALL=C.UTF-8 BORG_PASSPHRASE=" + ShellQuote(kPassphrase) + "\nln -sfn " + ShellQuote(repository) +
                      " /home/" + user_ + "/link\nborg export-tar " + ShellQuote("/home/" + user_ + "/link::" + name) +
                      " - | python3 -c 'import os,sys,tarfile\nfor m in tarfile.open(fileobj=sys.stdin.buffer,mode=\"r|\"):\n "
                      "sys.stdout.buffer.write(os.fsencode(m.name)+b\"\\0\")'",
                  {.user = user_});
    std::set<std::string> paths;
    for (std::size_t begin = 0; begin < out.size();) {
      const std::size_t end = out.find('\0', begin);
      paths.insert(out.substr(begin, end - begin));
      begin = end + 1;
    }
    return paths;
  }

  void ExpectArchived(const std::string& repository, const std::string& name, const std::set<std::string>& expected) const {
    const std::set<std::string> archived = Archived(repository, name);
    std::vector<std::string> missing, unexpected;
    std::set_difference(expected.begin(), expected.end(), archived.begin(), archived.end(), std::back_inserter(missing));
    std::set_difference(archived.begin(), archived.end(), expected.begin(), expected.end(), std::back_inserter(unexpected));
    EXPECT_THAT(missing, testing::IsEmpty());
    EXPECT_THAT(unexpected, testing::IsEmpty());
  }

  std::string user_;
};

TEST_P(ShellTest, RunsAScriptAndLeavesTheRestOfTheInput) {
  std::string script = "printf '%s|'";
  std::string expected;
  for (const std::string& text : kNasty) {
    script += " " + ShellQuote(text);
    expected += text + "|";
  }
  script += "\ncat";
  const std::string rest = "the rest, $HOME `id`\n\xff not read as a script\n";
  const Bootstrap bootstrap(script);
  const auto ended = t_.Run("exec " + std::string(GetParam().path) + " -c " + ShellQuote(bootstrap.command),
                            {.user = user_, .input = bootstrap.input + rest});
  EXPECT_EQ(ended.out, expected + rest) << ended.err;
  EXPECT_EQ(ended.exit_code, 200) << ended.err;  // an end with 0, which is never said as such
}

TEST_P(ShellTest, EveryPathArrivesUnchanged) {
  Plan plan = PlanForShell();
  Target& target = plan.targets[0];
  target.name = "it's \"a\" $HOME `id` \\ *!;\xc3\xa9 %s {a,b}";
  target.archive_name = "-it's \"a\" $HOME `id` \\ *!; \xc3\xa9 %s {{a,b}}\nnext {pid}";
  plan.server.root_dir = dir() + "/root's \"$HOME\"";
  target.repository.path = "-x sub/\n`id` it's \"$HOME\" \\ \\\\ *!;\t%s \xe2\x82\xac #~ ";
  target.source.paths.clear();
  std::vector<std::string> files;
  std::set<std::string> expected;
  const std::string home = "/home/" + user_;
  const auto keep = [&](const std::string& path) { expected.insert(path.substr(path.find_first_not_of('/'))); };
  for (const std::string& name : kNasty) {
    const std::string path = source() + "/" + name;
    target.source.paths.push_back(path);
    keep(path);
    for (const std::string& inner : {"in " + name, std::string("not UTF-8 \xff\xe9")}) {
      files.push_back(path + "/" + inner);
      keep(path + "/" + inner);
    }
    target.source.excludes.push_back("pp:" + path + "/out " + name);
    files.push_back(path + "/out " + name);
  }
  files.push_back(source() + "/not a source");
  for (const std::string relative : {"-x y", "--stats"}) {  // relative to the account's home
    target.source.paths.push_back(relative);
    files.push_back(home + "/" + relative + "/-f");
    expected.insert({relative, relative + "/-f"});
  }
  // Patterns have their own special characters.
  for (const std::string& tail : {std::string("it's a.tmp"), std::string("$x `y` \"z\".tmp"), std::string("un\xff.tm\xe9")})
    files.push_back(source() + "/two  words/" + tail);
  target.source.excludes.emplace_back("sh:**/it's ?.[s-t]mp");
  target.source.excludes.emplace_back("*/$x `y` \"z\".t*");
  target.source.excludes.emplace_back("*/un\xff.tm[\xe8-\xea]");
  MakeFiles(t_, files);
  t_.Output("chown -R " + user_ + ": '" + dir() + "' " + home);
  const auto result = RunEngine(plan, kLimit);
  ExpectCompleted(result);
  if (HasFailure()) return;
  EXPECT_EQ(result.target().value("name", ""), target.name);
  const std::string name = result.target()["archive"].value("name", "");
  EXPECT_TRUE(name.starts_with("-it's \"a\" $HOME `id` \\ *!; \xc3\xa9 %s {a,b}\nnext ")) << name;
  const std::string repository = plan.server.root_dir + "/" + target.repository.path;
  EXPECT_TRUE(b_.Exists(repository + "/config"));
  ExpectArchived(repository, name, expected);
  ExpectNothingLeft();
}

// borg is told them by patterns, and walks to them from a directory above: here also from the root directory. The repository it reaches by a
// link.
TEST_P(ShellTest, PathsThatAreNotUtf8ArriveUnchanged) {
  Plan plan = PlanForShell();
  plan.server.root_dir = dir() + "/\xe9 `id`";
  plan.targets[0].repository.path = "-x \xff\n/it's \xfe $HOME \"";
  const std::string repository = plan.server.root_dir + "/" + plan.targets[0].repository.path;
  Source& source_of_plan = plan.targets[0].source;
  const std::string top = "/\xfe of " + user_;
  source_of_plan.paths = {top, source() + "/plain"};
  std::vector<std::string> files = {top, source() + "/plain", source() + "/not a source"};
  std::set<std::string> expected = {top.substr(1), (source() + "/plain").substr(1)};
  for (const std::string& name : kNasty) {
    const std::string path = source() + "/\xe9" + name;
    source_of_plan.paths.push_back(path);
    source_of_plan.excludes.push_back("pp:" + path + "/out \xff" + name);
    for (const std::string& inner : {"/in \xff" + name, "/out \xff" + name}) files.push_back(path + inner);
    files.push_back(path + "\xe9/not a source");
    expected.insert({path.substr(1), (path + "/in \xff" + name).substr(1)});
  }
  MakeFiles(t_, files);
  t_.Output("chown -R " + user_ + ": '" + dir() + "'");
  const auto result = RunEngine(plan, kLimit);
  t_.Output("rm " + ShellQuote(top));
  ExpectCompleted(result);
  if (HasFailure()) return;
  EXPECT_TRUE(b_.Exists(repository + "/config"));
  ExpectArchived(repository, result.target()["archive"].value("name", ""), expected);
  ExpectNothingLeft();
}

INSTANTIATE_TEST_SUITE_P(Shells, ShellTest, testing::ValuesIn(kShells),
                         [](const auto& row) { return std::string(row.param.name); });

using RefusingShellTest = ShellTest;

TEST_P(RefusingShellTest, OnTheTargetIsAClearError) {
  Plan plan = MakePlan();
  plan.targets[0].connection.user = user_;
  ExpectFailed(RunEngine(plan, kLimit), "ShellUnusable", "Terminal", 1);
  ExpectNothingLeft();
}

// There some of them are let off: what they refuse is scripts, and `borg serve` is none.
TEST_P(RefusingShellTest, OnTheServerIsAClearErrorOrBorgServeAlone) {
  Plan plan = MakePlan();
  plan.server.connection.user = user_;
  const auto result = RunEngine(plan, kLimit);
  const std::string name = GetParam().name;
  if (name == "rbash" || name == "rksh93") {
    EXPECT_EQ(result.exit_code(), 0) << result.All();
    EXPECT_EQ(result.outcome(), "CompletedWithWarnings") << result.All();
    EXPECT_NE(result.warnings().find("runs no scripts, so there is no dead man's switch there"), std::string::npos) << result.All();
  } else if (name == "git_shell") {  // whose words they are, nobody can tell
    EXPECT_EQ(result.reason(), "ListFailed") << result.All();
    EXPECT_NE(result.message().find("fatal: unrecognized command"), std::string::npos) << result.All();
  } else {
    ExpectFailed(result, "ShellUnusable", "Terminal", 1);
  }
  ExpectNothingLeft();
}

INSTANTIATE_TEST_SUITE_P(Shells, RefusingShellTest, testing::ValuesIn(kRefusing),
                         [](const auto& row) { return std::string(row.param.name); });

using NotUtf8Test = EngineTest;

// A walk from the directory above stays on that one's file system, and would say nothing.
TEST_F(NotUtf8Test, ASourceOnAnotherFileSystemIsLeftOutWithAWarning) {
  BORGOP_NEEDS_ISOLATION();
  const std::string mounted = source() + "/m\xff";
  MakeFiles(t_, {mounted + "/x"});
  t_.Output("mount -t tmpfs none " + ShellQuote(mounted));
  MakeFiles(t_, {mounted + "/y"});
  Plan plan = MakePlan();
  plan.targets[0].source.paths = {mounted};
  const auto crossed = RunEngine(plan, kLimit);
  plan.targets[0].source.one_file_system = true;
  const auto stayed = RunEngine(plan, kLimit);
  t_.Output("umount " + ShellQuote(mounted));
  plan.targets[0].source.paths = {mounted + "/x"};
  const auto none_crossed = RunEngine(plan, kLimit);
  ExpectCompleted(crossed);
  EXPECT_EQ(stayed.outcome(), "CompletedWithWarnings") << stayed.All();
  EXPECT_NE(stayed.warnings().find("is on another file system"), std::string::npos) << stayed.All();
  ExpectCompleted(none_crossed);
}

}  // namespace
}  // namespace borgop::lab
