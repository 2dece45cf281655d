#include "engine/run/key_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fakes/temporary_directory.h"

namespace borgop {
namespace {

using testing::HasSubstr;

const std::string kKey = "hqlhbGdvcml0aG2mc2hhMjU2pGRhdGE=\nAAAA";
const std::string kExport = "BORG_KEY 0011\n" + kKey + "\n";

class KeyFileTest : public testing::Test {
 protected:
  std::string Text() const {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  Reason WhyNot(const guard::KeyPrint& key) const {
    const Result<bool> there = KeyFileIsThere(path_, key);
    EXPECT_FALSE(there.has_value());
    return there ? Reason::kInternal : there.error().reason;
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_.At("web.key");
  guard::KeyPrint key_ = guard::KeyPrintOf(kKey), other_ = guard::KeyPrintOf("another");
};

TEST_F(KeyFileTest, IsWrittenOnceAndKnownAgain) {
  EXPECT_EQ(KeyFileIsThere(path_, key_).value_or(true), false);
  ASSERT_TRUE(WriteKeyFile(path_, kExport, key_));
  EXPECT_EQ(Text(), kExport);
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
  EXPECT_EQ(KeyFileIsThere(path_, key_).value_or(false), true);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_.path()), {}), 1);
}

TEST_F(KeyFileTest, AnotherKeyAccuses) {
  ASSERT_TRUE(WriteKeyFile(path_, kExport, key_));
  EXPECT_EQ(WhyNot(other_), Reason::kRepositoryTampered);
}

TEST_F(KeyFileTest, WhatIsNoKeyIsNotWrittenAndNotOverwritten) {
  for (const char* said : {"", "BORG_KEY 0011", "BORG_KEY 0011\n", "hello\nAAAA\n", "BORG_KEY 0011\nanother\n"}) {
    const Status written = WriteKeyFile(path_, said, key_);
    ASSERT_FALSE(written) << said;
    EXPECT_EQ(written.error().reason, Reason::kBorgOutputInvalid);
    EXPECT_FALSE(std::filesystem::exists(path_));
  }
  std::ofstream(path_) << "my letters\n";
  EXPECT_EQ(WhyNot(key_), Reason::kKeyFileUnusable);
  EXPECT_EQ(Text(), "my letters\n");
}

TEST_F(KeyFileTest, NoFile) {
  std::filesystem::create_directory(path_);
  EXPECT_EQ(WhyNot(key_), Reason::kKeyFileUnusable);
  std::filesystem::remove(path_);
  std::filesystem::create_symlink("/etc/passwd", path_);
  EXPECT_EQ(WhyNot(key_), Reason::kKeyFileUnusable) << "a link is not followed";
  const std::string nowhere = directory_.At("nowhere/web.key");
  EXPECT_EQ(KeyFileIsThere(nowhere, key_).value_or(true), false);
  const Status written = WriteKeyFile(nowhere, kExport, key_);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().reason, Reason::kKeyFileUnusable);
  EXPECT_THAT(written.error().message, HasSubstr("No such file or directory"));
}

}  // namespace
}  // namespace borgop
