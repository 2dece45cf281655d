// The script that T runs, by the shells that are here, and what is made of its answers.
#include "engine/restore/live_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/fakes/temporary_directory.h"
#include "tests/lab/process.h"

namespace borgop {
namespace {

using State = LiveFile::State;

class LiveFilesTest : public testing::TestWithParam<const char*> {
 protected:
  // As the archive would have it.
  ListedItem Item(const std::string& name) const {
    struct stat there {};
    ListedItem item;
    item.path = directory_.At(name).substr(1);
    if (stat(directory_.At(name).c_str(), &there) != 0) return item;
    item.size = static_cast<std::uint64_t>(there.st_size);
    item.modified =
        std::chrono::system_clock::time_point(std::chrono::seconds(there.st_mtim.tv_sec) + std::chrono::milliseconds(500));
    return item;
  }
  TemporaryDirectory directory_;
};

TEST_P(LiveFilesTest, HashesWhatHasNotChanged) {
  const std::string odd = "it's a\n\"$x\" \xff -n";
  for (const std::string& name :
       {std::string("same"), odd, std::string("grown"), std::string("touched"), std::string("gone"), std::string("link")})
    directory_.Write(name, "abc");
  std::vector<ListedItem> items = {Item("same"), Item(odd),    Item("grown"), Item("touched"),
                                   Item("gone"), Item("link"), Item("same")};
  items.back().modified.reset();
  directory_.Write("grown", "abcd");
  items[3].modified = *items[3].modified + std::chrono::seconds(1);
  std::filesystem::remove(directory_.At("gone"));
  std::filesystem::remove(directory_.At("link"));
  std::filesystem::create_symlink("same", directory_.At("link"));

  lab::Command command{{GetParam()}, LiveFilesScript(items), {}, false};
  if (std::string_view(GetParam()) == "busybox") command.argv.emplace_back("sh");
  if (!lab::RunToEnd({{"sh", "-c", std::string("command -v ") + GetParam()}, {}, {}, false}).ok())
    GTEST_SKIP() << "it is not installed";
  const lab::Ended ended = lab::RunToEnd(command);
  EXPECT_EQ(ended.err, "");
  EXPECT_EQ(ended.exit_code, 0);
  const std::vector<LiveFile> live = ParseLiveFiles(ended.out, items.size());
  ASSERT_EQ(live.size(), items.size());
  const State expected[] = {State::kHashed,  State::kHashed,  State::kChanged, State::kChanged,
                            State::kMissing, State::kMissing, State::kUnknown};
  for (std::size_t i = 0; i < live.size(); ++i) EXPECT_EQ(live[i].state, expected[i]) << i << "\n" << ended.out;
  // FIPS 180-2, B.1.
  EXPECT_EQ(live[0].sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(live[1].sha256, live[0].sha256);
}

INSTANTIATE_TEST_SUITE_P(Shells, LiveFilesTest, testing::Values("sh", "bash", "busybox", "mksh", "ksh"),
                         [](const auto& row) { return std::string(row.param); });

TEST(ParseLiveFilesTest, BelievesLittle) {
  const std::string hash(64, 'a');
  const auto live =
      ParseLiveFiles("0 sha256 " + hash + "\n1 sha256 " + std::string(64, 'A') + "\n2 missing\n2 changed\n9 missing\n-1 missing\n" +
                         "99999999999999999999999 missing\nmissing\n3 missing now\n\n 3 missing\n4 unreadable",
                     5);
  EXPECT_EQ(live[0].state, State::kHashed);
  EXPECT_EQ(live[0].sha256, hash);
  EXPECT_EQ(live[1].state, State::kUnknown);
  EXPECT_EQ(live[2].state, State::kChanged);
  EXPECT_EQ(live[3].state, State::kUnknown);
  EXPECT_EQ(live[4].state, State::kUnreadable);
}

}  // namespace
}  // namespace borgop
