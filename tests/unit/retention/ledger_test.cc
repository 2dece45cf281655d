#include "engine/retention/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "ledgers.h"

namespace borgop {
namespace {

using testing::HasSubstr;

const std::string kA = Id("a");
const LedgerTime kLedgerNow = At("2026-11-26T10:00:00Z");

std::string Text(const std::string& archives) {
  return R"({"version":1,"repositoryID":")" + Id("f") + R"(","archives":[)" + archives + "]}";
}

std::string Entry(const std::string& id, const std::string& name, const std::string& more = "") {
  return R"({"id":")" + Id(id) + R"(","name":")" + name + R"(","seen":"2026-11-01T10:00:00Z")" + more + "}";
}

TEST(LedgerTest, IsWrittenAnArchiveALine) {
  LedgerArchive adopted = Seen("b", "snapshot \"2\"\n\xc3\xa9", "2026-11-02T10:00:00.123Z");
  adopted.adopted = true;
  const auto text = WriteLedger(LedgerOf({Dropped("a", "x"), adopted}));
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(*text, R"({"version":1,"repositoryID":")" + Id("f") +
                       R"(","archives":[)"
                       "\n" +
                       R"({"id":")" + Id("a") +
                       R"(","name":"x","seen":"2026-11-01T10:00:00.000Z","dropped":"2026-11-02T10:00:00.000Z"},)"
                       "\n" +
                       R"({"id":")" + Id("b") +
                       R"(","name":"snapshot \"2\"\n)"
                       "\xc3\xa9"
                       R"(","seen":"2026-11-02T10:00:00.123Z","adopted":true}]})"
                       "\n");
}

TEST(LedgerTest, ReadsWhatItWrites) {
  LedgerArchive adopted = Seen("b", "\x01\x7f/{}'", "2026-11-02T10:00:00.123Z");
  adopted.adopted = true;
  // A name may come again once it was dropped.
  Ledger full = LedgerOf({Dropped("a", "x"), Dropped("c", "x"), Seen("d", "x"), adopted});
  full.encryption = "repokey-blake2";
  full.nonce = std::numeric_limits<std::uint64_t>::max();
  full.key = Id("e");
  for (const Ledger& ledger : {LedgerOf({}), full}) {
    const auto text = WriteLedger(ledger);
    ASSERT_TRUE(text);
    const auto read = ReadLedger(*text);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, ledger);
  }
}

struct Refused {
  const char* name;
  std::string text, problem;
};
void PrintTo(const Refused& row, std::ostream* out) { *out << row.name; }

class RefusedTest : public testing::TestWithParam<Refused> {};

TEST_P(RefusedTest, IsRefused) {
  const auto read = ReadLedger(GetParam().text);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().reason, Reason::kLedgerInvalid);
  EXPECT_THAT(read.error().message, HasSubstr(GetParam().problem));
}

const Refused kRefused[] = {
    {"Empty", "", "no JSON object"},
    {"List", "[]", "no JSON object"},
    {"Cut", Text(Entry("a", "x")).substr(0, 100), "no JSON object"},
    {"MoreBehind", Text("") + "{}", "no JSON object"},
    {"NotUtf8", Text(Entry("a", "\xff")), "no JSON object"},
    {"LoneSurrogate", Text(Entry("a", R"(\udcff)")), "no JSON object"},
    {"NoVersion", R"({"repositoryID":"x","archives":[]})", "version is missing"},
    {"OtherVersion", R"({"version":2,"repositoryID":"x","archives":[]})", "version is 2"},
    {"VersionText", R"({"version":"1","repositoryID":"x","archives":[]})", "version is \"1\""},
    {"NoArchives", R"({"version":1,"repositoryID":"x"})", "archives is missing"},
    {"ArchivesObject", R"({"version":1,"repositoryID":"x","archives":{}})", "archives is not a list"},
    {"RepositoryId", R"({"version":1,"repositoryID":"0A","archives":[]})", "the repository's id"},
    {"NonceNegative", R"({"version":1,"repositoryID":"x","nonce":-1,"archives":[]})", "nonce is not a whole number"},
    {"KeyShort", R"({"version":1,"repositoryID":")" + Id("f") + R"(","key":"00","archives":[]})", "the fingerprint of the key"},
    {"EncryptionNumber", R"({"version":1,"repositoryID":"x","encryption":1,"archives":[]})", "encryption is not a text"},
    {"EncryptionLong",
     R"({"version":1,"repositoryID":")" + Id("f") + R"(","encryption":")" + std::string(51, 'x') + R"(","archives":[]})",
     "the encryption mode"},
    {"UnknownKey", R"({"version":1,"repositoryID":"x","archives":[],"more":1})", "the key \"more\""},
    {"UnknownKeyOfArchive", Text(Entry("a", "x", R"(,"time":1)")), "archives[0]: the key \"time\""},
    {"RepeatedKey", R"({"version":1,"version":1,"repositoryID":"x","archives":[]})", "a key stands twice"},
    {"RepeatedKeyOfArchive", Text(Entry("a", "x", R"(,"name":"y")")), "a key stands twice"},
    {"Deep", Text(Entry("a", "x", R"(,"dropped":[])")), "nested too deeply"},
    {"VeryDeep", std::string(1'000'000, '['), "nested too deeply"},
    {"ArchiveIsText", Text(R"("x")"), "archives[0]: is not an object"},
    {"SecondArchive", Text(Entry("a", "x") + ",{}"), "archives[1]: id is missing"},
    {"IdShort", Text(R"({"id":"00","name":"x","seen":"2026-11-01T10:00:00Z"})"), "is not 64 hexadecimal digits"},
    {"IdUpperCase", Text(Entry("A", "x")), "is not 64 hexadecimal digits"},
    {"IdTwice", Text(Entry("a", "x") + "," + Entry("a", "y")), "stands in it twice"},
    {"NameTwice", Text(Entry("a", "x") + "," + Entry("b", "x")), "have the name \"x\""},
    {"NameEmpty", Text(Entry("a", "")), "is empty"},
    {"NameLong", Text(Entry("a", std::string(kMaxLedgerName + 1, 'x'))), "longer than 512 bytes"},
    {"NameUnfinished", Text(Entry("a", "x.checkpoint")), "unfinished"},
    {"NameNumber", Text(R"({"id":")" + kA + R"(","name":1,"seen":"2026-11-01T10:00:00Z"})"), "name is not a text"},
    {"SeenDate", Text(R"({"id":")" + kA + R"(","name":"x","seen":"2026-11-01"})"), "seen is not a time"},
    {"DroppedNull", Text(Entry("a", "x", R"(,"dropped":null)")), "dropped is not a text"},
    {"AdoptedNumber", Text(Entry("a", "x", R"(,"adopted":1)")), "adopted is neither"},
    {"Bytes", std::string(kMaxLedgerBytes + 1, ' '), "longer than"},
};
INSTANTIATE_TEST_SUITE_P(Table, RefusedTest, testing::ValuesIn(kRefused), [](const auto& row) { return row.param.name; });

TEST(LedgerTest, TooManyArchivesAreRefused) {
  std::string entries = "{}";
  for (std::size_t i = 0; i < kMaxLedgerArchives; ++i) entries += ",{}";
  EXPECT_THAT(ReadLedger(Text(entries)).error().message, HasSubstr("more than 20000 archives"));
}

TEST(RecordTest, TakesInWhatIsNew) {
  Ledger ledger = LedgerOf({Dropped("a", "x")});
  ASSERT_TRUE(Record(ledger, Id("b"), "x", kLedgerNow));
  EXPECT_EQ(ledger, LedgerOf({Dropped("a", "x"), Seen("b", "x", "2026-11-26T10:00:00Z")}));
}

TEST(RecordTest, WhatWasThereBeforeIsNotNew) {
  const Ledger before = LedgerOf({Seen("a", "x"), Dropped("b", "y")});
  struct Row {
    std::string id, name;
  };
  for (const auto& [id, name] : {Row{"a", "x"}, Row{"a", "z"}, Row{"c", "x"}, Row{"b", "y"}, Row{"b", "z"}}) {
    SCOPED_TRACE(id + name);
    Ledger ledger = before;
    const Status recorded = Record(ledger, Id(id), name, kLedgerNow);
    ASSERT_FALSE(recorded);
    EXPECT_EQ(recorded.error().reason, Reason::kTargetMisbehaved);
    EXPECT_EQ(ledger, before);
  }
}

TEST(RecordTest, WhatCannotBeHeldIsRefused) {
  struct Row {
    std::string id, name;
  };
  for (const auto& [id, name] : {Row{"a", "x"}, Row{kA, ""}, Row{kA, std::string(kMaxLedgerName + 1, 'x')}, Row{kA, "\xff"},
                                 Row{kA, "x.checkpoint.12"}, Row{kA + "0", "x"}}) {
    Ledger ledger = LedgerOf({});
    const Status recorded = Record(ledger, id, name, kLedgerNow);
    ASSERT_FALSE(recorded) << name;
    EXPECT_EQ(recorded.error().reason, Reason::kLedgerInvalid);
    EXPECT_EQ(ledger, LedgerOf({}));
  }
}

TEST(MarkDroppedTest, MarksOnce) {
  Ledger ledger = LedgerOf({Seen("a", "x"), Seen("b", "y")});
  EXPECT_TRUE(MarkDropped(ledger, Id("b"), At("2026-11-02T10:00:00Z")));
  EXPECT_EQ(ledger, LedgerOf({Seen("a", "x"), Dropped("b", "y")}));
  EXPECT_FALSE(MarkDropped(ledger, Id("b"), kLedgerNow));
  EXPECT_FALSE(MarkDropped(ledger, Id("c"), kLedgerNow));
  EXPECT_EQ(ledger, LedgerOf({Seen("a", "x"), Dropped("b", "y")}));
}

// What borg delete, which gets it as an argument, would not take for that name: it would be another one's, or the whole repository's.
TEST(LedgerTest, HoldsOnlyWhatCanBeDeletedByItsName) {
  Ledger ledger = LedgerOf({Seen("a", "x")});
  for (const std::string& name : {std::string("x\0y", 3), std::string("\0", 1), std::string("--")}) {
    EXPECT_FALSE(CanHold(name));
    const Status recorded = Record(ledger, Id("b"), name, kLedgerNow);
    ASSERT_FALSE(recorded);
    EXPECT_EQ(recorded.error().reason, Reason::kLedgerInvalid);
    EXPECT_THAT(recorded.error().message, HasSubstr("no argument"));
  }
  for (const char* name : {"-", "---", "-x", "--force", "x\ny"}) EXPECT_TRUE(CanHold(name)) << name;
}

TEST(IsUnfinishedTest, AsBorgNamesThem) {
  for (const char* name : {"x.checkpoint", "x.checkpoint.1", "x.checkpoint.23", ".checkpoint"})
    EXPECT_TRUE(IsUnfinished(name)) << name;
  for (const char* name :
       {"x", "x.checkpoints", "x.checkpoint.", "x.checkpoint1", "checkpoint", "x.checkpoint.1a", "", "1", ".1", "x.checkpoint.1.2"})
    EXPECT_FALSE(IsUnfinished(name)) << name;
}

}  // namespace
}  // namespace borgop
