// borg 1.2 and 1.4 on each machine, in every combination: a repository's whole life.
#include <filesystem>
#include <fstream>

#include "engine/borg/shell_quote.h"
#include "tests/engine/engine_fixture.h"
#include "tests/fakes/temporary_directory.h"

namespace borgop::lab {
namespace {

struct Versions {
  const char* name;
  const char *target, *server, *client;
};

constexpr Versions kVersions[] = {
    {"All12", "1.2", "1.2", "1.2"},    {"Target14", "1.4", "1.2", "1.2"},
    {"Server14", "1.2", "1.4", "1.2"}, {"TargetAndServer14", "1.4", "1.4", "1.2"},
    {"Client14", "1.2", "1.2", "1.4"}, {"All14", "1.4", "1.4", "1.4"},
};

class VersionsTest : public EngineTest, public testing::WithParamInterface<Versions> {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    if (IsSkipped()) return;
    const std::pair<const LabHost*, const char*> machines[] = {
        {&t_, GetParam().target}, {&b_, GetParam().server}, {&c_, GetParam().client}};
    for (const auto& [host, version] : machines) {
      if (!host->UseBorg(version)) GTEST_SKIP() << "borg " << version << " is not installed (./dev setup)";
      ASSERT_NE(host->Output("borg --version").find(std::string("borg ") + version), std::string::npos) << host->name();
    }
  }
};

TEST_P(VersionsTest, WholeLifeOfARepository) {
  Plan plan = MakePlan();
  Target& target = plan.targets[0];
  target.maintenance.check = CheckMode::kFull;
  target.maintenance.compact = true;
  target.retention.keep_last = 1;
  const auto first = RunEngine(plan, kLimit);
  ExpectCompleted(first);
  EXPECT_TRUE(first.target()["repository"].value("initialized", false));
  const auto second = RunEngine(plan, kLimit);
  ExpectCompleted(second);
  EXPECT_FALSE(second.target()["repository"].value("initialized", true));
  EXPECT_EQ(second.target().value("pruned", 0), 1) << second.All();
  EXPECT_EQ(second.target()["repository"].value("archives", 0), 1);
  ExpectRepositorySound(repository());

  target.source.paths = {source() + "/no such file", source() + "/nor such \xe9"};
  const auto warned = RunEngine(plan, kLimit);
  EXPECT_EQ(warned.outcome(), "CompletedWithWarnings") << warned.All();
  EXPECT_NE(warned.warnings().find("no such file"), std::string::npos) << warned.All();
  EXPECT_NE(warned.warnings().find("nor such"), std::string::npos) << warned.All();
  EXPECT_EQ(warned.exit_code(), 0);
  std::vector<std::string> phases;  // the warning keeps none from running
  for (const Json& phase : warned.target().value("phases", Json::array()))
    phases.push_back(phase.value("name", "") + (phase.value("ok", false) ? "" : " failed"));
  EXPECT_THAT(phases, testing::IsSupersetOf({"create", "list", "prune", "check", "compact"})) << warned.All();
  EXPECT_EQ(warned.target().value("pruned", 0), 1) << warned.All();
  target.source.paths = {source()};

  target.repository.passphrase = Secret("wrong");
  ExpectFailed(RunEngine(plan, kLimit), "PassphraseWrong", "Terminal", 1);
  ExpectNothingLeft();
}

// borg reaches it by a link, and serve cannot tell an error that has its path in it.
TEST_P(VersionsTest, ARepositoryWhosePathIsNotUtf8) {
  Plan plan = MakePlan();
  Target& target = plan.targets[0];
  target.repository.path = "caf\xe9/\xff";
  const std::string path = RepositoryPath(plan.server, target.repository);
  target.maintenance.check = CheckMode::kFull;
  target.maintenance.compact = true;
  target.retention.keep_last = 1;
  b_.Output("mkdir -p " + ShellQuote(path) + " && chown -R backup: " + ShellQuote(plan.server.root_dir), {.user = "root"});
  const auto first = RunEngine(plan, kLimit);  // into an empty directory
  ExpectCompleted(first);
  EXPECT_TRUE(first.target()["repository"].value("initialized", false));
  const auto second = RunEngine(plan, kLimit);
  ExpectCompleted(second);
  EXPECT_EQ(second.target().value("pruned", 0), 1) << second.All();
  ExpectRepositorySound(path);
  for (const std::vector<std::string>& args : {std::vector<std::string>{"list"}, {"verify", "target0"}}) {
    std::vector<std::string> all = {args[0], "--plan", "-"};
    all.insert(all.end(), args.begin() + 1, args.end());
    auto process = StartVerb(plan, all);
    const auto ended = process.Wait(kLimit);
    ASSERT_TRUE(ended) << args[0];
    EXPECT_EQ(ended->exit_code, 0) << ended->out << ended->err;
  }
  target.repository.path += "\xfe";
  const auto other = RunEngine(plan, kLimit);  // where there is nothing
  ExpectCompleted(other);
  EXPECT_NE(other.target()["repository"].value("id", ""), second.target()["repository"].value("id", ""));

  const std::string lock = ShellQuote(RepositoryPath(plan.server, target.repository) + "/lock.exclusive");
  b_.Output("mkdir " + lock + " && touch " + lock + "/other@1.2-3 && chown -R backup: " + lock);
  target.limits.lock_wait = std::chrono::seconds(1);
  ExpectFailed(RunEngine(plan, kLimit), "RepositoryLocked", "Waiting", 75);
  b_.Output("rm -r " + lock);
  ExpectNothingLeft();
}

INSTANTIATE_TEST_SUITE_P(Borg, VersionsTest, testing::ValuesIn(kVersions),
                         [](const auto& row) { return std::string(row.param.name); });

using ProgramTest = EngineTest;

// What the plan and the command line name is what runs: there is no borg on PATH.
TEST_F(ProgramTest, PlanAndCommandLineNameTheProgram) {
  const std::string wrapper = dir() + "/it's a borg";
  for (const auto* host : {&t_, &b_}) {
    host->WriteFile(wrapper, "#!/bin/sh\nexec /usr/bin/python3 " + dir() + "/program.py \"$@\"\n");
    host->Output("cp -L /usr/bin/borg '" + dir() + "/program.py' && chmod 755 \"" + wrapper + "\" && rm /usr/bin/borg");
  }
  Plan plan = MakePlan();
  ExpectFailed(RunEngine(plan, kLimit), "BorgMissing", "Terminal", 1);
  plan.targets[0].borg = wrapper;
  plan.server.borg = wrapper;
  ExpectCompleted(RunEngine(plan, kLimit));
  const auto missing = RunEngine(plan, kLimit, {"--borg", "/no/such/borg"});
  ExpectFailed(missing, "BorgMissing", "Terminal", 1);
}

// A repository is made, listed, written to and listed again: of the borgs here the first that ends well has looked at itself.
TEST_F(ProgramTest, TheOneHereTestsItselfOnce) {
  const TemporaryDirectory folder;
  const std::filesystem::path wrapper = folder.path() + "/borg", told = folder.path() + "/told";
  std::ofstream(wrapper) << "#!/bin/sh\necho \"$2 ${BORG_SELFTEST-itself}\" >>'" << told.string() << "'\nexec borg \"$@\"\n";
  std::filesystem::permissions(wrapper, std::filesystem::perms::owner_all);
  ExpectCompleted(RunEngine(MakePlan(), kLimit, {"--borg", wrapper.string()}));
  std::ifstream file(told);
  std::size_t itself = 0, more = 0;
  for (std::string line; std::getline(file, line);) ++(line.ends_with(" itself") ? itself : more);
  EXPECT_GE(itself, 1U);
  EXPECT_LE(itself, 2U) << "looking for a repository that is not there yet ends badly";
  EXPECT_GE(more, 1U);
}

}  // namespace
}  // namespace borgop::lab
