#include "engine/base/secret.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

// What a block held when it was given back, for the one block that a test watches: memory must not be read after that.
namespace {
const void* watched = nullptr;
std::size_t watched_size = 0;
int given_back = 0;
bool was_wiped = false;

void Watch(std::string_view bytes) {
  watched = bytes.data();
  watched_size = bytes.size();
  given_back = 0;
  was_wiped = false;
}

void GiveBack(void* block) noexcept {
  if (block != nullptr && block == watched) {
    const auto* bytes = static_cast<const unsigned char*>(block);
    was_wiped = std::all_of(bytes, bytes + watched_size, [](unsigned char byte) { return byte == 0; });
    watched = nullptr;
    ++given_back;
  }
  std::free(block);  // NOLINT(cppcoreguidelines-no-malloc)
}
}  // namespace

void* operator new(std::size_t size) {
  if (void* block = std::malloc(size == 0 ? 1 : size)) return block;  // NOLINT(cppcoreguidelines-no-malloc)
  throw std::bad_alloc();
}
void* operator new[](std::size_t size) { return operator new(size); }
void operator delete(void* block) noexcept { GiveBack(block); }
void operator delete(void* block, std::size_t) noexcept { GiveBack(block); }
void operator delete[](void* block) noexcept { GiveBack(block); }
void operator delete[](void* block, std::size_t) noexcept { GiveBack(block); }

namespace borgop {
namespace {

constexpr std::string_view kText = "correct horse battery staple";

template <typename T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};

static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string> && !std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_convertible_v<std::string, Secret>, "becoming a secret is explicit");
static_assert(!Printable<Secret>);

TEST(Wipe, OverwritesALiveBuffer) {
  std::string buffer(kText);
  Wipe(buffer.data(), 7);
  EXPECT_EQ(buffer, std::string(7, '\0') + std::string(kText.substr(7)));
}

TEST(Wipe, StringLosesItsWholeCapacity) {
  std::string text(200, 'x');
  text.resize(5);  // the rest is still in memory
  Watch(std::string_view(text.data(), 200));
  Wipe(text);
  EXPECT_TRUE(text.empty());
  std::string().swap(text);
  EXPECT_EQ(given_back, 1);
  EXPECT_TRUE(was_wiped);
}

TEST(Secret, HoldsItsBytes) {
  const std::string bytes("a\0b\n\xff", 5);
  const Secret secret{bytes};
  EXPECT_EQ(secret.Reveal(), bytes);
  EXPECT_EQ(secret.size(), 5U);
  EXPECT_FALSE(secret.empty());
  EXPECT_TRUE(Secret().empty());
  EXPECT_EQ(Secret("").Reveal(), "");
}

TEST(Secret, IsWipedWhenDestroyed) {
  {
    const Secret secret(kText);
    Watch(secret.Reveal());
  }
  EXPECT_EQ(given_back, 1);
  EXPECT_TRUE(was_wiped);
}

TEST(Secret, IsWipedWhenReplaced) {
  Secret secret(kText);
  Watch(secret.Reveal());
  secret = Secret("another");
  EXPECT_EQ(given_back, 1);
  EXPECT_TRUE(was_wiped);
  EXPECT_EQ(secret.Reveal(), "another");
}

TEST(Secret, MovesWithoutACopyEvenWhenShort) {
  Secret first("ab");
  const auto* where = first.Reveal().data();
  Secret second(std::move(first));
  EXPECT_EQ(second.Reveal().data(), where);
  EXPECT_EQ(second.Reveal(), "ab");
  EXPECT_TRUE(first.empty());     // NOLINT(bugprone-use-after-move,clang-analyzer-cplusplus.Move): the point
  EXPECT_EQ(first.Reveal(), "");  // NOLINT(clang-analyzer-cplusplus.Move)
  Secret third;
  third = std::move(second);
  EXPECT_EQ(third.Reveal().data(), where);
  EXPECT_TRUE(second.empty());  // NOLINT(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
}

TEST(Secret, SelfAssignmentKeepsIt) {
  Secret secret(kText);
  auto& same = secret;
  secret = std::move(same);
  EXPECT_EQ(secret.Reveal(), kText);
}

TEST(Secret, ConsumeWipesWhatItWasMadeFrom) {
  std::string source(kText);
  Watch(source);
  const auto secret = Secret::Consume(std::move(source));
  EXPECT_EQ(secret.Reveal(), kText);
  EXPECT_TRUE(source.empty());  // NOLINT(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
  std::string().swap(source);
  EXPECT_EQ(given_back, 1);
  EXPECT_TRUE(was_wiped);
}

TEST(Secret, CloneIsIndependent) {
  Secret clone;
  {
    const Secret secret(kText);
    clone = secret.Clone();
    EXPECT_NE(clone.Reveal().data(), secret.Reveal().data());
  }
  EXPECT_EQ(clone.Reveal(), kText);
}

}  // namespace
}  // namespace borgop
