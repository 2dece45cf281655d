// `borg-engine restore` back onto the target, through the single-use socket.
#include <signal.h>

#include "tests/engine/restore/restore_fixture.h"

namespace borgop::lab {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

class ThereTest : public RestoreTest {};

TEST_F(ThereTest, ToADirectoryAndInPlace) {
  BackUp(MakePlan());
  const std::string before = TreeThere(source());
  const Json copy = RestoreJson(MakePlan(), {"target0", "--to-target", dir() + "/-co py/x"}, 0);
  EXPECT_EQ(copy["destination"].value("kind", ""), "target");
  EXPECT_EQ(TreeThere(dir() + "/-co py/x" + source()), before);
  EXPECT_EQ(t_.Output("stat -c %a '" + dir() + "/-co py/x'"), "700\n");

  // What was lost comes back in place, and nothing else is touched.
  t_.Output("cd '" + source() + "' && rm hello odd/-dash \"$(printf 'odd/bytes\\377')\" && echo newer >world", {.user = "backup"});
  const Json lost = RestoreJson(
      MakePlan(), {"target0", "--in-place", "--", source() + "/hello", source() + "/odd/-dash", source() + "/odd/bytes\xff"}, 0);
  EXPECT_EQ(lost.value("files", 0), 3) << lost.dump();
  EXPECT_EQ(t_.Output("cd '" + source() + "' && cat hello odd/-dash world"), "hello\n-dashnewer\n");

  for (const bool dry_run : {true, false}) {
    std::vector<std::string> args{"target0", "--in-place"};
    if (dry_run) args.emplace_back("--dry-run");
    const Json refused = RestoreJson(MakePlan(), args, 1);
    EXPECT_EQ(ReasonOf(refused), "FilesInTheWay");
    EXPECT_FALSE(refused.value("wrote", true));
    EXPECT_THAT(MessageOf(refused), HasSubstr(source().substr(1) + "/"));
    // Files and links, no directories; "q?" fits itself alone.
    EXPECT_EQ(std::to_string(refused["inTheWay"].value("count", 0)) + "\n", t_.Output("find '" + source() +
                                                                                      "' ! -type d | tr -dc '\\n' | "
                                                                                      "wc -c | awk '{print $1 - 1}'"))
        << refused.dump();
    EXPECT_EQ(t_.Output("cat '" + source() + "/world'"), "newer\n");
  }
  RestoreJson(MakePlan(), {"target0", "--in-place", "--overwrite"}, 0);
  EXPECT_EQ(TreeThere(source()), before);
  ExpectNothingLeft();
  ExpectRepositorySound(repository());
}

TEST_F(ThereTest, WithoutSocatAndWithTheOtherBorg) {
  if (!t_.UseBorg("1.4")) GTEST_SKIP() << "borg 1.4 is not installed";
  t_.Mask("socat");
  BackUp(MakePlan());
  const std::string before = TreeThere(source());
  RestoreJson(MakePlan(), {"target0", "--to-target", dir() + "/copy"}, 0);
  EXPECT_EQ(TreeThere(dir() + "/copy" + source()), before);
  ASSERT_TRUE(c_.UseBorg("1.4"));
  ASSERT_TRUE(b_.UseBorg("1.4"));
  RestoreJson(MakePlan(), {"target0", "--in-place", "--overwrite"}, 0);
  EXPECT_EQ(TreeThere(source()), before);
  const Json missing = RestoreJson(MakePlan(), {"target0", "--to-target", dir() + "/x", "--archive", "no"}, 1);
  EXPECT_EQ(ReasonOf(missing), "ArchiveMissing");
  const Ended tar = Restore(MakePlan(), {"target0", "--tar", source() + "/hello"});
  EXPECT_EQ(tar.exit_code, 0) << tar.err;
  EXPECT_THAT(tar.out, HasSubstr("hello\n"));
  ExpectNothingLeft();
}

TEST_F(ThereTest, WhatIsNotToBeWrittenIsSaid) {
  BackUp(MakePlan());
  t_.Output("mkdir -m 755 '" + dir() + "/root' && touch '" + dir() + "/file'");
  const Json denied = RestoreJson(MakePlan(), {"target0", "--to-target", dir() + "/root/x"}, 75);
  EXPECT_EQ(ReasonOf(denied), "RestoreFailed");
  EXPECT_THAT(MessageOf(denied), HasSubstr("/root/x"));
  EXPECT_EQ(ReasonOf(RestoreJson(MakePlan(), {"target0", "--to-target", dir() + "/file"}, 1)), "FilesInTheWay");
  Plan relative = MakePlan();
  relative.targets[0].source.paths = {"data"};
  EXPECT_EQ(ReasonOf(RestoreJson(relative, {"target0", "--in-place"}, 1)), "InvalidConfig");
  // One file that this user may not write, of several.
  t_.Output("mkdir '" + dir() + "/some' && mkdir -p '" + dir() + "/some" + source() + "/odd' && chown backup '" + dir() + "/some'");
  const Json some = RestoreJson(MakePlan(), {"target0", "--to-target", dir() + "/some", source() + "/odd/sp ace"}, 1);
  EXPECT_EQ(ReasonOf(some), "RestoreIncomplete") << some.dump();
  EXPECT_THAT(some["failed"].dump(), HasSubstr("sp ace"));
  ExpectNothingLeft();
}

// The passphrase reaches borg on T over its standard input alone; a stop ends borg there and removes the socket and its directory.
TEST_F(ThereTest, SecretsStayHiddenAndAStopLeavesNothing) {
  AddData(200);
  ExpectCompleted(RunEngine(MakePlan()));
  auto process =
      StartVerb(MakePlan(), Args("restore", {"target0", "--to-target", dir() + "/copy", "--json", "--log-level", "info"}));
  ASSERT_TRUE(process.WaitUntil([&] { return t_.Run("test -e '" + dir() + "/copy" + source() + "'").ok(); }, seconds(60)))
      << process.Err();
  std::string seen;
  for (const LabHost* host : {&t_, &b_})
    for (const ProcessInfo& info : host->Processes()) seen += info.cmdline + info.environ;
  EXPECT_THAT(seen, HasSubstr("extract"));
  EXPECT_THAT(seen, HasSubstr("--append-only"));
  EXPECT_THAT(seen, Not(HasSubstr(std::string(kPassphrase))));
  process.Signal(SIGTERM);
  const auto ended = process.Wait(seconds(10));
  ASSERT_TRUE(ended) << "not within 10 s";
  EXPECT_EQ(ended->exit_code, 130) << ended->out << ended->err;
  EXPECT_THAT(ended->out + ended->err, Not(HasSubstr(std::string(kPassphrase))));
  ExpectNothingLeft();
  ExpectNextRunGood(MakePlan());
}

}  // namespace
}  // namespace borgop::lab
