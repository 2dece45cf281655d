#include "engine/borg/log_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "captured.h"

namespace borgop {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Kind = LogEvent::Kind;

std::vector<LogEvent> Events(std::string_view text, std::size_t piece = 1 << 20) {
  std::vector<LogEvent> events;
  LogReader reader([&](const LogEvent& event) { events.push_back(event); });
  for (std::size_t i = 0; i < text.size(); i += piece) reader.Feed(text.substr(i, piece));
  reader.Finish();
  return events;
}

TEST(LogReaderTest, ProgressOfARealCreate) {
  for (const char* version : {"1.2.4", "1.4.5"}) {
    const Captured captured = Load(version, "create");
    const std::vector<LogEvent> events = Events(captured.err);
    ASSERT_FALSE(events.empty());
    EXPECT_EQ(events.front().kind, Kind::kArchiveProgress);
    EXPECT_EQ(events.front().path, "home/data/src");
    EXPECT_TRUE(std::any_of(events.begin(), events.end(),
                            [](const LogEvent& e) { return e.kind == Kind::kArchiveProgress && e.finished; }));
    EXPECT_TRUE(std::any_of(events.begin(), events.end(), [](const LogEvent& e) { return e.kind == Kind::kMessage; }));
    EXPECT_TRUE(std::none_of(events.begin(), events.end(), [](const LogEvent& e) { return e.kind == Kind::kPlain; }));
  }
}

TEST(LogReaderTest, PercentOfARealCheck) {
  int last = -1;
  for (const LogEvent& event : Events(Load("1.2.4", "check").err)) {
    if (event.kind != Kind::kPercent || event.msgid != "repository.check") continue;
    EXPECT_GE(event.percent, last);
    last = event.percent;
  }
  EXPECT_EQ(last, 100);
}

TEST(LogReaderTest, PrunedArchivesAreCounted) {
  EXPECT_EQ(MessagesOf(Load("1.2.4", "prune")).pruned, 4U);
  EXPECT_EQ(MessagesOf(Load("1.4.5", "prune")).pruned, 4U);
}

TEST(LogReaderTest, WarningsOfARealCreate) {
  EXPECT_THAT(MessagesOf(Load("1.4.5", "create_missing_source")).warnings,
              ElementsAre(HasSubstr("/nonexistent/dir: stat: [Errno 2]")));
}

TEST(LogReaderTest, WhatARealInitRecommendsIsNoWarning) {
  for (const char* version : {"1.2.4", "1.4.5"}) {
    SCOPED_TRACE(version);
    const Captured captured = Load(version, "init");
    const std::vector<LogEvent> events = Events(captured.err);
    ASSERT_FALSE(events.empty());
    EXPECT_TRUE(std::all_of(events.begin(), events.end(), IsNotice));
    EXPECT_THAT(MessagesOf(captured).warnings, ElementsAre());
  }
}

TEST(LogReaderTest, WarningsAreNoNotices) {
  struct Row {
    const char* name;
    const char* line;
  };
  for (const Row& row :
       {Row{"another message", R"({"type":"log_message","levelname":"WARNING","name":"borg.archiver","message":"disk is slow"})"},
        Row{"from the server", R"({"type":"log_message","levelname":"WARNING","name":"root",)"
                               R"("message":"IMPORTANT: you will need both KEY AND PASSPHRASE to access this repo!"})"},
        Row{"within a message", R"({"type":"log_message","levelname":"WARNING","name":"borg.archiver",)"
                                R"("message":"x IMPORTANT: you will need both KEY AND PASSPHRASE to access this repo!"})"}}) {
    SCOPED_TRACE(row.name);
    const std::vector<LogEvent> events = Events(row.line);
    ASSERT_EQ(events.size(), 1U);
    EXPECT_FALSE(IsNotice(events[0]));
    LogReader reader;
    reader.Feed(row.line);
    reader.Finish();
    EXPECT_EQ(reader.messages().warnings.size(), 1U);
  }
}

TEST(LogReaderTest, FileNamesThatAreNotUtf8KeepTheirBytes) {
  const auto events =
      Events("{\"type\":\"archive_progress\",\"path\":\"a\\udcff\\udc80\\u00e9\\ud83d\\ude00\\\\udcff\",\"nfiles\":3}\n");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].path, "a\xff\x80\xc3\xa9\xf0\x9f\x98\x80\\udcff");
  EXPECT_EQ(events[0].nfiles, 3U);
}

TEST(LogReaderTest, OtherLoneSurrogatesAreReplaced) {
  const auto events = Events("{\"type\":\"file_status\",\"status\":\"A\",\"path\":\"\\ud83dx\\ud83d\\ud83d\\ude00\\udc00\"}");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].path, "\xef\xbf\xbdx\xef\xbf\xbd\xf0\x9f\x98\x80\xef\xbf\xbd");
}

struct PlainRow {
  const char* name;
  std::string line;
};

TEST(LogReaderTest, WhatIsNotUnderstoodIsPlain) {
  for (const PlainRow& row :
       std::vector<PlainRow>{{"text", "sh: 1: borg: not found"},
                             {"broken", "{\"type\":"},
                             {"array", "[1]"},
                             {"no type", "{\"a\":1}"},
                             {"type of the wrong type", "{\"type\":5}"},
                             {"unknown type", "{\"type\":\"new\"}"},
                             {"deep", "{\"type\":\"log_message\",\"a\":" + std::string(100, '[') + std::string(100, ']') + "}"},
                             {"deeper than any stack", "{\"a\":" + std::string(60000, '[')},
                             {"not UTF-8", "{\"type\":\"log_message\",\"message\":\"\xff\"}"}}) {
    SCOPED_TRACE(row.name);
    const auto events = Events(row.line + "\n");
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].kind, Kind::kPlain);
    EXPECT_LE(events[0].message.size(), Messages::kMaxText);
  }
}

TEST(LogReaderTest, MembersOfWrongTypesAreNothing) {
  const auto events = Events("{\"type\":\"archive_progress\",\"path\":[],\"nfiles\":-1,\"original_size\":1e99,\"finished\":\"x\"}");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].nfiles, 0U);
  EXPECT_EQ(events[0].original_size, 0U);
  EXPECT_FALSE(events[0].finished);
}

TEST(LogReaderTest, LongLinesAreCutAndCounted) {
  LogReader reader;
  for (int i = 0; i < 100; ++i) reader.Feed(std::string(10000, 'x'));
  reader.Feed("\n{\"type\":\"log_message\",\"levelname\":\"ERROR\",\"message\":\"m\",\"msgid\":\"LockTimeout\"}\n");
  reader.Finish();
  EXPECT_EQ(reader.cut_lines(), 1U);
  EXPECT_EQ(reader.messages().msgid, "LockTimeout");
}

TEST(LogReaderTest, WarningsOfOurScriptAreTold) {
  LogReader reader;
  reader.Feed(R"({"type": "log_message", "levelname": "WARNING", "name": "borg.archiver", "message": "one"})" + std::string("\n"));
  EXPECT_FALSE(reader.messages().script_warned);
  reader.Feed(R"({"type": "log_message", "levelname": "WARNING", "name": "borg-engine", "message": "two"})" + std::string("\n"));
  EXPECT_TRUE(reader.messages().script_warned);
  EXPECT_THAT(reader.messages().warnings, testing::ElementsAre("one", "two"));
}

// borg serve 1.2.4 and 1.4.5, whose repository's path is not UTF-8.
TEST(LogReaderTest, AnErrorThatServeCouldNotSendIsTheOneThatCounts) {
  const std::string first =
      R"({"type": "log_message", "message": "Local Exception", "levelname": "ERROR", "name": "borg.archiver", "msgid": "Exception"})";
  const auto said = [&](const std::string& lines) {
    LogReader reader;
    const std::string begin =
        R"({"type": "log_message", "levelname": "ERROR", "name": "borg.archiver", "message": "Traceback (most recent call last):\n)";
    reader.Feed(first + "\n" + begin + lines + R"(\n\nPlatform: Linux b\nsys.argv: ['borg', 'serve']\n"})" + "\n");
    return reader.messages();
  };
  const std::string stat =
      R"(  File \"repository.py\", line 426, in open\n    st = os.stat(path)\nFileNotFoundError: [Errno 2] No such file or directory: '/r\udce9')";
  const std::string during =
      R"(\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n)";
  const std::string missing =
      R"(  File \"remote.py\", line 240, in serve\n    res = f(**args)\nborg.repository.Repository.DoesNotExist: Repository /r\udce9 does not exist.)";
  const std::string locked =
      R"(  File \"locking.py\", line 1, in acquire\n    raise x\nborg.locking.LockTimeout: Failed to create/acquire the lock /r\udce9/lock (timeout).)";
  const std::string pack =
      R"(  File \"msgpack.py\", line 62, in packb\n    return p(o)\nUnicodeEncodeError: 'utf-8' codec can't encode character '\\udce9' in position 2: surrogates not allowed)";
  const std::string wrapped =
      pack + during +
      R"(  File \"msgpack.py\", line 64, in packb\n    raise PackException(e)\nborg.helpers.msgpack.PackException: 'utf-8' codec can't encode)";
  EXPECT_EQ(said(stat + during + missing + during + wrapped).msgid, "borg.repository.Repository.DoesNotExist");
  EXPECT_EQ(said(stat + during + missing + during + wrapped).error,
            "borg.repository.Repository.DoesNotExist: Repository /r\xef\xbf\xbd does not exist.");
  EXPECT_EQ(said(locked + during + wrapped).msgid, "borg.locking.LockTimeout");
  EXPECT_EQ(said(locked + during + pack).msgid, "borg.locking.LockTimeout");
  EXPECT_EQ(said(wrapped).msgid, "Exception");
  EXPECT_EQ(said(wrapped + during + missing).msgid, "Exception");
  EXPECT_EQ(said(locked).msgid, "Exception");
}

TEST(LogReaderTest, WarningsAreBounded) {
  LogReader reader;
  for (int i = 0; i < 1000; ++i)
    reader.Feed("{\"type\":\"log_message\",\"levelname\":\"WARNING\",\"message\":\"" + std::string(5000, 'w') + "\"}\n");
  EXPECT_EQ(reader.messages().warnings.size(), Messages::kMaxWarnings);
  EXPECT_EQ(reader.messages().more_warnings, 900U);
  EXPECT_LE(reader.messages().warnings[0].size(), Messages::kMaxText);
}

TEST(LogReaderTest, TheFirstIdDecides) {
  LogReader reader;
  reader.Feed(
      "noise\n{\"type\":\"log_message\",\"levelname\":\"WARNING\",\"message\":\"w\",\"msgid\":\"BackupFileNotFoundError\"}\n"
      "{\"type\":\"log_message\",\"levelname\":\"ERROR\",\"message\":\"no id\"}\n"
      "{\"type\":\"log_message\",\"levelname\":\"ERROR\",\"message\":\"first\\nline\\u001b\",\"msgid\":\"A\"}\n"
      "{\"type\":\"log_message\",\"levelname\":\"ERROR\",\"message\":\"second\",\"msgid\":\"B\"}\nmore noise\n");
  EXPECT_EQ(reader.messages().msgid, "A");
  EXPECT_EQ(reader.messages().error, "first\\nline\\x1b");
}

TEST(LogReaderTest, WarningsThatSpeakOfFullDisksAreNoErrors) {
  LogReader reader;
  reader.Feed(
      "{\"type\":\"log_message\",\"levelname\":\"WARNING\",\"message\":\"/a: read: [Errno 28] No space left on device\"}\n");
  EXPECT_FALSE(reader.messages().no_space);
}

TEST(LogReaderTest, WhatIsExtractedHasItsPath) {
  std::vector<LogEvent> events;
  LogReader reader([&](const LogEvent& event) { events.push_back(event); });
  // As borg 1.2.4 and 1.4.5 print it.
  reader.Feed(R"({"message": " 23.5% Extracting: src/a b", "current": 7, "total": 17, "info": ["src/a b"], "operation": 1,)"
              R"( "msgid": "extract", "type": "progress_percent", "finished": false})"
              "\n"
              R"({"message": "x", "current": 0, "total": 0, "info": null, "msgid": "extract", "type": "progress_percent"})"
              "\n"
              R"({"message": "x", "current": 0, "total": 0, "info": [7], "msgid": "extract", "type": "progress_percent"})"
              "\n");
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].path, "src/a b");
  EXPECT_EQ(events[0].percent, 35);
  EXPECT_EQ(events[1].path, "");
  EXPECT_EQ(events[1].percent, -1);
  EXPECT_EQ(events[2].path, "");
}

}  // namespace
}  // namespace borgop
