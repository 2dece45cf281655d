#include "engine/run/ledger_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/fakes/temporary_directory.h"
#include "tests/unit/retention/ledgers.h"

namespace borgop {
namespace {

using testing::HasSubstr;

TEST(LedgerFileTest, NamesStayInTheDirectoryAndApart) {
  EXPECT_EQ(LedgerFileName("web-01.example.org"), "web-01.example.org.json");
  EXPECT_EQ(LedgerFileName("../../etc/x"), "%2E.%2F..%2Fetc%2Fx.json");
  EXPECT_EQ(LedgerFileName(".."), "%2E..json");
  EXPECT_EQ(LedgerFileName("a b%\xc3\xa9\n"), "a%20b%25%C3%A9%0A.json");
}

TEST(LedgerFileTest, ReadsWhatItWrote) {
  const TemporaryDirectory directory;
  const std::string state = directory.At("state");
  const Ledger ledger = LedgerOf({Seen("a", "x")});
  {
    const auto file = LedgerFile::Open(state, "web");
    ASSERT_TRUE(file) << file.error().message;
    const auto none = (*file)->Read();
    ASSERT_TRUE(none);
    EXPECT_FALSE(none->has_value());
    ASSERT_TRUE((*file)->Write(LedgerOf({})));
    ASSERT_TRUE((*file)->Write(ledger));
  }
  struct stat info {};
  ASSERT_EQ(stat((state + "/web.json").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  ASSERT_EQ(stat(state.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
  EXPECT_FALSE(std::filesystem::exists(state + "/web.json.new"));
  const auto file = LedgerFile::Open(state, "web");
  ASSERT_TRUE(file);
  const auto read = (*file)->Read();
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, ledger);
}

TEST(LedgerFileTest, OneRunAtATime) {
  const TemporaryDirectory directory;
  auto first = LedgerFile::Open(directory.At("state"), "web");
  ASSERT_TRUE(first);
  EXPECT_TRUE(LedgerFile::Open(directory.At("state"), "other"));
  const auto second = LedgerFile::Open(directory.At("state"), "web");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().reason, Reason::kStateInUse);
  first->reset();
  EXPECT_TRUE(LedgerFile::Open(directory.At("state"), "web"));
}

// By it locks of dead runs are told from those of the living: a copy of the directory is another's.
TEST(LedgerFileTest, TheOwnerStaysAndIsNoCopys) {
  const TemporaryDirectory directory;
  const auto owner = [&directory](const std::string& state, const std::string& target) {
    const auto file = LedgerFile::Open(directory.At(state), target);
    return file ? (*file)->owner() : file.error().message;
  };
  const std::string web = owner("state", "web");
  EXPECT_EQ(web.size(), 32U);
  EXPECT_EQ(web.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(owner("state", "web"), web);
  EXPECT_NE(owner("state", "db"), web);
  std::filesystem::copy(directory.At("state"), directory.At("copy"));
  EXPECT_NE(owner("copy", "web"), web);
  EXPECT_EQ(owner("copy", "web"), owner("copy", "web"));
  std::ofstream(directory.At("state/web.json.lock"), std::ios::trunc) << "rubbish";
  const std::string next = owner("state", "web");
  EXPECT_EQ(next.size(), 32U);
  EXPECT_NE(next, web);
}

TEST(LedgerFileTest, WhatIsBrokenIsNotTakenForNothing) {
  const TemporaryDirectory directory;
  const auto file = LedgerFile::Open(directory.At("state"), "web");
  ASSERT_TRUE(file);
  for (const std::string& text : {std::string(), std::string("{}"), WriteLedger(LedgerOf({Seen("a", "x")}))->substr(0, 90)}) {
    std::ofstream((*file)->path(), std::ios::trunc) << text;
    const auto read = (*file)->Read();
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().reason, Reason::kLedgerInvalid);
    EXPECT_THAT(read.error().message, HasSubstr("web.json"));
  }
}

TEST(LedgerFileTest, WhereNothingCanBeKept) {
  const TemporaryDirectory directory;
  directory.Write("file", "");
  for (const char* place : {"file", "missing/deeper"}) {
    const auto file = LedgerFile::Open(directory.At(place), "web");
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().reason, Reason::kStateUnusable);
    EXPECT_THAT(file.error().message, HasSubstr(place));
  }
}

// A disk that is full loses nothing of what was there.
TEST(LedgerFileTest, AWriteThatFailsLeavesTheOldOne) {
  const TemporaryDirectory directory;
  const auto file = LedgerFile::Open(directory.At("state"), "web");
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->Write(LedgerOf({Seen("a", "x")})));
  std::filesystem::create_directories((*file)->path() + ".new/in-the-way");
  EXPECT_EQ((*file)->Write(LedgerOf({})).error().reason, Reason::kStateUnusable);
  EXPECT_EQ((*file)->Read().value(), LedgerOf({Seen("a", "x")}));
}

}  // namespace
}  // namespace borgop
