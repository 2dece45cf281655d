#include "controller/kube/watch_decoder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "controller/kube/bounded_json.h"

namespace borgop::kube {
namespace {

std::string EventLine(const std::string& type, const std::string& name, int version) {
  return R"({"type":")" + type + R"(","object":{"metadata":{"name":")" + name + R"(","resourceVersion":")" +
         std::to_string(version) + "\"}}}\n";
}

std::string Told(const std::vector<WatchEvent>& events) {
  static constexpr std::string_view kLetters = "AMDB";
  std::string told;
  for (const WatchEvent& event : events) {
    told += kLetters[static_cast<std::size_t>(event.type)];
    told += TextAt(event.object, {"metadata", "name"}) + TextAt(event.object, {"metadata", "resourceVersion"}) + " ";
  }
  return told;
}

const std::string kStream = EventLine("ADDED", "a", 1) + EventLine("MODIFIED", "b", 2) + EventLine("DELETED", "c", 3) +
                            EventLine("BOOKMARK", "", 4) + EventLine("ADDED", "€", 5);
const std::string kTold = "Aa1 Mb2 Dc3 B4 A€5 ";

TEST(WatchDecoder, ReadsEventsWhereverChunksSplit) {
  for (std::size_t size = 1; size <= kStream.size(); ++size) {
    WatchDecoder decoder;
    std::vector<WatchEvent> events;
    for (std::size_t at = 0; at < kStream.size(); at += size)
      ASSERT_TRUE(decoder.Feed(std::string_view(kStream).substr(at, size), events));
    EXPECT_EQ(Told(events), kTold) << "chunks of " << size;
    EXPECT_TRUE(decoder.AtBoundary());
  }
}

TEST(WatchDecoder, ReadsEventsWithOneSplitAnywhere) {
  for (std::size_t at = 0; at <= kStream.size(); ++at) {
    WatchDecoder decoder;
    std::vector<WatchEvent> events;
    ASSERT_TRUE(decoder.Feed(kStream.substr(0, at), events));
    EXPECT_EQ(decoder.AtBoundary(), at == 0 || kStream[at - 1] == '\n') << at;
    ASSERT_TRUE(decoder.Feed(kStream.substr(at), events));
    EXPECT_EQ(Told(events), kTold) << at;
  }
}

TEST(WatchDecoder, AnEventIsToldAsSoonAsItsLineEnds) {
  WatchDecoder decoder;
  std::vector<WatchEvent> events;
  ASSERT_TRUE(decoder.Feed(EventLine("ADDED", "a", 1) + R"({"type":"ADD)", events));
  EXPECT_EQ(Told(events), "Aa1 ");
  EXPECT_FALSE(decoder.AtBoundary());
}

TEST(WatchDecoder, EmptyLinesAreNothing) {
  WatchDecoder decoder;
  std::vector<WatchEvent> events;
  ASSERT_TRUE(decoder.Feed("\n\r\n  \n" + EventLine("ADDED", "a", 1), events));
  EXPECT_EQ(Told(events), "Aa1 ");
}

struct Bad {
  const char* name;
  std::string line;
  ApiError::Code code;
  int status;
};

class BadLines : public testing::TestWithParam<Bad> {};

TEST_P(BadLines, EndTheWatchForGood) {
  WatchDecoder decoder({}, 4096);
  std::vector<WatchEvent> events;
  const Status status = decoder.Feed(EventLine("ADDED", "a", 1) + GetParam().line + "\n" + EventLine("ADDED", "b", 2), events);
  ASSERT_FALSE(status);
  EXPECT_EQ(ToString(status.error().code), ToString(GetParam().code));
  EXPECT_EQ(status.error().status, GetParam().status);
  EXPECT_EQ(Told(events), "Aa1 ") << "what came before counts, what comes after does not";
  const Status again = decoder.Feed(EventLine("ADDED", "c", 3), events);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().message, status.error().message);
  EXPECT_EQ(Told(events), "Aa1 ");
}

std::string ErrorEvent(const std::string& code) {
  return R"({"type":"ERROR","object":{"kind":"Status","code":)" + code + R"(,"reason":"Expired","message":"too old"}})";
}

using Code = ApiError::Code;
INSTANTIATE_TEST_SUITE_P(
    Table, BadLines,
    testing::Values(Bad{"gone", ErrorEvent("410"), Code::kGone, 410}, Bad{"internal", ErrorEvent("500"), Code::kServerError, 500},
                    Bad{"code_is_no_number", ErrorEvent("\"410\""), Code::kServerError, 500},
                    Bad{"code_is_absurd", ErrorEvent("4611686018427387904"), Code::kServerError, 500},
                    Bad{"no_json", "{\"type\":", Code::kProtocol, 0}, Bad{"two_values", "{} {}", Code::kProtocol, 0},
                    Bad{"a_list", "[]", Code::kProtocol, 0}, Bad{"a_number", "3", Code::kProtocol, 0},
                    Bad{"no_object", R"({"type":"ADDED"})", Code::kProtocol, 0},
                    Bad{"object_is_text", R"({"type":"ADDED","object":"x"})", Code::kProtocol, 0},
                    Bad{"no_type", R"({"object":{"metadata":{"name":"x","resourceVersion":"1"}}})", Code::kProtocol, 0},
                    Bad{"unknown_type", R"({"type":"RENAMED","object":{"metadata":{"name":"x","resourceVersion":"1"}}})",
                        Code::kProtocol, 0},
                    Bad{"no_name", R"({"type":"ADDED","object":{"metadata":{"resourceVersion":"1"}}})", Code::kProtocol, 0},
                    Bad{"no_version", R"({"type":"ADDED","object":{"metadata":{"name":"x"}}})", Code::kProtocol, 0},
                    Bad{"not_utf8", "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"\xff\",\"resourceVersion\":\"1\"}}}",
                        Code::kProtocol, 0},
                    Bad{"too_long", std::string(4097, ' '), Code::kProtocol, 0},
                    Bad{"too_deep", std::string(kMaxJsonDepth + 1, '[') + std::string(kMaxJsonDepth + 1, ']'), Code::kProtocol, 0}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(WatchDecoder, ALineThatNeverEndsIsRefusedInPieces) {
  WatchDecoder decoder({}, 100);
  std::vector<WatchEvent> events;
  Status status;
  int pieces = 0;
  for (; status && pieces < 50; ++pieces) status = decoder.Feed("0123456789", events);
  EXPECT_EQ(pieces, 11);
}

TEST(WatchDecoder, ALineMayBeAsLongAsTheLimit) {
  const std::string line = EventLine("ADDED", "a", 1);
  WatchDecoder decoder({}, line.size() - 1);  // the line break does not count
  std::vector<WatchEvent> events;
  EXPECT_TRUE(decoder.Feed(line, events));
  WatchDecoder smaller({}, line.size() - 2);
  EXPECT_FALSE(smaller.Feed(line, events));
}

TEST(BoundedJson, DepthCountsOutsideOfStringsOnly) {
  const std::string brackets = "\"" + std::string(2 * kMaxJsonDepth, '[') + "\\\"" + std::string(5, '{') + "\"";
  EXPECT_TRUE(ParseBoundedJson("[" + brackets + "]"));
  EXPECT_TRUE(ParseBoundedJson(std::string(kMaxJsonDepth, '[') + std::string(kMaxJsonDepth, ']')));
  EXPECT_FALSE(ParseBoundedJson(std::string(kMaxJsonDepth + 1, '[') + std::string(kMaxJsonDepth + 1, ']')));
}

TEST(BoundedJson, IsWhatTheLibraryReads) {
  for (const std::string text :
       {R"({"a": [1, -2, 3.5, true, false, null, "x", {}, [], {"b": {"c": []}}], "metadata": {"managedFields": [1]}})", R"([])",
        R"("text")", R"(17)", R"({"a": 1, "a": {"b": 2}})", R"({"a": {"b": 2}, "a": 1})", R"([{"": ""}])"}) {
    EXPECT_EQ(ParseBoundedJson(text), std::optional(nlohmann::json::parse(text))) << text;
  }
  for (const char* text : {"", "{", "[1,]", "{\"a\"}", "1 2", "nul", "\"\xff\"", "[}"})
    EXPECT_FALSE(ParseBoundedJson(text)) << text;
}

TEST(BoundedJson, ObjectsOfTheApiLoseManagedFieldsOfTheirMetadataOnly) {
  const auto read = [](const char* text) { return ParseApiObject(text).value_or(nullptr); };
  EXPECT_EQ(
      read(R"({"metadata": {"a": 1, "managedFields": [{"f": {"g": [{}]}}, 2], "b": {"c": 3}}, "data": {"managedFields": "x"}})"),
      nlohmann::json::parse(R"({"metadata": {"a": 1, "b": {"c": 3}}, "data": {"managedFields": "x"}})"));
  EXPECT_EQ(read(R"({"items": [{"metadata": {"managedFields": null, "name": "a"}}, {"metadata": {"managedFields": "x"}}]})"),
            nlohmann::json::parse(R"({"items": [{"metadata": {"name": "a"}}, {"metadata": {}}]})"));
  EXPECT_EQ(
      read(R"({"metadata": [{"managedFields": 1}], "managedFields": 2, "x": {"metadata": {"labels": {"managedFields": "l"}}}})"),
      nlohmann::json::parse(
          R"({"metadata": [{"managedFields": 1}], "managedFields": 2, "x": {"metadata": {"labels": {"managedFields": "l"}}}})"));
}

TEST(BoundedJson, FieldsAreDroppedFromTheRootOfEachObjectOnly) {
  const std::vector<FieldPath> without = {{"spec", "template"}, {"status"}};
  const auto read = [&](const char* text) { return ParseApiObject(text, without).value_or(nullptr); };
  EXPECT_EQ(
      read(R"({"spec": {"a": [{"template": 1}], "template": {"b": [1, {"c": 2}]}, "z": {"spec": {"template": 3}}}, "status": 4})"),
      nlohmann::json::parse(R"({"spec": {"a": [{"template": 1}], "z": {"spec": {"template": 3}}}})"));
  EXPECT_EQ(
      read(R"({"items": [{"status": {}}, {"spec": {"template": []}, "metadata": {"labels": {"status": "x"}}}], "kind": "List"})"),
      nlohmann::json::parse(R"({"items": [{}, {"spec": {}, "metadata": {"labels": {"status": "x"}}}], "kind": "List"})"));
  EXPECT_EQ(read(R"({"type": "ADDED", "object": {"status": 1, "spec": {"template": 2, "items": [{"status": 3}]}}})"),
            nlohmann::json::parse(R"({"type": "ADDED", "object": {"spec": {"items": [{"status": 3}]}}})"));
}

TEST(BoundedJson, WhatIsDroppedIsNoDeeperEither) {
  const auto nested = [](std::size_t depth) {
    return R"({"metadata": {"managedFields": )" + std::string(depth, '[') + std::string(depth, ']') + "}}";
  };
  EXPECT_TRUE(ParseApiObject(nested(kMaxJsonDepth - 2)));
  EXPECT_FALSE(ParseApiObject(nested(kMaxJsonDepth - 1)));
}

}  // namespace
}  // namespace borgop::kube
