// What a newcomer meets: every message says what happened, where, and what to do, and the exit status tells the kind.
#include <gmock/gmock.h>

#include <filesystem>

#include "tests/cli/program.h"

namespace borgop::clitest {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

struct MessagesRow {
  const char* name;
  const char* command;  // in bash, in a Workspace's directory
  int exit_code;
  std::vector<std::string> says;
};

const std::vector<MessagesRow>& Rows() {
  static const std::vector<MessagesRow> rows = {
      {"no verb", "$E", 2, {"no verb is given", "run"}},
      {"unknown verb", "$E rum", 2, {"unknown verb `rum`", "did you mean `run`?", "--help"}},
      {"a verb with two letters swapped", "$E rnu", 2, {"unknown verb `rnu`", "did you mean `run`?"}},
      {"a verb like none", "$E xylophone", 2, {"unknown verb `xylophone`", "--help lists the verbs"}},
      {"unknown option", "$E run --paralel 3", 2, {"unknown option `--paralel`", "did you mean `--parallel`?", "run --help"}},
      {"unknown option with a value", "$E run --plam=x", 2, {"unknown option `--plam`", "did you mean `--plan`?"}},
      {"an option before the verb", "$E --plan x run", 2, {"unknown option `--plan`", "stand after it"}},
      {"an argument too many", "$E check-config plan.yaml", 2, {"unexpected argument `plan.yaml`"}},
      {"a value out of range", "$E run --parallel 0", 2, {"--parallel", "run --help"}},
      {"a value that is no choice", "$E run --color blue", 2, {"--color", "blue", "always"}},
      {"an option without its value", "$E run --plan", 2, {"--plan"}},
      {"no shell named", "$E completion", 2, {"shell"}},
      {"missing plan", "$E run --plan nowhere.yaml", 3, {"nowhere.yaml"}},
      {"a directory as plan", "$E check-config --plan .", 3, {"directory"}},
      {"a plan without a name", "$E run --plan '' <toml", 2, {"--plan", "name is empty"}},
      {"a plan without a name to check", "$E check-config -p \"$NOTHING\" <toml", 2, {"--plan", "name is empty"}},
      {"TOML as plan", "$E check-config --plan toml", 3, {"toml: looks like TOML", "without --plan", "borg-engine convert"}},
      {"a plan as TOML", "$E check-config <plan.yaml", 3, {"<stdin>: looks like a plan in YAML", "`--plan -`"}},
      {"empty input", "$E run </dev/null", 3, {"<stdin>"}},
      {"closed input", "$E run <&-", 3, {"standard input cannot be read"}},
      {"a directory as input", "$E run <.", 3, {"standard input cannot be read: Is a directory"}},
      {"endless input", "$E run </dev/zero", 3, {"standard input is larger than 16777216 bytes"}},
      {"a terminal as input", "script -qec \"$E run\" /dev/null", 3, {"standard input is a terminal", "--plan FILE"}},
      {"an unwritable termination log",
       "$E run --plan plan.yaml --termination-log nowhere/log",
       2,
       {"`nowhere/log`", "No such file"}},
      {"a finding that is none", "$E run --plan plan.yaml --state s --acknowledge all", 2, {"`all`", "is no finding's id"}},
      {"a finding without a ledger",
       "$E run --plan plan.yaml --acknowledge 0123456789abcdef0123456789abcdef",
       2,
       {"--acknowledge needs --state"}},
      {"a quarantine without a ledger",
       R"(printf '  maintenance: {compactAfter: 3d}\n' | cat plan.yaml - >p && $E run --plan p)",
       2,
       {"`web`", "compactAfter", "--state"}},
      {"two ledgers",
       R"(sed 's|repository: {|&ledgerFile: /l, |' plan.yaml >p && $E run --plan p --state s)",
       2,
       {"--state", "ledgerFile", "Leave out one"}},
      {"a directory as termination log", "$E run --plan plan.yaml --termination-log .", 2, {"directory"}},
      {"run to a closed output", "$E run --plan plan.yaml >&-", 2, {"standard output", "closed"}},
      {"check-config to a full disk", "$E check-config --plan plan.yaml >/dev/full", 4, {"standard output", "No space left"}},
      {"convert to a full disk", "$E convert <toml >/dev/full", 4, {"cannot write the plan", "No space left"}},
      {"convert to a closed output", "$E convert <toml >&-", 4, {"cannot write the plan"}},
      {"help to a full disk", "$E --help >/dev/full", 4, {"cannot write the help"}},
      {"a good plan", "$E check-config --plan plan.yaml", 0, {"The configuration is good: 1 target."}},
      {"a good TOML", "$E check-config <toml", 0, {"The configuration is good: 1 target."}},
      {"a converted TOML", "$E convert <toml >p && $E check-config --plan p", 0, {"The configuration is good: 1 target."}},
      {"list of a target that is none", "$E list --plan plan.yaml nobody", 3, {"no target `nobody`"}},
      {"list in no zone", "$E list --plan plan.yaml --time-zone Mars", 2, {"--time-zone", "Mars"}},
      {"restore of no target", "$E restore --plan plan.yaml --tar", 2, {"target is required"}},
      {"restore to nowhere", "$E restore --plan plan.yaml web", 2, {"--destination DIR", "--in-place"}},
      {"restore to two places", "$E restore --plan plan.yaml web --tar --in-place", 2, {"one of --tar"}},
      {"restore below another directory", "$E restore web --to-target old", 2, {"--to-target takes an absolute path"}},
      {"restore to the root", "$E restore web --to-target /", 2, {"--in-place"}},
      {"restore to the root here", "$E restore web --destination /", 2, {"directory other than /"}},
      {"restore of two choices", "$E restore web --tar --archive a --as-of 2026-11-20", 2, {"--archive and --as-of"}},
      {"restore as of no time", "$E restore web --tar --as-of yesterday", 2, {"`yesterday` is no time", "2026-11-20 15:00"}},
      {"restore in a zone of nothing", "$E restore web --tar --time-zone UTC", 2, {"--time-zone is that of --as-of"}},
      {"restore by a pattern without a style", "$E restore web --tar --pattern '*.conf'", 2, {"`*.conf` has no style", "sh:"}},
      {"restore of a path with dots", "$E restore web --tar /a/../b", 2, {"`/a/../b`"}},
      {"restore of brackets", "$E restore nobody --plan plan.yaml --tar '[a,b]' x -- -y", 3, {"no target `nobody`"}},
      {"a tar and a report", "$E restore web --tar --json", 2, {"--json and --tar"}},
      {"a tar to a terminal", "script -qec \"$E restore web --tar\" /dev/null", 2, {"standard output is a terminal"}},
      {"a tar that overwrites", "$E restore web --tar --overwrite", 2, {"overwrites nothing"}},
      {"verify of too many", "$E verify web --files 100000", 2, {"--files"}},
      {"version", "$E --version", 0, {"borg-engine "}},
  };
  return rows;
}

TEST(Messages, SayWhatHappenedAndWhatToDo) {
  const Workspace workspace;
  for (const MessagesRow& row : Rows()) {
    SCOPED_TRACE(row.name);
    const lab::Ended ended = Shell("cd \"$1\"; " + std::string(row.command), {workspace.Path("")});
    EXPECT_EQ(ended.exit_code, row.exit_code) << ended.out << ended.err;
    for (const std::string& text : row.says) EXPECT_THAT(ended.out + ended.err, HasSubstr(text));
    EXPECT_THAT(ended.out + ended.err, Not(HasSubstr("sesame-open")));
  }
}

TEST(Messages, HelpOfEveryVerbHasExamples) {
  for (const std::string verb : {"run", "list", "restore", "verify", "check-config", "convert", "completion"}) {
    SCOPED_TRACE(verb);
    const lab::Ended ended = RunEngine({verb, "--help"});
    EXPECT_EQ(ended.exit_code, 0);
    EXPECT_THAT(ended.out, AllOf(HasSubstr("Examples:"), HasSubstr("borg-engine " + verb)));
    EXPECT_THAT(ended.err, IsEmpty());
  }
}

TEST(Messages, ConvertedTomlMeansTheSame) {
  const Workspace workspace;
  const lab::Ended ended = Shell("cd \"$1\"; $E convert <toml >p; cat p", {workspace.Path("")});
  EXPECT_THAT(ended.out,
              AllOf(HasSubstr("/srv/backups"), HasSubstr("keepDaily: 7"), HasSubstr("port: 1"), HasSubstr("BEGIN OPENSSH")));
}

// A connection that cannot be made is the quickest real run.
TEST(Run, EndsWithAReportWhenNobodyListens) {
  const Workspace workspace;
  const lab::Ended ended = Shell("cd \"$1\"; $E run --plan plan.yaml --termination-log log", {workspace.Path("")});
  EXPECT_EQ(ended.exit_code, 75) << ended.err;
  EXPECT_THAT(ended.out, AllOf(StartsWith("{\"version\":1"), HasSubstr("ConnectFailed"), Not(HasSubstr("sesame-open"))));
  EXPECT_THAT(ended.err, StartsWith("{"));
  EXPECT_THAT(ReadFile(workspace.Path("log")), HasSubstr("ConnectFailed"));
}

TEST(Run, DoesNotConnectWhenTheTerminationLogCannotBeWritten) {
  const Workspace workspace;
  const lab::Ended ended = Shell("cd \"$1\"; $E run --plan plan.yaml --termination-log /nowhere/log", {workspace.Path("")});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.out, IsEmpty());
  EXPECT_THAT(ended.err, Not(HasSubstr("\"event\"")));
}

TEST(Run, LeavesTheTerminationLogAloneUntilItsEnd) {
  const Workspace workspace;
  const lab::Ended ended =
      Shell("cd \"$1\"; echo before >log; $E run --plan nowhere --termination-log log; cat log", {workspace.Path("")});
  EXPECT_EQ(ended.out, "before\n");
}

TEST(Run, TellsWhenTheReportCannotBeWritten) {
  const Workspace workspace;
  const lab::Ended full = Shell("cd \"$1\"; $E run --plan plan.yaml >/dev/full", {workspace.Path("")});
  EXPECT_EQ(full.exit_code, 4);  // what became of the targets, nobody can know
  EXPECT_THAT(full.err, HasSubstr("cannot write the report to standard output: No space left"));
}

#ifndef __SANITIZE_ADDRESS__  // which wants to be loaded before stdbuf's library
TEST(CheckConfig, TellsWhenItsLinesCannotBeWrittenOneByOne) {
  const Workspace workspace;
  const lab::Ended full = Shell("cd \"$1\"; stdbuf -oL $E check-config --plan plan.yaml >/dev/full", {workspace.Path("")});
  EXPECT_EQ(full.exit_code, 4);
  EXPECT_THAT(full.err, HasSubstr("cannot write the verdict to standard output"));
}
#endif

TEST(Run, TellsWhenTheTerminationLogCannotBeWritten) {
  const Workspace workspace;
  const lab::Ended full = Shell("cd \"$1\"; $E run --plan plan.yaml --termination-log /dev/full", {workspace.Path("")});
  EXPECT_EQ(full.exit_code, 4);
  EXPECT_THAT(full.out, HasSubstr("ConnectFailed"));
  EXPECT_THAT(full.err, HasSubstr("cannot write the termination log `/dev/full`: No space left"));
}

TEST(Run, IsNotHeldUpByAnErrorOutputThatNobodyReads) {
  const Workspace workspace;
  // The descriptor that holds the FIFO open is the engine's own as well; there is no room in it from the start.
  const lab::Ended ended = Shell(
      "cd \"$1\"; mkfifo full; exec 3<>full; dd if=/dev/zero of=full bs=65536 count=1 2>/dev/null; "
      "timeout 60 $E run --plan plan.yaml 2>&3",
      {workspace.Path("")});
  EXPECT_EQ(ended.exit_code, 75) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("ConnectFailed"));
}

TEST(Run, ShowsLinesForPeopleOnATerminalAndTheReportLast) {
  const Workspace workspace;
  const auto on_terminal = [&](const std::string& environment) {
    return Shell("cd \"$1\"; script -qec \"env " + environment + " $E run --plan plan.yaml >out\" /dev/null; cat out >&2",
                 {workspace.Path("")});
  };
  const lab::Ended colored = on_terminal("-u NO_COLOR TERM=xterm");
  EXPECT_THAT(colored.out, AllOf(HasSubstr("web"), HasSubstr("\x1b[")));
  EXPECT_THAT(colored.err, StartsWith("{\"version\":1"));
  EXPECT_THAT(on_terminal("NO_COLOR=1 TERM=xterm").out, AllOf(HasSubstr("web"), Not(HasSubstr("\x1b[3"))));
  EXPECT_THAT(on_terminal("TERM=dumb").out, AllOf(HasSubstr("web"), Not(HasSubstr("\x1b["))));
}

}  // namespace
}  // namespace borgop::clitest
