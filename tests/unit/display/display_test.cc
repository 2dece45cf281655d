#include "engine/display/display.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "engine/display/target_lines.h"

namespace borgop {
namespace {

struct DisplayRow {
  const char* name;
  TerminalFacts facts;
  ColorMode mode;
  bool live, color, unicode;
};

TEST(DisplayTest, WhatTheEnvironmentAllows) {
  for (const DisplayRow& row : std::initializer_list<DisplayRow>{
           {"terminal", {true, "xterm", "", "C.UTF-8"}, ColorMode::kAuto, true, true, true},
           {"pipe", {false, "xterm", "", "en_US.utf8"}, ColorMode::kAuto, false, false, true},
           {"NO_COLOR", {true, "xterm", "1", "C"}, ColorMode::kAuto, true, false, false},
           {"dumb", {true, "dumb", "", ""}, ColorMode::kAuto, false, false, false},
           {"no TERM", {true, "", "", ""}, ColorMode::kAuto, false, false, false},
           {"always", {false, "dumb", "1", ""}, ColorMode::kAlways, false, true, false},
           {"never", {true, "xterm", "", ""}, ColorMode::kNever, true, false, false},
       }) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(IsLive(row.facts), row.live);
    EXPECT_EQ(UseColor(row.mode, row.facts), row.color);
    EXPECT_EQ(UseUnicode(row.facts), row.unicode);
  }
}

TEST(DisplayTest, OptionTexts) {
  EXPECT_EQ(ParseLogFormat("json"), LogFormat::kJson);
  EXPECT_EQ(ParseLogFormat("text"), LogFormat::kText);
  EXPECT_EQ(ParseLogFormat("auto"), LogFormat::kAuto);
  EXPECT_EQ(ParseLogFormat("JSON"), std::nullopt);
  EXPECT_EQ(ParseColorMode("always"), ColorMode::kAlways);
  EXPECT_EQ(ParseColorMode("auto"), ColorMode::kAuto);
  EXPECT_EQ(ParseColorMode("never"), ColorMode::kNever);
  EXPECT_EQ(ParseColorMode(""), std::nullopt);
}

std::string WrittenBy(LogFormat format) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return "";
  DisplayOptions options;
  options.format = format;
  options.fd = fds[1];
  MakeDisplay(options)->OnLog("web", LogLevel::kInfo, "hello");
  close(fds[1]);
  char buffer[1024];
  const ssize_t size = read(fds[0], buffer, sizeof buffer);
  close(fds[0]);
  return size > 0 ? std::string(buffer, static_cast<std::size_t>(size)) : "";
}

TEST(DisplayTest, FormatsOnAPipe) {
  EXPECT_TRUE(WrittenBy(LogFormat::kAuto).starts_with("{\"time\":"));
  EXPECT_TRUE(WrittenBy(LogFormat::kJson).starts_with("{\"time\":"));
  EXPECT_TRUE(WrittenBy(LogFormat::kText).ends_with(" info [web] hello\n"));
}

TEST(DisplayTest, Numbers) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1000), "1,000");
  EXPECT_EQ(Grouped(1234567), "1,234,567");
}

}  // namespace
}  // namespace borgop
