#include "engine/report/printable.h"

#include <gtest/gtest.h>

#include "engine/report/sizes.h"

namespace borgop {
namespace {

struct PrintableRow {
  const char* name;
  std::string bytes;
  std::string text;
};

TEST(OneLineTest, RunsOfSpaceBecomeOne) {
  EXPECT_EQ(OneLine("\nBy default\n  it  is so.\n\nElse not.\n"), "By default it is so. Else not.");
  EXPECT_EQ(OneLine("a\tb"), "a\tb");
  EXPECT_EQ(OneLine(" \n"), "");
}

TEST(PrintableTest, Table) {
  for (const PrintableRow& row : std::vector<PrintableRow>{
           {"ascii", "a b", "a b"},
           {"utf-8", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
           {"whitespace", "a\nb\tc\rd", "a\\nb\\tc\\rd"},
           {"escape", "\x1b[31m", "\\x1b[31m"},
           {"NUL and DEL", std::string("\0\x7f", 2), "\\x00\\x7f"},
           {"C1 (CSI)",
            "\xc2\x9b"
            "2J",
            "\\x9b2J"},
           {"direction",
            "\xe2\x80\xae"
            "x",
            "\\u202ex"},
           {"line separator", "\xe2\x80\xa8", "\\u2028"},
           {"tag characters", "\xf3\xa0\x80\x81", "\\U000e0001"},
           {"lone byte", "a\xff", "a\xef\xbf\xbd"},
           {"overlong", "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
           {"surrogate", "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
           {"cut short", "\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"},
           {"above the end", "\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
       }) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(Printable(row.bytes), row.text);
    EXPECT_TRUE(IsUtf8(ValidUtf8(row.bytes)));
  }
}

TEST(PrintableTest, EveryPairOfBytesIsSafe) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string bytes = {static_cast<char>(a), static_cast<char>(b), 'x'};
      const std::string text = Printable(bytes);
      ASSERT_TRUE(IsUtf8(text)) << a << " " << b;
      for (const char c : text) ASSERT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) << a << " " << b;
      ASSERT_EQ(IsUtf8(bytes), ValidUtf8(bytes) == bytes) << a << " " << b;
    }
  }
}

TEST(PrintableTest, CutsAtCharacters) {
  const std::string bytes =
      "\xe2\x82\xac\n\xff"
      "abcdef";
  for (std::size_t max = 0; max < 30; ++max) {
    const std::string text = Printable(bytes, max);
    EXPECT_LE(text.size(), max);
    EXPECT_TRUE(IsUtf8(text));
    EXPECT_TRUE(text.size() < 3 || text == Printable(bytes) || text.ends_with("...")) << text;
  }
  EXPECT_EQ(Printable("abc", 3), "abc");
  EXPECT_EQ(Printable("abcdef", 5), "ab...");
}

TEST(PrintableTest, Columns) {
  EXPECT_EQ(ColumnsOf("abc"), 3U);
  EXPECT_EQ(ColumnsOf("\xe4\xb8\xad\xe6\x96\x87"), 4U);  // two wide characters
  EXPECT_EQ(ColumnsOf("e\xcc\x81"), 1U);                 // a combining accent
  EXPECT_EQ(FitColumns("abcdefghij", 6, false), "abc...");
  EXPECT_EQ(FitColumns("abcdefghij", 6, true), "...hij");
  EXPECT_EQ(FitColumns("abc", 3, true), "abc");
  EXPECT_EQ(FitColumns("abcdef", 2, true), "..");
  EXPECT_EQ(FitColumns("\xe4\xb8\xad\xe6\x96\x87\xe5\xad\x97", 5, false), "\xe4\xb8\xad...");
}

TEST(SizesTest, Bytes) {
  EXPECT_EQ(HumanBytes(0), "0 B");
  EXPECT_EQ(HumanBytes(1023), "1023 B");
  EXPECT_EQ(HumanBytes(1024), "1.0 KiB");
  EXPECT_EQ(HumanBytes(1536), "1.5 KiB");
  EXPECT_EQ(HumanBytes(1024 * 1024 - 1), "1.0 MiB");
  EXPECT_EQ(HumanBytes(~std::uint64_t{0}), "16.0 EiB");
}

TEST(SizesTest, Durations) {
  using std::chrono::milliseconds;
  EXPECT_EQ(HumanDuration(milliseconds(-5)), "0.0s");
  EXPECT_EQ(HumanDuration(milliseconds(3299)), "3.2s");
  EXPECT_EQ(HumanDuration(milliseconds(65000)), "1m05s");
  EXPECT_EQ(HumanDuration(milliseconds(7380000)), "2h03m");
}

TEST(SizesTest, Times) {
  EXPECT_EQ(Rfc3339(WallTime(std::chrono::milliseconds(0))), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(Rfc3339(WallTime(std::chrono::milliseconds(1795498632456))), "2026-11-24T05:37:12.456Z");
  EXPECT_EQ(Rfc3339(WallTime(std::chrono::milliseconds(-1))), "1969-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace borgop
