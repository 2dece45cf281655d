#include "engine/guard/message_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spoken.h"

namespace borgop::guard {
namespace {

using testing::HasSubstr;

constexpr Limits kSmall{1000, 200, 20, 4, 16};

struct Told {
  std::vector<std::string> heads;
  std::vector<std::uint64_t> rests;
  std::vector<std::size_t> ends;  // where in the stream each became known
  std::string error;
  bool at_boundary = false;
  bool operator==(const Told&) const = default;
};

Told Read(std::string_view stream, const Limits& limits, std::size_t piece) {
  Told told;
  MessageReader reader("T", limits);
  std::size_t at = 0;
  while (at < stream.size()) {
    const Result<MessageReader::Step> step = reader.Read(stream.substr(at, piece));
    if (!step) {
      told.error = step.error().message;
      EXPECT_EQ(step.error().reason, Reason::kBorgOutputInvalid);
      EXPECT_FALSE(reader.Read("\x80").has_value()) << "reads on after an error";
      return told;
    }
    EXPECT_GT(step->size, 0U);
    at += step->size;
    if (step->kind != MessageReader::Kind::kHead) continue;
    told.heads.emplace_back(reader.head());
    told.rests.push_back(reader.rest());
    told.ends.push_back(at);
  }
  told.at_boundary = reader.AtBoundary();
  return told;
}

std::string Bytes(std::initializer_list<int> values) {
  std::string bytes;
  for (const int value : values) bytes += static_cast<char>(value);
  return bytes;
}

struct Good {
  const char* name;
  std::string stream;
  std::size_t messages = 1;
  bool whole = true;
};

const Good kGood[] = {
    {"EmptyMap", "\x80"},
    {"EmptyArray", "\x90"},
    {"ManyEmpty", "\x80\x90\x80", 3},
    {"Request", Call(1, "get", {{"id", Id('x')}})},
    {"OldRequest", OldCall(1, "negotiate", {Version()})},
    {"TwoRequests", Call(1, "get", {{"id", "x"}}) + Call(2, "rollback", {}), 2},
    {"EveryNumber",
     Bytes({0x9c, 0x7f, 0xe0, 0xcc, 1,    0xcd, 1, 2, 0xce, 1, 2, 3, 4, 0xcf, 1, 2, 3, 4, 5,    6, 7, 8, 0xd0, 1, 0xd1, 1, 2, 0xd2,
            1,    2,    3,    4,    0xd3, 1,    2, 3, 4,    5, 6, 7, 8, 0xca, 1, 2, 3, 4, 0xcb, 1, 2, 3, 4,    5, 6,    7, 8})},
    {"EveryWord", Bytes({0x93, 0xc0, 0xc2, 0xc3})},
    {"EveryString", Bytes({0x97, 0xa1, 'a', 0xd9, 1,    'b', 0xda, 0,   1,    'c', 0xdb, 0, 0, 0,  1,
                           'd',  0xc4, 1,   'e',  0xc5, 0,   1,    'f', 0xc6, 0,   0,    0, 1, 'g'})},
    {"EmptyStrings", Bytes({0x93, 0xa0, 0xd9, 0, 0xc4, 0})},
    {"EveryContainer", Bytes({0x94, 0xdc, 0, 1, 1, 0xdd, 0, 0, 0, 1, 1, 0xde, 0, 1, 1, 2, 0xdf, 0, 0, 0, 1, 1, 2})},
    {"EmptyContainersLast", Bytes({0x92, 0x91, 0x80, 0x91, 0x91, 0x90})},
    {"Part", "\x92\x01", 0, false},
    {"PartOfAHeader", Bytes({0x91, 0xcd, 1}), 0, false},
    {"PartOfAString", "\x91\xa3xy", 0, false},
    {"LongLast", Bytes({0x92, 1, 0xd9, 17}) + std::string(17, 'l')},
    {"LongLastInMaps", Call(1, "put", {{"id", "x"}, {"data", std::string(300, 'l')}}) + "\x80", 2},
    {"LongFirst", Bytes({0x92, 0xd9, 17}) + std::string(17, 'l') + "\x01"},
    {"LongLastButOpen", Bytes({0x92, 0x91, 0xd9, 17}) + std::string(17, 'l') + "\x01"},
    {"LongKey", Bytes({0x81, 0xd9, 17}) + std::string(17, 'l') + "\x01"},
};

TEST(MessageReaderTest, SplitsMeanNothing) {
  for (const Good& row : kGood) {
    SCOPED_TRACE(row.name);
    const Told whole = Read(row.stream, kSmall, std::string::npos);
    EXPECT_EQ(whole.error, "");
    EXPECT_EQ(whole.heads.size(), row.messages);
    EXPECT_EQ(whole.at_boundary, row.whole);
    for (std::size_t piece = 1; piece <= row.stream.size(); ++piece) EXPECT_EQ(Read(row.stream, kSmall, piece), whole) << piece;
  }
}

// Without long strings a head is the message, and the library finds the same ends.
TEST(MessageReaderTest, TheLibraryFindsTheSameMessages) {
  Limits limits = kSmall;
  limits.long_string = 1000;
  limits.head = 1000;
  for (const Good& row : kGood) {
    SCOPED_TRACE(row.name);
    const Told told = Read(row.stream, limits, std::string::npos);
    std::size_t offset = 0;
    for (const std::size_t end : told.ends) {
      EXPECT_NO_THROW(msgpack::unpack(row.stream.data(), row.stream.size(), offset));
      EXPECT_EQ(offset, end);
    }
  }
}

TEST(MessageReaderTest, ALongLastStringIsToldBeforeItComes) {
  const std::string stream = Call(7, "put", {{"id", "x"}, {"data", std::string(300, 'l')}});
  const Told told = Read(stream, kSmall, 10);
  ASSERT_EQ(told.heads.size(), 1U);
  EXPECT_EQ(told.rests, std::vector<std::uint64_t>{300});
  EXPECT_EQ(told.ends, std::vector<std::size_t>{stream.size() - 300});
  EXPECT_THAT(told.heads[0], testing::EndsWith(Bytes({0xd6, kLongStringType, 0, 0, 1, 44})));
  EXPECT_THAT(told.heads[0], testing::Not(HasSubstr("ll")));
}

TEST(MessageReaderTest, ALongStringElsewhereIsToldWithTheMessage) {
  const std::string stream = Call(7, "put", {{"data", std::string(300, 'l')}, {"id", "x"}});
  const Told told = Read(stream, kSmall, 10);
  ASSERT_EQ(told.heads.size(), 1U);
  EXPECT_EQ(told.rests, std::vector<std::uint64_t>{0});
  EXPECT_EQ(told.ends, std::vector<std::size_t>{stream.size()});
  EXPECT_LT(told.heads[0].size(), 60U);
}

struct Bad {
  const char* name;
  std::string stream;
  const char* error;
};

const Bad kBad[] = {
    {"Words", "Last login: Monday\n", "something that is no message"},
    {"Number", "\x01", "something that is no message"},
    {"String", "\xa1x", "something that is no message"},
    {"None", "\xc0", "something that is no message"},
    {"AfterAMessage", "\x80 ", "something that is no message"},
    {"NeverUsed", "\x91\xc1", "does not use"},
    {"Extension8", Bytes({0x91, 0xc7, 0, 1}), "does not use"},
    {"Extension16", Bytes({0x91, 0xc8, 0, 0, 1}), "does not use"},
    {"Extension32", Bytes({0x91, 0xc9, 0, 0, 0, 0, 1}), "does not use"},
    {"FixedExtension1", Bytes({0x91, 0xd4, 1, 1}), "does not use"},
    {"OurMark", Bytes({0x91, 0xd6, kLongStringType, 0, 0, 0, 1}), "does not use"},
    {"FixedExtension16", Bytes({0x91, 0xd8}) + std::string(17, 'x'), "does not use"},
    {"TooLongAString", Bytes({0x91, 0xdb, 0, 0, 3, 0xe3}), "too long"},
    {"LongestString", Bytes({0x91, 0xdb, 0xff, 0xff, 0xff, 0xff}), "too long"},
    {"TooLongTogether", Bytes({0x92, 0xda, 1, 0xf4}) + std::string(500, 'x') + Bytes({0xda, 1, 0xf4}), "too long"},
    {"TooMuchKept",
     Bytes({0xdc, 0, 14}) +
         [] {
           std::string strings;
           for (int i = 0; i < 14; ++i) strings += "\xaf" + std::string(15, 'x');
           return strings;
         }(),
     "too much"},
    {"TooManyMembers", Bytes({0xdc, 0, 20}), "too many values"},
    {"TooManyPairs", Bytes({0xde, 0, 10}), "too many values"},
    {"MostMembers", Bytes({0xdd, 0xff, 0xff, 0xff, 0xff}), "too many values"},
    {"MostPairs", Bytes({0xdf, 0xff, 0xff, 0xff, 0xff}), "too many values"},
    {"TooManyInParts", Bytes({0x92, 0x9f, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0x93}) + Bytes({1, 1, 1}),
     "too many values"},
    {"TooDeep", "\x91\x91\x91\x91\x91\x01", "nested too deep"},
    {"TooDeepAndEmpty", "\x91\x91\x91\x91\x90", "nested too deep"},
    {"TooDeepMaps", "\x81\x81\x81\x81\x81", "nested too deep"},
};

TEST(MessageReaderTest, Refuses) {
  for (const Bad& row : kBad) {
    SCOPED_TRACE(row.name);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::string::npos}) {
      const Told told = Read(row.stream, kSmall, piece);
      EXPECT_THAT(told.error, HasSubstr(row.error));
      EXPECT_THAT(told.error, testing::StartsWith("T sent "));
    }
  }
}

TEST(MessageReaderTest, TheLimitsThemselvesPass) {
  EXPECT_EQ(Read(Bytes({0x91, 0xdb, 0, 0, 3, 0xe2}), kSmall, 1).error, "");
  EXPECT_EQ(Read(Bytes({0xdc, 0, 19}) + std::string(19, '\1'), kSmall, 1).heads.size(), 1U);
  EXPECT_EQ(Read("\x91\x91\x91\x91\x01", kSmall, 1).heads.size(), 1U);
}

TEST(MessageReaderTest, BorgsLargestObjectFits) {
  const std::string head = Call(1, "put", {{"id", Id('x')}, {"data", std::string()}});
  const auto with = [&](std::uint64_t size) {
    std::string stream = head.substr(0, head.size() - 1) + "\xdb";
    for (const unsigned shift : {24U, 16U, 8U, 0U}) stream += static_cast<char>(size >> shift & 0xffU);
    return stream;
  };
  EXPECT_EQ(Read(with(20971479), kRequestLimits, 1).rests, std::vector<std::uint64_t>{20971479});  // constants.py, MAX_DATA_SIZE
  EXPECT_THAT(Read(with(22000000), kRequestLimits, 1).error, HasSubstr("too long"));
}

}  // namespace
}  // namespace borgop::guard
