#include "engine/borg/output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "captured.h"

namespace borgop {
namespace {

using nlohmann::json;

TEST(OutputTest, RealCreate) {
  for (const char* version : {"1.2.4", "1.4.5"}) {
    const Result<CreateResult> result = ParseCreate(Load(version, "create").out);
    ASSERT_TRUE(result.has_value()) << result.error().message;
    EXPECT_THAT(result->archive.name, testing::StartsWith("one-2026-"));
    EXPECT_EQ(result->archive.id.size(), 64U);
    EXPECT_EQ(result->archive.nfiles, 2U);
    EXPECT_GE(result->archive.original_size, 300006U);  // the two files; 1.2.4 adds its own metadata
    EXPECT_GT(result->archive.deduplicated_size, 0U);
    EXPECT_EQ(result->repository_id.size(), 64U);
    EXPECT_EQ(result->repository_original_size, 300006U);
    EXPECT_GT(result->repository_deduplicated_size, 300006U);
  }
}

TEST(OutputTest, RealList) {
  for (const char* version : {"1.2.4", "1.4.5"}) {
    const Result<Listing> result = ParseList(Load(version, "list").out);
    ASSERT_TRUE(result.has_value()) << result.error().message;
    EXPECT_EQ(result->encryption, "repokey-blake2");
    ASSERT_EQ(result->archives.size(), 3U);
    EXPECT_EQ(result->archives[2].name, "two");
    EXPECT_TRUE(ParseList(Load(version, "list_empty").out)->archives.empty());
  }
}

TEST(OutputTest, LoginMessagesBeforeIt) {
  EXPECT_TRUE(ParseList("Welcome {to} web-01\n\n" + Load("1.2.4", "list").out).has_value());
}

TEST(OutputTest, NamesThatAreNotUtf8KeepTheirBytes) {
  json list = json::parse(Load("1.2.4", "list").out);
  std::string text = list.dump();
  text.replace(text.find("\"name\":\"two\""), 12, "\"name\":\"t\\udcff\"");
  const Result<Listing> result = ParseList(text);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->archives[2].name, "t\xff");
}

// It would be cut off, or be taken for a byte.
TEST(OutputTest, ANameWithANulIsRefused) {
  for (const char* name : {"tw\\u0000o", "tw\\u00006f", "two\\u0000"}) {
    std::string text = json::parse(Load("1.2.4", "list").out).dump();
    text.replace(text.find("\"name\":\"two\""), 12, "\"name\":\"" + std::string(name) + "\"");
    EXPECT_FALSE(ParseList(text).has_value()) << name;
  }
}

TEST(OutputTest, UnfinishedArchivesAreNotAmongTheOthers) {
  std::string text = json::parse(Load("1.2.4", "list").out).dump();
  text.replace(text.find("\"name\":\"two\""), 12, R"("name":"t.checkpoint.7")");
  const Result<Listing> result = ParseList(text);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->archives.size(), 2U);
  ASSERT_EQ(result->unfinished.size(), 1U);
  EXPECT_EQ(result->unfinished[0].name, "t.checkpoint.7");
}

struct OutputRow {
  const char* name;
  std::function<void(json&)> change;
};

TEST(OutputTest, CreateRefusesWhatItDoesNotKnow) {
  for (const OutputRow& row :
       std::vector<OutputRow>{{"no archive", [](json& j) { j.erase("archive"); }},
                              {"archive is text", [](json& j) { j["archive"] = "x"; }},
                              {"no stats", [](json& j) { j["archive"].erase("stats"); }},
                              {"stats is a list", [](json& j) { j["archive"]["stats"] = json::array(); }},
                              {"short id", [](json& j) { j["archive"]["id"] = "ab"; }},
                              {"id in capitals", [](json& j) { j["archive"]["id"] = std::string(64, 'A'); }},
                              {"id is a number", [](json& j) { j["archive"]["id"] = 5; }},
                              {"no repository", [](json& j) { j.erase("repository"); }},
                              {"repository id", [](json& j) { j["repository"]["id"] = nullptr; }},
                              {"no name", [](json& j) { j["archive"].erase("name"); }},
                              {"empty name", [](json& j) { j["archive"]["name"] = ""; }},
                              {"long name", [](json& j) { j["archive"]["name"] = std::string(5000, 'n'); }},
                              {"negative files", [](json& j) { j["archive"]["stats"]["nfiles"] = -1; }},
                              {"size is text", [](json& j) { j["archive"]["stats"]["original_size"] = "1"; }},
                              {"no deduplicated size", [](json& j) { j["archive"]["stats"].erase("deduplicated_size"); }}}) {
    SCOPED_TRACE(row.name);
    json value = json::parse(Load("1.4.5", "create").out);
    ASSERT_TRUE(ParseCreate(value.dump()).has_value());
    row.change(value);
    const Result<CreateResult> result = ParseCreate(value.dump());
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().reason, Reason::kBorgOutputInvalid);
  }
}

TEST(OutputTest, ListRefusesWhatItDoesNotKnow) {
  for (const OutputRow& row : std::vector<OutputRow>{{"no archives", [](json& j) { j.erase("archives"); }},
                                                     {"archives is an object", [](json& j) { j["archives"] = json::object(); }},
                                                     {"entry is text", [](json& j) { j["archives"][1] = "x"; }},
                                                     {"entry without id", [](json& j) { j["archives"][1].erase("id"); }},
                                                     {"entry without name", [](json& j) { j["archives"][1].erase("name"); }},
                                                     {"entry without start", [](json& j) { j["archives"][1].erase("start"); }},
                                                     {"no repository", [](json& j) { j.erase("repository"); }}}) {
    SCOPED_TRACE(row.name);
    json value = json::parse(Load("1.4.5", "list").out);
    row.change(value);
    EXPECT_FALSE(ParseList(value.dump()).has_value());
  }
}

TEST(OutputTest, Malformed) {
  for (const std::string& text : {std::string(), std::string("\n \n"), std::string("{"), std::string("[]"), std::string("not json"),
                                  std::string("{\"archives\":") + std::string(100000, '['), std::string(kMaxListOutput + 1, ' ')}) {
    EXPECT_FALSE(ParseList(text).has_value());
    EXPECT_FALSE(ParseCreate(text).has_value());
  }
}

TEST(OutputTest, NegativeDeduplicatedSizeIsNone) {
  json value = json::parse(Load("1.4.5", "create").out);
  value["archive"]["stats"]["deduplicated_size"] = -5;
  ASSERT_TRUE(ParseCreate(value.dump()).has_value());
  EXPECT_EQ(ParseCreate(value.dump())->archive.deduplicated_size, 0U);
}

}  // namespace
}  // namespace borgop
