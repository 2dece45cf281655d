#include "engine/borg/repository_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/fakes/temporary_directory.h"
#include "tests/unit/borg/subprocess.h"

namespace borgop {
namespace {

using testing::IsEmpty;

const std::string kOwner = "0123456789abcdef";

LockHolder Ours(const std::string& machine, std::uint64_t process = 7) {
  return {"borg-engine-" + kOwner + "@" + machine, process, 0};
}
LockHolder Others(const std::string& machine, std::uint64_t process = 8) { return {"borg-engine-fedcba98@" + machine, process, 0}; }

struct Case {
  const char* name;
  RepositoryLock lock;
  std::set<std::uint64_t> gone;
  std::string owner;
  LockFate fate;
};

RepositoryLock HeldBy(std::vector<LockHolder> holders, const std::string& machine = "now_1", bool legible = true) {
  return {machine, std::move(holders), legible, {}};
}

const Case kCases[] = {
    {"nobody", HeldBy({}), {}, kOwner, LockFate::kFree},
    {"ours from before B started again", HeldBy({Ours("before_1")}), {}, kOwner, LockFate::kForlorn},
    {"two of ours, a reader and a writer", HeldBy({Ours("before_1"), Ours("older_1", 9)}), {}, kOwner, LockFate::kForlorn},
    {"other process ids on the same B", HeldBy({Ours("now_2")}), {}, kOwner, LockFate::kForlorn},
    {"ours, and whether others are alive is not known", HeldBy({Ours("before_1")}), {}, "", LockFate::kHeld},
    {"of another owner, from before", HeldBy({Others("before_1")}), {}, kOwner, LockFate::kHeld},
    {"ours and another owner's", HeldBy({Ours("before_1"), Others("before_1")}), {}, kOwner, LockFate::kHeld},
    {"ours, alive", HeldBy({Ours("now_1")}), {}, kOwner, LockFate::kHeld},
    {"ours, gone", HeldBy({Ours("now_1")}), {7}, kOwner, LockFate::kDead},
    {"another owner's, gone", HeldBy({Others("now_1")}), {8}, "", LockFate::kDead},
    {"another owner's, alive", HeldBy({Others("now_1")}), {7}, "", LockFate::kHeld},
    {"one gone, one alive", HeldBy({Others("now_1"), Ours("now_1")}), {8}, kOwner, LockFate::kHeld},
    {"one gone, one from before", HeldBy({Others("now_1"), Ours("before_1")}), {8}, kOwner, LockFate::kForlorn},
    {"a number that is gone, of another machine", HeldBy({Ours("before_1")}), {7}, "", LockFate::kHeld},
    {"B does not say what it is", HeldBy({Ours("before_1")}, ""), {}, kOwner, LockFate::kHeld},
    {"neither did it then", HeldBy({Ours("")}, ""), {7}, kOwner, LockFate::kHeld},
    {"borg by hand", HeldBy({{"b.example.org@8796753984", 7, 0}}), {7}, kOwner, LockFate::kHeld},
    {"borg by hand beside ours", HeldBy({Ours("before_1"), {"b@1", 7, 0}}), {7}, kOwner, LockFate::kHeld},
    {"a longer owner's name", HeldBy({{"borg-engine-" + kOwner + "0@before_1", 7, 0}}), {}, kOwner, LockFate::kHeld},
    {"no owner in it", HeldBy({{"borg-engine-@now_1", 7, 0}}), {7}, "", LockFate::kHeld},
    {"a thread, which borg never has", HeldBy({{Ours("before_1").host, 7, 1}}), {}, kOwner, LockFate::kHeld},
    {"something that is not understood", HeldBy({Ours("before_1")}, "now_1", false), {}, kOwner, LockFate::kHeld},
    {"nothing but that", HeldBy({}, "now_1", false), {}, kOwner, LockFate::kHeld},
};

TEST(RepositoryLockTest, WhatIsCertainlyDead) {
  for (const Case& row : kCases) EXPECT_EQ(FateOf(row.lock, row.gone, row.owner), row.fate) << row.name;
}

TEST(RepositoryLockTest, ReadsWhatTheScriptPrints) {
  const std::string head = "machine now_1\n";
  const auto lock = ParseLock(head +
                              "holder a.b@1.12-0\nsince 90\nsince 100\nnow 160\n"
                              "roster {\"shared\": [[\"c\", 3, 0]], \"exclusive\": [[\"a.b@1\", 12, 0]]}\nend\n");
  ASSERT_TRUE(lock);
  EXPECT_EQ(lock->machine, "now_1");
  EXPECT_EQ(lock->holders, (std::vector<LockHolder>{{"a.b@1", 12, 0}, {"c", 3, 0}}));
  EXPECT_TRUE(lock->legible);
  EXPECT_EQ(lock->age, std::chrono::seconds(60));
  EXPECT_EQ(DescribeLock(*lock), "a.b@1.12-0, c.3-0 for 60 s");
  const auto none = ParseLock(head + "now 160\nend\n");
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->legible);
  EXPECT_THAT(none->holders, IsEmpty());
  for (const char* odd : {"holder a\n", "holder a.x-0\n", "holder .1-0\n", "holder a.1-g\n", "holder x\ny.1-0\n", "roster [\n",
                          "roster unreadable\n", "roster {\"shared\": 1}\n", "roster {\"shared\": [[\"a\", -1, 0]]}\n",
                          "roster {\"shared\": [[\"a\", 1]]}\n", "roster {\"shared\": [[1, 1, 0]]}\n"}) {
    const auto other = ParseLock(head + odd + "end\n");
    ASSERT_TRUE(other) << odd;
    EXPECT_FALSE(other->legible) << odd;
  }
  for (const char* cut : {"", "machine now_1\n", "machine now_1\nend", "holder a.1"}) EXPECT_FALSE(ParseLock(cut)) << cut;
}

class LockScripts : public testing::TestWithParam<const char*> {
 protected:
  Ran Run(const std::string& script) const {
    const std::string shell = GetParam();
    if (shell == "busybox") return RunProgram({"busybox", "sh", "-c", script});
    return RunProgram({shell, "-c", script});
  }
  void SetUp() override {
    if (!HasProgram(GetParam())) GTEST_SKIP() << GetParam() << " is not installed";
  }
};

TEST_P(LockScripts, SeeWhoHoldsIt) {
  const TemporaryDirectory directory;
  const std::string path = directory.At("it's a repo");
  std::filesystem::create_directories(path);
  const auto look = [&] { return ParseLock(Run(LockScript(path)).out); };
  const auto none = look();
  ASSERT_TRUE(none);
  EXPECT_EQ(FateOf(*none, {}, kOwner), LockFate::kFree);
  EXPECT_FALSE(none->machine.empty());

  std::filesystem::create_directory(path + "/lock.exclusive");
  const std::string name = Run(LockNaming(kOwner) + "printf %s \"$BORG_HOST_ID\"").out;
  EXPECT_EQ(name, "borg-engine-" + kOwner + "@" + none->machine);
  std::ofstream(path + "/lock.exclusive/" + name + ".12-0") << "";
  std::ofstream(path + "/lock.roster") << "{\"exclusive\": [[\"" << name << "\", 12, 0]],\n\"shared\": [[\"x y\", 13, 0]]}";
  const auto held = look();
  ASSERT_TRUE(held);
  EXPECT_TRUE(held->legible);
  EXPECT_EQ(held->holders, (std::vector<LockHolder>{{name, 12, 0}, {"x y", 13, 0}}));
  ASSERT_TRUE(held->age);
  EXPECT_LT(*held->age, std::chrono::seconds(600));
  EXPECT_EQ(HoldersHere(*held), (std::vector<LockHolder>{{name, 12, 0}}));
  std::ofstream(path + "/lock.exclusive/.hidden") << "";
  EXPECT_FALSE(look()->legible);
}

TEST_P(LockScripts, ToldWhatIsGone) {
  const Ran gone = RunProgram({"sh", "-c", "echo $$"});
  const LockHolder dead{"x", std::stoull(gone.out), 0};
  const LockHolder alive{"x", static_cast<std::uint64_t>(getpid()), 0};
  EXPECT_EQ(ParseGone(Run(GoneScript({alive, dead, {"x", 1, 0}})).out), (std::set<std::uint64_t>{dead.process}));
}

INSTANTIATE_TEST_SUITE_P(Shells, LockScripts, testing::Values("sh", "bash", "busybox", "mksh", "ksh"),
                         [](const testing::TestParamInfo<const char*>& shell) { return std::string(shell.param); });

}  // namespace
}  // namespace borgop
