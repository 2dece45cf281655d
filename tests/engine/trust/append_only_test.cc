// What is lost where nobody reads what T says: T has `borg serve --append-only`, and C prunes and compacts afterwards. It is how the program
// works that this one follows, and how borg's documentation is often understood. Of the same deletion through the engine nothing is lost:
// evil_target_test.cc, "delete".
#include "tests/engine/engine_fixture.h"

namespace borgop::lab {
namespace {

class AppendOnlyTest : public EngineTest {
 protected:
  // borg with a `borg serve` of its own, the way it would go through a bridge that reads nothing; both run on B.
  std::string Borg(const std::string& serve, const std::string& command) const {
    b_.WriteFile(dir() + "/" + serve, "#!/bin/sh\nexec borg serve " + std::string(serve == "appending" ? "--append-only " : "") +
                                          "--restrict-to-repository='" + repository() + "'\n");
    return OnServer("export BORG_RSH='sh " + dir() + "/" + serve + "' BORG_REPO=ssh://borg-server" + repository() + " && " +
                    command);
  }
  std::string OnTarget(const std::string& command) const { return Borg("appending", command); }
  std::string OnClient(const std::string& command) const { return Borg("anything", command); }
  int Mebibytes() const { return std::stoi(OnServer("du -sm repo0/data")); }
  // What borg's documentation says to do after an attack: the repository as it was after the transaction `last`. Prints its archives' contents.
  std::string TakenBackTo(const std::string& last) const {
    return OnServer(
        "rm -rf taken && cp -a repo0 taken && rm -f taken/index.* taken/hints.* taken/integrity.* && "
        "for f in taken/data/*/*; do [ ${f##*/} -le " +
        last +
        " ] || rm \"$f\"; done; "
        "for a in one two; do borg export-tar taken::$a - 2>/dev/null | sha256sum; done");
  }
};

TEST_F(AppendOnlyTest, WhatTDeletedIsGoneForEverOnceCCompacts) {
  b_.Output("mkdir '" + dir() + "/source' && cd '" + dir() + "/source' && dd if=/dev/urandom of=data bs=1M count=20 2>/dev/null",
            {.user = "backup"});
  OnTarget(
      "borg init --encryption=repokey-blake2 && borg create ::one source && echo more >source/more && borg create ::two source");
  const std::string contents = OnServer("for a in one two; do borg export-tar repo0::$a - | sha256sum; done");
  const std::string last = OnServer("ls repo0/data/*/ | grep -E '^[0-9]+$' | sort -n | tail -n 1 | tr -d '\\n'");
  EXPECT_GE(Mebibytes(), 20);

  // T was taken over: its session deletes all there is, and leaves something that looks like a backup.
  OnTarget("borg delete ::one && borg delete ::two && echo nothing >source/data && borg create ::three source");
  EXPECT_EQ(OnServer("borg list --short repo0"), "three\n");
  EXPECT_GE(Mebibytes(), 20);
  EXPECT_EQ(TakenBackTo(last), contents) << "append-only keeps its word so far";

  // And C does what it does after every backup.
  OnClient("borg prune --keep-last 7 && borg compact");
  EXPECT_LT(Mebibytes(), 5) << "20 MiB of random bytes are nowhere any more";
  EXPECT_NE(TakenBackTo(last), contents);
  EXPECT_EQ(OnServer("borg check repo0 && borg list --short repo0"), "three\n") << "nothing tells that anything is wrong";
}

}  // namespace
}  // namespace borgop::lab
