#include "engine/base/hex.h"

#include <gtest/gtest.h>

#include <array>

namespace borgop {
namespace {

TEST(HexTest, TwoDigitsAByte) {
  const std::array<unsigned char, 5> bytes{0x00, 0x0f, 0xa0, 0x7f, 0xff};
  EXPECT_EQ(Hex(bytes), "000fa07fff");
  EXPECT_EQ(Hex({}), "");
  std::string text = "id-";
  AppendHex(text, 0xe9);
  EXPECT_EQ(text, "id-e9");
}

TEST(HexTest, IsExactlySoManyInLowerCase) {
  EXPECT_TRUE(IsHex("0123456789abcdef", 16));
  EXPECT_TRUE(IsHex("", 0));
  for (const char* text : {"0123456789abcde", "0123456789abcdef0", "0123456789ABCDEF", "0123456789abcdeg", "0123456789abcde "})
    EXPECT_FALSE(IsHex(text, 16)) << text;
  EXPECT_FALSE(IsHex(std::string_view("0\0", 2), 2));
}

}  // namespace
}  // namespace borgop
