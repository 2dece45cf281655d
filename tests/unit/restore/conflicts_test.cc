// What is in the way, on this machine and by the script that T runs: both decide alike.
#include "engine/restore/conflicts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fakes/temporary_directory.h"
#include "tests/lab/process.h"

namespace borgop {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

ListedItem Item(char type, std::string path) {
  ListedItem item;
  item.type = type;
  item.path = std::move(path);
  return item;
}

class ConflictsTest : public testing::TestWithParam<std::string> {
 protected:
  // "here", or a shell that runs the script.
  std::vector<std::string> Find(const std::vector<ListedItem>& items) const {
    Conflicts conflicts;
    if (GetParam() == "here") {
      for (const ListedItem& item : items) FindConflictsHere(directory_.path(), item, conflicts);
      return conflicts.paths;
    }
    std::string script = ConflictScript(directory_.path());
    for (const ListedItem& item : items) script += ConflictLine(item);
    lab::Command command{{GetParam()}, script + ConflictEnd(), {}, false};
    if (GetParam() == "busybox") command.argv.emplace_back("sh");
    const lab::Ended ended = lab::RunToEnd(command);
    EXPECT_EQ(ended.err, "");
    EXPECT_EQ(ended.exit_code, 0);
    ConflictReader reader(conflicts);
    reader.Feed(ended.out);
    EXPECT_TRUE(reader.ended());
    return conflicts.paths;
  }
  TemporaryDirectory directory_;
};

TEST_P(ConflictsTest, FilesDirectoriesAndLinks) {
  directory_.Write("d/file", "x");
  ASSERT_EQ(symlink("/no/such", directory_.At("dangling").c_str()), 0);
  ASSERT_EQ(symlink("d", directory_.At("link").c_str()), 0);
  EXPECT_THAT(
      Find({Item('-', "d/file"), Item('-', "d"), Item('d', "d"), Item('d', "d/file"), Item('-', "dangling"), Item('d', "dangling"),
            Item('d', "link"), Item('l', "link"), Item('-', "d/none"), Item('-', "none/d"), Item('-', "d/file/below")}),
      ElementsAre("d/file", "d", "d/file", "dangling", "dangling", "link", "link"));
  // Through a link to a directory, as borg would.
  EXPECT_THAT(Find({Item('-', "link/file")}), ElementsAre("link/file"));
}

TEST_P(ConflictsTest, NamesOfEveryKind) {
  const std::vector<std::string> names = {"a b",   "new\nline",   "-n",  "[a]",   "star*", "quo'te",
                                          "$HOME", "back\\slash", "`x`", "end\n", "!",     "~"};
  std::vector<ListedItem> items;
  for (const std::string& name : names) items.push_back(Item('-', name));
  EXPECT_THAT(Find(items), IsEmpty());
  for (const std::string& name : names) directory_.Write(name, "x");
  EXPECT_THAT(Find(items), testing::ElementsAreArray(names));
  EXPECT_THAT(Find({Item('-', "a"), Item('-', "[b]"), Item('-', "star"), Item('-', "back")}), IsEmpty());
}

TEST_P(ConflictsTest, AQuestionMarkMayBeAnyByte) {
  const std::vector<ListedItem> items = {Item('-', "d?/[x]?*")};
  EXPECT_THAT(Find(items), IsEmpty());
  directory_.Write("d\xff/[x]\xfe*", "x");
  directory_.Write("d?/[x]?*", "x");
  directory_.Write("d\xff/x\xfe*", "x");
  directory_.Write("d\xff/[x]\xfe\xfe*", "x");
  directory_.Write("d\xff/[x]\xfe*more", "x");
  EXPECT_THAT(Find(items), UnorderedElementsAre("d\xff/[x]\xfe*", "d?/[x]?*"));
  EXPECT_THAT(Find({Item('d', "d?")}), IsEmpty());
  EXPECT_THAT(Find({Item('-', "d?")}), UnorderedElementsAre("d\xff", "d?"));
}

std::vector<std::string> Finders() {
  std::vector<std::string> finders{"here", "sh"};
  for (const char* shell : {"bash", "ksh", "mksh", "zsh", "busybox"})
    if (lab::RunToEnd({{"sh", "-c", std::string("command -v ") + shell}, {}, {}, false}).ok() && std::string_view(shell) != "zsh")
      finders.emplace_back(shell);
  return finders;
}
INSTANTIATE_TEST_SUITE_P(Finders, ConflictsTest, testing::ValuesIn(Finders()), [](const auto& row) { return row.param; });

TEST(ConflictScriptTest, EndsWhereTheDirectoryCannotBeEntered) {
  const lab::Ended ended = lab::RunToEnd({{"sh"}, ConflictScript("/no/such") + ConflictEnd(), {}, false});
  EXPECT_NE(ended.exit_code, 0);
  EXPECT_EQ(ended.out, "");
  EXPECT_THAT(ended.err, HasSubstr("/no/such"));
}

TEST(ConflictReaderTest, BelievesLittle) {
  Conflicts conflicts;
  ConflictReader reader(conflicts);
  for (int i = 0; i < 100; ++i) reader.Feed(std::string("cx\0", 3));
  EXPECT_EQ(conflicts.count, 100U);
  EXPECT_EQ(conflicts.paths.size(), Conflicts::kMaxPaths);
  EXPECT_FALSE(reader.ended());
  reader.Feed("c" + std::string(1000000, 'y'));
  reader.Feed(std::string("\0odd\0", 5));
  EXPECT_EQ(conflicts.count, 101U);
  reader.Feed(std::string("e\0", 2));
  EXPECT_TRUE(reader.ended());
  reader.Feed("more");
  EXPECT_FALSE(reader.ended());
}

}  // namespace
}  // namespace borgop
