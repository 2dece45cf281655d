// `borg-engine verify` on real machines: good archives pass, and damage of each kind is found.
#include "tests/engine/restore/restore_fixture.h"

namespace borgop::lab {
namespace {

using testing::HasSubstr;

class VerifyTest : public RestoreTest {
 protected:
  Json VerifyJson(std::vector<std::string> args, int exit_code) const {
    args.insert(args.begin(), {"target0", "--json"});
    const Ended ended = Verb("verify", MakePlan(), args);
    EXPECT_EQ(ended.exit_code, exit_code) << ended.out << ended.err;
    Json report = Json::parse(ended.out, nullptr, false);
    return report.is_object() ? report : Json::object();
  }
};

TEST_F(VerifyTest, ComparesASampleAndTellsHow) {
  BackUp(MakePlan());
  // hello, world, deep/seq; of odd: sp ace, new line, -dash, [a,b], star*, {now}. "bytes?" and "q?" are not nameable, "hard" has no bytes of its own.
  const Json all = VerifyJson({"--against-target"}, 0);
  EXPECT_EQ(all.value("filesInArchive", 0), 11) << all.dump();
  EXPECT_EQ(all.value("notNameable", 0), 2);
  EXPECT_EQ(all.value("files", 0), 9);
  EXPECT_EQ(all["onTarget"].value("same", 0), 9);

  t_.Output("cd '" + source() + "' && echo hallo >hello && touch -d @1700000000 world && rm deep/seq", {.user = "backup"});
  // Changed behind everyone's back: same size, same time.
  t_.Output("cd '" + source() + "/odd' && cp -p -- -dash x && printf %s -DASH >x && touch -r ./-dash x && mv -f x ./-dash",
            {.user = "backup"});
  const Json some = VerifyJson({"--against-target"}, 1);
  EXPECT_EQ(ReasonOf(some), "VerifyFailed");
  EXPECT_THAT(some["differences"].dump(), HasSubstr("-dash"));
  EXPECT_EQ(some["differences"].size(), 1U) << some.dump();
  EXPECT_EQ(some["onTarget"].value("missing", 0), 1);
  EXPECT_EQ(some["onTarget"].value("same", 0), 5) << some.dump();

  // The same seed, the same files; T is not needed.
  t_.StopSshd();
  const Json once = VerifyJson({"--files", "3", "--seed", "5"}, 0);
  const Json again = VerifyJson({"--files", "3", "--seed", "5"}, 0);
  EXPECT_EQ(once.value("files", 0), 3);
  EXPECT_EQ(once.value("bytes", 0), again.value("bytes", 1));
  ExpectNothingLeft();
}

TEST_F(VerifyTest, DamageOnTheServerIsFound) {
  AddData(1);
  ExpectCompleted(RunEngine(MakePlan()));
  // A byte in the middle of the largest segment: of the data, which lz4 leaves as it is.
  b_.Output("cd '" + repository() +
                "/data/0' && f=$(ls -S | head -n 1) && s=$(stat -c %s $f) && "
                "printf XXXXXXXX | dd of=$f bs=1 seek=$((s / 2)) conv=notrunc 2>/dev/null",
            {.user = "backup"});
  const Json report = VerifyJson({}, 1);
  EXPECT_EQ(ReasonOf(report), "CheckFailed") << report.dump();
  ExpectNothingLeft();
}

}  // namespace
}  // namespace borgop::lab
