// What a repository holds, in memory and on disk: both against a set.
#include "engine/guard/held_objects.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "unnamed_files.h"

namespace borgop::guard {
namespace {

constexpr std::size_t kPage = HeldObjects::kPage;

ObjectId IdOf(std::mt19937_64& random) {
  ObjectId id{};
  for (char& byte : id) byte = static_cast<char>(random());
  return id;
}

// By its first eight bytes, as the guard tells objects apart.
std::string TextOf(const ObjectId& id) { return {id.data(), 8}; }

// As B lists them; whatever goes wrong is the result.
Status AddAll(HeldObjects& held, const std::vector<ObjectId>& ids) {
  for (std::size_t at = 0;; at += kPage) {
    const auto begin = ids.begin() + static_cast<std::ptrdiff_t>(std::min(at, ids.size()));
    const auto end = ids.begin() + static_cast<std::ptrdiff_t>(std::min(at + kPage, ids.size()));
    Status added = held.Add({begin, end});
    if (!added || held.complete()) return added;
  }
}

// A TMPDIR of its own.
class HeldObjectsTest : public testing::Test {
 protected:
  HeldObjectsTest() {
    EXPECT_NE(mkdtemp(directory_.data()), nullptr);
    if (const char* was = std::getenv("TMPDIR")) was_ = was;
    setenv("TMPDIR", directory_.c_str(), 1);
  }
  ~HeldObjectsTest() override {
    was_.empty() ? unsetenv("TMPDIR") : setenv("TMPDIR", was_.c_str(), 1);
    std::filesystem::remove_all(directory_);
  }

  std::string directory_ = testing::TempDir() + "borg-held-XXXXXX";
  std::string was_;
};

struct Amount {
  const char* name;
  std::size_t objects, in_memory;
};

constexpr Amount kAmounts[] = {
    {"None", 0, 10},
    {"One", 1, 1},
    {"AsManyAsFit", 1000, 1000},
    {"OneMore", 1001, 1000},
    {"TwoBlocks", 2000, 1000},
    {"OnePage", kPage, 999},
    {"InMemory", 2 * kPage + 77, HeldObjects::kInMemory},
    {"BlocksOfPages", 3 * kPage + 12345, kPage},
    {"ManyBlocks", 2 * kPage + 77, 500},
    {"BlocksAsLargeAsWhatIsRead", 4 * 8192, 8192},
    {"WholePagesOfTheFile", 512 * 20, 512},
};

TEST_F(HeldObjectsTest, AreThoseThatWereListed) {
  for (const Amount& row : kAmounts) {
    SCOPED_TRACE(row.name);
    std::mt19937_64 random(row.objects);
    std::vector<ObjectId> ids;
    std::set<std::string> told;
    for (std::size_t i = 0; i < row.objects; ++i) {
      ids.push_back(IdOf(random));
      told.insert(TextOf(ids.back()));
    }
    HeldObjects held(row.in_memory);
    ASSERT_TRUE(AddAll(held, ids).has_value());
    EXPECT_EQ(held.size(), ids.size());
    EXPECT_EQ(UnnamedFiles().size(), row.objects > row.in_memory ? 1U : 0U);
    EXPECT_TRUE(std::filesystem::is_empty(directory_));
    std::size_t unknown = 0;
    for (const ObjectId& id : ids) unknown += held.Holds(id).value() ? 0U : 1U;
    EXPECT_EQ(unknown, 0U);
    // Those beside it in order too.
    for (std::size_t i = 0; i < 20000; ++i) {
      ObjectId other = IdOf(random);
      if (i % 2 == 0 && !ids.empty()) {
        other = ids[random() % ids.size()];
        other[i % 8] = static_cast<char>(other[i % 8] + 1);
      }
      ASSERT_EQ(held.Holds(other).value(), told.contains(TextOf(other)));
    }
  }
}

// Whatever a B lists: the same again and again, the first and the last that there are.
TEST_F(HeldObjectsTest, MayBeListedInAnyWay) {
  ObjectId first{}, last{};
  last.fill('\xff');
  ObjectId middle{};
  middle.fill('m');
  std::vector<ObjectId> ids(3000, middle);
  ids.insert(ids.end(), 700, last);
  ids.insert(ids.end(), 1500, first);
  HeldObjects held(600);
  ASSERT_TRUE(AddAll(held, ids).has_value());
  for (const ObjectId& id : {first, middle, last}) EXPECT_TRUE(held.Holds(id).value());
  for (const std::size_t byte : {0U, 7U}) {
    for (ObjectId id : {first, middle, last}) {
      id[byte] = static_cast<char>(id[byte] ^ 1);
      EXPECT_FALSE(held.Holds(id).value());
    }
  }
}

TEST_F(HeldObjectsTest, PagesWithoutEndAreGivenUp) {
  HeldObjects held(kPage / 2, 4 * kPage);
  const std::vector<ObjectId> page(kPage);
  std::size_t pages = 0;
  Status added = held.Add(page);
  for (; added; added = held.Add(page)) ++pages;
  EXPECT_EQ(pages, 4U);
  EXPECT_EQ(added.error().reason, Reason::kBorgOutputInvalid);
  EXPECT_FALSE(held.complete());
}

TEST_F(HeldObjectsTest, WithoutATemporaryDirectoryTheyAreNotTaken) {
  setenv("TMPDIR", "/no/such/directory", 1);
  HeldObjects small(10);
  EXPECT_TRUE(AddAll(small, std::vector<ObjectId>(10)).has_value());
  HeldObjects held(10);
  const Status added = AddAll(held, std::vector<ObjectId>(11));
  ASSERT_FALSE(added.has_value());
  EXPECT_EQ(added.error().reason, Reason::kInternal);
  EXPECT_EQ(
      added.error().message,
      "cannot make a temporary file in /no/such/directory for the list of what the repository holds: No such file or directory");
  EXPECT_NE(added.error().advice.find("Set TMPDIR"), std::string::npos);
}

// A limit on the size of files stands for a disk that is full: at the first block, and at the last.
TEST_F(HeldObjectsTest, WithoutRoomOnDiskTheyAreNotTaken) {
  const auto signaled = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  for (const rlim_t bytes : {rlim_t{100}, rlim_t{20000}}) {
    SCOPED_TRACE(bytes);
    rlimit limit = before;
    limit.rlim_cur = bytes;
    HeldObjects held(1000);
    setrlimit(RLIMIT_FSIZE, &limit);
    const Status added = AddAll(held, std::vector<ObjectId>(2600));
    setrlimit(RLIMIT_FSIZE, &before);
    ASSERT_FALSE(added.has_value());
    EXPECT_EQ(added.error().reason, Reason::kDiskFull);
    EXPECT_EQ(added.error().message,
              "cannot write a temporary file in " + directory_ + " for the list of what the repository holds: File too large");
    EXPECT_TRUE(std::filesystem::is_empty(directory_));
  }
  static_cast<void>(std::signal(SIGXFSZ, signaled));
}

TEST_F(HeldObjectsTest, AFileThatCannotBeReadSaysSo) {
  HeldObjects held(10);
  ASSERT_TRUE(AddAll(held, std::vector<ObjectId>(100)).has_value());
  const std::vector<int> files = UnnamedFiles();
  ASSERT_EQ(files.size(), 1U);
  ASSERT_EQ(ftruncate(files[0], 8), 0);
  ObjectId id{};
  id[3] = 1;
  const Result<bool> holds = held.Holds(id);
  ASSERT_FALSE(holds.has_value());
  EXPECT_EQ(holds.error().message.rfind("cannot read a temporary file in " + directory_, 0), 0U) << holds.error().message;
}

// Under a sanitizer, its own memory would be measured.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
long PeakKib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stol(line.substr(6));
  }
  return 0;
}

TEST_F(HeldObjectsTest, TenMillionTakeLittleMemory) {
  const pid_t child = fork();  // for a peak of its own
  if (child == 0) {
    std::mt19937_64 random(1);
    std::vector<ObjectId> page(kPage);
    HeldObjects held;
    const long before = PeakKib();
    for (int pages = 0; pages < 200; ++pages) {
      for (ObjectId& id : page) {
        const std::uint64_t number = random();
        std::memcpy(id.data(), &number, sizeof number);
      }
      if (!held.Add(page)) _exit(101);
    }
    if (!held.Add({}) || !held.Holds(page.back()).value()) _exit(102);
    _exit(static_cast<int>(std::min((PeakKib() - before) / 1024, 100L)));
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_GT(WEXITSTATUS(status), 8);
  EXPECT_LT(WEXITSTATUS(status), 28) << "MiB";
}
#endif

}  // namespace
}  // namespace borgop::guard
