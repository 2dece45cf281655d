#include "engine/base/unique_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <type_traits>
#include <utility>

namespace borgop {
namespace {

int OpenNull() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }
bool IsOpen(int fd) { return fcntl(fd, F_GETFD) >= 0; }

static_assert(!std::is_copy_constructible_v<UniqueFd> && !std::is_copy_assignable_v<UniqueFd>);

TEST(UniqueFd, OwnsNothingAtFirst) {
  const UniqueFd fd;
  EXPECT_FALSE(fd);
  EXPECT_EQ(fd.get(), -1);
}

TEST(UniqueFd, ClosesWhenDestroyed) {
  int raw = -1;
  {
    const UniqueFd fd(OpenNull());
    ASSERT_TRUE(fd);
    raw = fd.get();
    EXPECT_TRUE(IsOpen(raw));
  }
  EXPECT_FALSE(IsOpen(raw));
}

TEST(UniqueFd, MovingPassesItOn) {
  UniqueFd first(OpenNull());
  const int raw = first.get();
  UniqueFd second(std::move(first));
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
  EXPECT_EQ(second.get(), raw);
  EXPECT_TRUE(IsOpen(raw));
}

TEST(UniqueFd, AssigningClosesTheOldOne) {
  UniqueFd first(OpenNull());
  UniqueFd second(OpenNull());
  const int old = first.get();
  const int kept = second.get();
  first = std::move(second);
  EXPECT_FALSE(IsOpen(old));
  EXPECT_TRUE(IsOpen(kept));
  EXPECT_EQ(first.get(), kept);
  EXPECT_FALSE(second);  // NOLINT(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
}

TEST(UniqueFd, SelfAssignmentKeepsIt) {
  UniqueFd fd(OpenNull());
  const int raw = fd.get();
  auto& same = fd;
  fd = std::move(same);
  EXPECT_EQ(fd.get(), raw);
  EXPECT_TRUE(IsOpen(raw));
}

TEST(UniqueFd, ResetClosesAndReplaces) {
  UniqueFd fd(OpenNull());
  const int old = fd.get();
  const int next = OpenNull();
  fd.reset(next);
  EXPECT_FALSE(IsOpen(old));
  EXPECT_EQ(fd.get(), next);
  fd.reset();
  EXPECT_FALSE(IsOpen(next));
  EXPECT_FALSE(fd);
}

}  // namespace
}  // namespace borgop
