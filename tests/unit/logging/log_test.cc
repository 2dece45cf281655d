#include "controller/logging/log.h"

#include <gtest/gtest.h>

#include <string>

namespace borgop::logging {
namespace {

constexpr const char* kTime = "2026-11-24T02:00:05Z";
constexpr auto kJson = Format::kJson;
constexpr auto kText = Format::kText;

struct LogRow {
  const char* name;
  Format format;
  Level level;
  std::string message;
  nlohmann::json value;  // of the field "a"
  std::string line;      // without the time
};

class FormatLineTable : public testing::TestWithParam<LogRow> {};

TEST_P(FormatLineTable, IsOneLineOfPrintableText) {
  const LogRow& row = GetParam();
  const std::string line = FormatLine(row.format, kTime, row.level, row.message, {{"a", row.value}});
  EXPECT_EQ(line, (row.format == kJson ? R"({"time":")" + std::string(kTime) + R"(",)" : std::string(kTime) + " ") + row.line);
  for (const char c : line) {
    EXPECT_GE(static_cast<unsigned char>(c), 0x20U);
    EXPECT_NE(c, 0x7F);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, FormatLineTable,
    testing::Values(
        LogRow{"json", kJson, Level::kInfo, "started", 3, R"("level":"info","message":"started","a":3})"},
        LogRow{"json_object", kJson, Level::kDebug, "m", {{"x", {1, "y"}}}, R"("level":"debug","message":"m","a":{"x":[1,"y"]}})"},
        LogRow{"json_controls", kJson, Level::kWarning, "a\nb\x1b[2J", "\t\x7f",
               R"("level":"warning","message":"a\nb\u001b[2J","a":"\t\u007f"})"},
        LogRow{"json_controls_beyond_ascii", kJson, Level::kWarning,
               "\xc2\x9b"
               "2J",
               "\xe2\x80\xae", R"("level":"warning","message":"\u009b2J","a":"\u202e"})"},
        LogRow{"json_no_utf8", kJson, Level::kError, "\xff", "x\xc3", R"("level":"error","message":"\ufffd","a":"x\ufffd"})"},
        LogRow{"json_quotes", kJson, Level::kInfo, "a \"b\"", "\\", R"("level":"info","message":"a \"b\"","a":"\\"})"},
        LogRow{"text", kText, Level::kInfo, "started", "backups/web-01", "info: started a=backups/web-01"},
        LogRow{"text_number", kText, Level::kDebug, "m", 7, "debug: m a=7"},
        LogRow{"text_list", kText, Level::kInfo, "m", {"x", "\x7f\xc2\x9b"}, R"(info: m a=["x","\u007f\u009b"])"},
        LogRow{"text_empty", kText, Level::kInfo, "m", "", R"(info: m a="")"},
        LogRow{"text_space", kText, Level::kInfo, "m", "x y", R"(info: m a="x y")"},
        LogRow{"text_looks_like_a_field", kText, Level::kInfo, "m", "x=y", R"(info: m a="x=y")"},
        LogRow{"text_quotes", kText, Level::kInfo, "m", "\"", R"(info: m a="\"")"},
        LogRow{"text_controls", kText, Level::kWarning, "a\nb\x1b[2J", "\r\x7f\xe2\x80\xae",
               R"(warning: a\nb\x1b[2J a=\r\x7f\u202e)"},
        LogRow{"text_no_utf8", kText, Level::kError, "\xff", "x\xc3", "error: \xef\xbf\xbd a=x\xef\xbf\xbd"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(FormatLine, FieldsKeepTheirOrder) {
  EXPECT_EQ(FormatLine(kText, kTime, Level::kInfo, "m", {{"b", 1}, {"a", 2}}), std::string(kTime) + " info: m b=1 a=2");
  EXPECT_EQ(FormatLine(kJson, kTime, Level::kInfo, "m", {{"b", 1}, {"a", 2}}),
            R"({"time":")" + std::string(kTime) + R"(","level":"info","message":"m","b":1,"a":2})");
}

TEST(LogTest, WritesWhatIsAtItsLevelOrAbove) {
  testing::internal::CaptureStderr();
  const Log log(kText, Level::kWarning);
  log.Debug("one");
  log.Info("two");
  log.Warning("three {}", {{"a", "{}"}});  // no pattern of anybody's
  log.Error("four");
  const std::string written = testing::internal::GetCapturedStderr();
  EXPECT_EQ(written.find("one"), std::string::npos);
  EXPECT_EQ(written.find("two"), std::string::npos);
  const std::size_t three = written.find(" warning: three {} a={}\n");
  EXPECT_NE(three, std::string::npos) << written;
  EXPECT_GT(written.find(" error: four\n"), three);
  EXPECT_NE(written.find(" error: four\n"), std::string::npos) << written;
}

}  // namespace
}  // namespace borgop::logging
