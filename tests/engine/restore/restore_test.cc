// `borg-engine restore` on real machines: every way back, and every reason not to begin.
#include <signal.h>

#include "engine/plan/yaml_writer.h"
#include "tests/engine/restore/restore_fixture.h"

namespace borgop::lab {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

class HereTest : public RestoreTest {
 protected:
  void SetUp() override {
    RestoreTest::SetUp();
    if (IsSkipped()) return;
    here_ = c_.Output("mktemp -d /tmp/restore-test.XXXXXX");
    here_.pop_back();
  }
  void TearDown() override {
    if (!here_.empty()) c_.Run("rm -rf '" + here_ + "'");
    RestoreTest::TearDown();
  }
  std::string here_;
};

TEST_F(HereTest, WholeArchiveAndPathsOfEveryKind) {
  BackUp(MakePlan());
  const std::string below = source().substr(1);

  const Json whole = RestoreJson(MakePlan(), {"target0", "--destination", here_ + "/new/all"}, 0);
  EXPECT_TRUE(whole.value("wrote", false));
  EXPECT_EQ(TreeHere(here_ + "/new/all/" + below), TreeThere(source()));
  EXPECT_EQ(c_.Output("stat -c %a '" + here_ + "/new'"), "700\n");

  // Each name is itself and no pattern, whatever it looks like.
  std::vector<std::string> args{"target0", "--destination", here_ + "/some", "--"};
  for (const char* name :
       {"odd/sp ace", "odd/new\nline", "odd/-dash", "odd/bytes\xff", "odd/[a,b]", "odd/star*", "odd/{now}", "deep/"})
    args.push_back(source() + "/" + name);
  const Json some = RestoreJson(MakePlan(), args, 0);
  EXPECT_EQ(some.value("files", 0), 8) << some.dump();
  EXPECT_EQ(c_.Output("ls '" + here_ + "/some/" + below + "'"), "deep\nodd\n");

  // A pattern is one where it is said to be.
  const Json pattern = RestoreJson(MakePlan(), {"target0", "--destination", here_ + "/pattern", "--pattern", "sh:**/odd/s*"}, 0);
  EXPECT_EQ(c_.Output("cd '" + here_ + "/pattern' && find . -type f | sort"),
            "." + source() + "/odd/sp ace\n." + source() + "/odd/star*\n")
      << pattern.dump();
  const Json none = RestoreJson(MakePlan(), {"target0", "--destination", here_ + "/none", "/" + below + "/odd/s*"}, 1);
  EXPECT_EQ(ReasonOf(none), "PathNotInArchive");
  EXPECT_THAT(MessageOf(none), HasSubstr("s*"));
  EXPECT_EQ(c_.Run("test -e '" + here_ + "/none'").exit_code, 1);
  ExpectNothingLeft();
  ExpectRepositorySound(repository());
}

TEST_F(HereTest, ATerminalShowsHowFarItIs) {
  AddData(20);
  BackUp(MakePlan());
  const std::string file = here_ + "/plan.yaml";
  c_.Output("umask 077; cat >'" + file + "'", {.input = WriteYaml(MakePlan())});
  auto process = lab_.StartInClient(
      {.argv = {"script", "-qec",
                std::string(BORGOP_ENGINE) + " restore --plan " + file + " target0 --destination " + here_ + "/all", "/dev/null"},
       .env = {{"TERM", "xterm"}}});
  const auto ended = process.Wait(kLimit);
  ASSERT_TRUE(ended && ended->exit_code == 0) << process.Out();
  EXPECT_THAT(ended->out, testing::ContainsRegex("target0.* extract +[0-9]+%"));
  EXPECT_TRUE(c_.Exists(here_ + "/all" + source() + "/hello"));
}

TEST_F(HereTest, NothingThatIsThereIsReplacedUnlessAsked) {
  BackUp(MakePlan());
  const std::string below = here_ + source();
  c_.Output("mkdir -p '" + below + "/odd' && cd '" + below +
            "' && echo mine >hello && printf mine >\"$(printf 'odd/bytes\\376')\"");
  const std::string before = TreeHere(here_);

  for (const bool dry_run : {true, false}) {
    std::vector<std::string> args{"target0", "--destination", here_};
    if (dry_run) args.emplace_back("--dry-run");
    const Json refused = RestoreJson(MakePlan(), args, 1);
    EXPECT_EQ(ReasonOf(refused), "FilesInTheWay");
    EXPECT_THAT(MessageOf(refused), HasSubstr("hello"));
    // "bytes\376" fits what borg says of "bytes\377".
    EXPECT_EQ(refused["inTheWay"].value("count", 0), 2) << refused.dump();
    EXPECT_FALSE(refused.value("wrote", true));
    EXPECT_EQ(TreeHere(here_), before);
  }
  // Beside what is there nothing is in the way, and directories are merged.
  RestoreJson(MakePlan(), {"target0", "--destination", here_, source() + "/odd/sp ace"}, 0);
  EXPECT_EQ(c_.Output("cat '" + below + "/odd/sp ace' '" + below + "/hello'"), "sp acemine\n");

  RestoreJson(MakePlan(), {"target0", "--destination", here_, "--overwrite"}, 0);
  EXPECT_EQ(c_.Output("cat '" + below + "/hello'"), "hello\n");
  EXPECT_EQ(c_.Output("cat \"$(printf '" + below + "/odd/bytes\\376')\""), "mine");

  // A link in the directory would lead out of it.
  c_.Output("rm -r '" + below + "/deep' && mkdir '" + here_ + "/out' && ln -s '" + here_ + "/out' '" + below + "/deep'");
  const Json unsafe = RestoreJson(MakePlan(), {"target0", "--destination", here_, "--overwrite", source() + "/deep/seq"}, 1);
  EXPECT_EQ(ReasonOf(unsafe), "ArchiveUnsafe") << unsafe.dump();
  EXPECT_EQ(c_.Output("ls '" + here_ + "/out'"), "");
  ExpectNothingLeft();
}

TEST_F(HereTest, ArchiveWithFilesBelowALinkIsUnpackedInPlaceOnly) {
  t_.Output("ln -s '" + source() + "/deep' '" + dir() + "/link'", {.user = "backup"});
  Plan plan = MakePlan();
  plan.targets[0].source.paths = {dir() + "/link", dir() + "/link/seq"};
  ExpectCompleted(RunEngine(plan));
  const Json here = RestoreJson(plan, {"target0", "--destination", here_ + "/x"}, 1);
  EXPECT_EQ(ReasonOf(here), "ArchiveUnsafe") << here.dump();
  const Json there = RestoreJson(plan, {"target0", "--to-target", dir() + "/x"}, 1);
  EXPECT_EQ(ReasonOf(there), "ArchiveUnsafe");
  EXPECT_FALSE(t_.Exists(dir() + "/x"));
  RestoreJson(plan, {"target0", "--in-place", "--overwrite"}, 0);
  ExpectNothingLeft();
}

TEST_F(HereTest, ATarHoldsTheSameBytes) {
  BackUp(MakePlan());
  const Ended tar = Restore(MakePlan(), {"target0", "--tar"});
  ASSERT_EQ(tar.exit_code, 0) << tar.err;
  c_.WriteFile(here_ + "/all.tar", tar.out);
  c_.Output("cd '" + here_ + "' && mkdir t && tar xpf all.tar -C t");
  EXPECT_EQ(TreeHere(here_ + "/t" + source()), TreeThere(source()));
  EXPECT_THAT(tar.err, HasSubstr("as a tar: "));
  const Ended some = Restore(MakePlan(), {"target0", "--tar", source() + "/hello"});
  c_.WriteFile(here_ + "/some.tar", some.out);
  EXPECT_EQ(c_.Output("tar xOf '" + here_ + "/some.tar'"), "hello\n");
  const Ended none = Restore(MakePlan(), {"target0", "--tar", "/no/such"});
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_EQ(none.out, "");
  ExpectNothingLeft();
}

TEST_F(HereTest, ChoosesByNameAndTime) {
  Plan plan = MakePlan();
  plan.targets[0].archive_name = "first";
  ExpectCompleted(RunEngine(plan));
  t_.Output("echo changed >'" + source() + "/hello'", {.user = "backup"});
  plan.targets[0].archive_name = "second";
  ExpectCompleted(RunEngine(plan));
  const auto hello = [&](const std::string& name) { return c_.Output("cat '" + here_ + "/" + name + source() + "/hello'"); };

  const Json first = RestoreJson(plan, {"target0", "--destination", here_ + "/1", "--archive", "first"}, 0);
  EXPECT_EQ(hello("1"), "hello\n");
  const Json latest = RestoreJson(plan, {"target0", "--destination", here_ + "/2"}, 0);
  EXPECT_EQ(hello("2"), "changed\n");
  RestoreJson(plan, {"target0", "--destination", here_ + "/3", "--as-of", first["archive"].value("start", "")}, 0);
  EXPECT_EQ(hello("3"), "hello\n");
  RestoreJson(plan, {"target0", "--destination", here_ + "/4", "--archive", latest["archive"].value("id", "")}, 0);
  EXPECT_EQ(hello("4"), "changed\n");

  const Json missing = RestoreJson(plan, {"target0", "--destination", here_ + "/5", "--archive", "frist"}, 1);
  EXPECT_EQ(ReasonOf(missing), "ArchiveMissing");
  EXPECT_THAT(MessageOf(missing), HasSubstr("did you mean `first`"));
  EXPECT_EQ(ReasonOf(RestoreJson(plan, {"target0", "--destination", here_ + "/6", "--as-of", "2001-01-01"}, 1)), "ArchiveMissing");
  Plan wrong = MakePlan();
  wrong.targets[0].repository.passphrase = Secret("not that");
  EXPECT_EQ(ReasonOf(RestoreJson(wrong, {"target0", "--destination", here_ + "/7"}, 1)), "PassphraseWrong");
  EXPECT_EQ(c_.Output("ls '" + here_ + "'"), "1\n2\n3\n4\n");
  ExpectNothingLeft();
}

TEST_F(HereTest, ADryRunShowsAndWritesNothing) {
  BackUp(MakePlan());
  const Ended shown = Restore(MakePlan(), {"target0", "--destination", here_ + "/x", "--dry-run", source() + "/odd"});
  EXPECT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr(source().substr(1) + "/odd/new\\nline\n"));
  EXPECT_THAT(shown.out, Not(HasSubstr("hello")));
  EXPECT_THAT(shown.err, HasSubstr("would restore"));
  EXPECT_EQ(c_.Run("test -e '" + here_ + "/x'").exit_code, 1);
  ExpectNothingLeft();
}

// What the file system does not take is told, file by file, and the rest is restored.
TEST_F(HereTest, WhatCannotBeRestoredIsNamed) {
  BackUp(MakePlan());
  c_.Output("mkdir -p '" + here_ + source() + "/hello/full'");
  const Json report = RestoreJson(MakePlan(), {"target0", "--destination", here_, "--overwrite"}, 1);
  EXPECT_EQ(ReasonOf(report), "RestoreIncomplete");
  ASSERT_EQ(report["failed"].size(), 1U) << report.dump();
  EXPECT_THAT(report["failed"][0].get<std::string>(), HasSubstr("hello"));
  EXPECT_EQ(c_.Output("cat '" + here_ + source() + "/world'"), "world\n");
  ExpectNothingLeft();
}

TEST_F(HereTest, AStopEndsItSoonAndLeavesNothing) {
  AddData(200);
  ExpectCompleted(RunEngine(MakePlan()));
  auto process =
      StartVerb(MakePlan(), Args("restore", {"target0", "--destination", here_ + "/x", "--log-level", "info", "--json"}));
  ASSERT_TRUE(process.WaitForErr("\"phase\":\"extract\"", seconds(60)));
  process.Signal(SIGTERM);
  const auto ended = process.Wait(seconds(10));
  ASSERT_TRUE(ended) << "not within 10 s";
  EXPECT_EQ(ended->exit_code, 130) << ended->out << ended->err;
  EXPECT_THAT(ended->out, HasSubstr("\"Cancelled\""));
  ExpectNothingLeft();
  ExpectNextRunGood(MakePlan());
}

}  // namespace
}  // namespace borgop::lab
