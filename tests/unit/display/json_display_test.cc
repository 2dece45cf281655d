#include "engine/display/json_display.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/display/text_display.h"
#include "recorder.h"

namespace borgop {
namespace {

using nlohmann::json;
using std::chrono::seconds;

std::vector<json> LinesOf(const Recorded& recorded) {
  std::vector<json> lines;
  std::istringstream stream(recorded.text);
  for (std::string line; std::getline(stream, line);) lines.push_back(json::parse(line));
  return lines;
}

Progress Creating() {
  Progress progress;
  progress.phase = PhaseName::kCreate;
  progress.nfiles = 3;
  progress.original_size = 10;
  progress.path = "a\xff\n";
  return progress;
}

TEST(JsonDisplayTest, Events) {
  Recorded recorded;
  JsonDisplay display(std::make_unique<RecordingOutput>(recorded), ClockOf(recorded), LogLevel::kInfo);
  display.OnRunStart(2);
  display.OnPhase("web", PhaseName::kCreate);
  recorded.now += seconds(10);
  display.OnProgress("web", Creating());
  display.OnLog("web", LogLevel::kWarning, "a\nb\xff");
  display.OnLog("web", LogLevel::kDebug, "hidden");
  display.OnTargetDone(DoneReport("web", Outcome::kFailed));
  const std::vector<json> lines = LinesOf(recorded);
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_EQ(
      lines[0],
      json::parse(R"({"time":"2026-11-24T05:37:12.456Z","level":"info","event":"start","message":"run started","targets":2})"));
  EXPECT_EQ(
      lines[1],
      json::parse(
          R"({"time":"2026-11-24T05:37:12.456Z","level":"info","event":"phase","target":"web","message":"create","phase":"create"})"));
  EXPECT_EQ(
      lines[2],
      json::parse(
          R"({"time":"2026-11-24T05:37:12.456Z","level":"info","event":"progress","target":"web","message":"create","phase":"create",
    "files":3,"originalSize":10,"compressedSize":0,"deduplicatedSize":0,"bytesBridged":0,"path":"a\ufffd\n"})"));
  EXPECT_EQ(
      lines[3],
      json::parse(R"({"time":"2026-11-24T05:37:12.456Z","level":"warning","event":"log","target":"web","message":"a\nb\ufffd"})"));
  EXPECT_EQ(
      lines[4],
      json::parse(
          R"({"time":"2026-11-24T05:37:12.456Z","level":"error","event":"done","target":"web","message":"no space on the repository server",
    "outcome":"Failed","seconds":65.0,"warnings":0,"kind":"Waiting","reason":"DiskFull","action":"Free space on the machine named, then run again."})"));
}

TEST(JsonDisplayTest, ProgressEveryTenSecondsATargetAndWhenThePhaseChanges) {
  Recorded recorded;
  JsonDisplay display(std::make_unique<RecordingOutput>(recorded), ClockOf(recorded), LogLevel::kInfo);
  Progress progress = Creating();
  for (int i = 0; i < 21; ++i) {
    display.OnProgress("a", progress);
    display.OnProgress("b", progress);
    recorded.now += seconds(1);
  }
  EXPECT_EQ(recorded.writes, 6);  // at 0, 10 and 20, for each
  progress.phase = PhaseName::kCheck;
  display.OnProgress("a", progress);
  EXPECT_EQ(recorded.writes, 7);
}

TEST(JsonDisplayTest, LevelsHide) {
  Recorded recorded;
  JsonDisplay display(std::make_unique<RecordingOutput>(recorded), ClockOf(recorded), LogLevel::kError);
  display.OnRunStart(1);
  display.OnPhase("a", PhaseName::kCreate);
  display.OnProgress("a", Creating());
  display.OnLog("a", LogLevel::kWarning, "w");
  display.OnTargetDone(DoneReport("a", Outcome::kCompleted));
  EXPECT_EQ(recorded.text, "");
  display.OnTargetDone(DoneReport("a", Outcome::kFailed));
  EXPECT_EQ(LinesOf(recorded).size(), 1U);
}

TEST(TextDisplayTest, Lines) {
  Recorded recorded;
  TextDisplay display(std::make_unique<RecordingOutput>(recorded), ClockOf(recorded), LogLevel::kInfo, false);
  display.OnPhase("w\x1b", PhaseName::kCreate);
  display.OnProgress("w\x1b", Creating());  // too soon
  recorded.now += seconds(10);
  display.OnProgress("w\x1b", Creating());
  display.OnLog("", LogLevel::kWarning, "a\nb");
  display.OnTargetDone(DoneReport("w\x1b", Outcome::kCompleted));
  EXPECT_EQ(recorded.text,
            "2026-11-24T05:37:12.456Z info [w\\x1b] create\n"
            "2026-11-24T05:37:12.456Z info [w\\x1b] create 3 files, 10 B, 0 B new\n"
            "2026-11-24T05:37:12.456Z warning a\\nb\n"
            "2026-11-24T05:37:12.456Z info ok w\\x1b  snapshot-1: 12,345 files, 3.0 MiB, 2.0 KiB new, 1m05s\n");
}

}  // namespace
}  // namespace borgop
