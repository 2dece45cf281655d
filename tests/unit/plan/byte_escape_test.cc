#include "engine/plan/byte_escape.h"

#include <gtest/gtest.h>

#include <string>

#include "engine/base/utf8.h"

namespace borgop {
namespace {

using namespace std::string_literals;

TEST(ByteEscape, EveryByteSurvivesAndBecomesUtf8) {
  for (int value = 1; value < 256; ++value) {
    const std::string text = "a"s + static_cast<char>(value) + "z";
    Result<std::string> escaped = EscapeBytes(text);
    ASSERT_TRUE(escaped.has_value()) << value;
    EXPECT_TRUE(IsUtf8(*escaped)) << value;
    EXPECT_EQ(escaped->size(), text.size() + (value < 0x80 ? 0U : 3U));
    UnescapeBytes(*escaped);
    EXPECT_EQ(*escaped, text) << value;
  }
}

TEST(ByteEscape, LeavesUtf8Alone) {
  const std::string text = "\x24 \xC2\xA2 \xE2\x82\xAC \xED\x9F\xBF \xF0\x90\x8D\x88 \xF4\x8F\xBF\xBF";
  EXPECT_EQ(EscapeBytes(text).value(), text);
}

TEST(ByteEscape, MapsWhatOnlyLooksLikeUtf8) {
  struct Row {
    const char* name;
    std::string text;
    std::size_t bad_bytes;
  };
  const Row rows[] = {
      {"overlong slash", "\xC0\xAF", 2},
      {"overlong in three", "\xE0\x80\xAF", 3},
      {"surrogate", "\xED\xA0\x80", 3},
      {"beyond U+10FFFF", "\xF4\x90\x80\x80", 4},
      {"cut in the middle", "\xE2\x82", 2},
      {"lone continuation", "\x80", 1},
      {"cut before ASCII",
       "\xE2\x82"
       "a",
       2},
      {"no such lead", "\xF8\x88\x80\x80\x80", 5},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_FALSE(IsUtf8(row.text));
    Result<std::string> escaped = EscapeBytes(row.text);
    ASSERT_TRUE(escaped.has_value());
    EXPECT_TRUE(IsUtf8(*escaped));
    EXPECT_EQ(escaped->size(), row.text.size() + 3 * row.bad_bytes);
    UnescapeBytes(*escaped);
    EXPECT_EQ(*escaped, row.text);
  }
}

TEST(ByteEscape, RefusesItsOwnCodePointsAndNul) {
  EXPECT_EQ(EscapeBytes("a\nb\0c"s).error().message, "2: there is a NUL byte here (a configuration is text)");
  EXPECT_NE(EscapeBytes("\n\n\xF4\x8F\xA2\x80").error().message.find("3: there is a code point"), std::string::npos);
  EXPECT_FALSE(EscapeBytes("\xF4\x8F\xA3\xBF").has_value());
  EXPECT_FALSE(EscapeBytes("x = \"\\U0010F8E9\"").has_value());
  EXPECT_FALSE(EscapeBytes("x = \"\\U0010f8e9\"").has_value());
  EXPECT_TRUE(EscapeBytes("\xF4\x8F\xA1\xBF\xF4\x8F\xA4\x80").has_value());  // the neighbours
  EXPECT_FALSE(EscapeBytes("x = \"\\\\\\U0010f8e9\"").has_value());
  EXPECT_TRUE(EscapeBytes("x = \"\\\\U0010f8e9\"").has_value());  // the backslash is escaped
  EXPECT_TRUE(EscapeBytes("x = \"\\U0010F7E9\"").has_value());
}

}  // namespace
}  // namespace borgop
