// Which paths get through borg, asked of borg's own code.
#include <gtest/gtest.h>

#include <algorithm>

#include <fstream>
#include <sstream>

#include "engine/borg/command.h"
#include "engine/plan/rules.h"
#include "subprocess.h"

namespace borgop {
namespace {

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) {
    hex += "0123456789abcdef"[(static_cast<unsigned char>(c) >> 4) & 0xF];
    hex += "0123456789abcdef"[static_cast<unsigned char>(c) & 0xF];
  }
  return hex;
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// The interpreter that the installed borg runs under.
std::string Python() {
  std::ifstream file("/usr/bin/borg");
  std::string line;
  std::getline(file, line);
  return line.starts_with("#!/") ? line.substr(2) : "python3";
}

const std::vector<std::string>& Passing() {
  static const std::vector<std::string> paths = [] {
    std::vector<std::string> list = {
        "/a",
        "/home/backups/web/01",
        "/a b",
        "/ a",
        "/a ",
        "/a:b",
        "/:",
        "/:22/x",
        "/a@b:c",
        "/@x",
        "/[x]",
        "/a%20b",
        "/a?b#c",
        "/...",
        "/a/...",
        "/.a",
        "/a..",
        "/a/~",
        "/a~",
        "/a\\b",
        "/-x",
        "/x/-y",
        "/a'b",
        "/a\"b",
        "/$HOME",
        "/a`id`",
        "/a\nb",
        "/a\n",
        "/\n",
        "/a\r",
        "/a\tb",
        "/\x01",
        "/\x7f",
        "/\xc3\xa9",
        "/a\xe2\x80\xa8"
        "b",
        "/a\xc2\x85"
        "b",
        "/\xf0\x9f\x98\x80",
        "/x/ssh:/y",
        "/a:\n",
        "/a:/b",
        "/a:\n:b",
    };
    // A colon at the end is refused; in the middle every ASCII byte but these is fine.
    for (int c = 1; c < 0x80; ++c) {
      if (c == '/' || c == '{' || c == '}') continue;
      list.push_back(std::string("/x/p") + static_cast<char>(c) + "q");
    }
    list.erase(std::remove(list.begin(), list.end(), "/:"), list.end());
    return list;
  }();
  return paths;
}

struct Refused {
  const char* name;
  std::string path;
};

const std::vector<Refused>& RefusedPaths() {
  static const std::vector<Refused> paths = {
      {"root", "/"},
      {"home", "/~"},
      {"home of a user", "/~root/x"},
      {"slash at the end", "/a/"},
      {"empty component", "/a//b"},
      {"two slashes first", "//a"},
      {"only slashes", "///"},
      {"dot", "/a/./b"},
      {"dot first", "/./a"},
      {"dot last", "/a/."},
      {"only a dot", "/."},
      {"dots", "/a/../b"},
      {"dots last", "/a/.."},
      {"dots first", "/../a"},
      {"archive", "/a::b"},
      {"three colons", "/a:::b"},
      {"two colons last", "/a::"},
      {"colon last", "/a:"},
      {"unknown placeholder", "/a{b}"},
      {"open brace", "/a{"},
      {"close brace", "/a}"},
      {"known placeholder", "/{pid}"},
      {"doubled braces", "/{{a}}"},
  };
  return paths;
}

std::vector<std::string> Ask(const std::vector<std::string>& paths) {
  std::string input;
  for (const std::string& path : paths) input += Hex(RepositoryUrl(path)) + "\t" + Hex(path) + "\n";
  return Lines(RunProgram({"env", "LC_ALL=C.UTF-8", Python(), LOCATION_SCRIPT}, input).out);
}

TEST(RepositoryPathTest, WhatIsLetThroughReachesServeUnchanged) {
  for (const std::string& path : Passing()) {
    SCOPED_TRACE(Hex(path) + " " + path);
    EXPECT_EQ(LocationProblem(path), "");
  }
  const std::vector<std::string> verdicts = Ask(Passing());
  if (verdicts == std::vector<std::string>{"no borg"}) GTEST_SKIP() << "borg is not installed";
  ASSERT_EQ(verdicts.size(), Passing().size());
  for (std::size_t i = 0; i < verdicts.size(); ++i) EXPECT_EQ(verdicts[i], "same") << Passing()[i];
}

TEST(RepositoryPathTest, WhatIsRefusedWouldHaveChangedOrFailed) {
  std::vector<std::string> paths;
  for (const Refused& row : RefusedPaths()) {
    SCOPED_TRACE(row.name);
    paths.push_back(row.path);
    EXPECT_NE(LocationProblem(row.path).find('('), std::string::npos);
  }
  const std::vector<std::string> verdicts = Ask(paths);
  if (verdicts == std::vector<std::string>{"no borg"}) GTEST_SKIP() << "borg is not installed";
  ASSERT_EQ(verdicts.size(), paths.size());
  for (std::size_t i = 0; i < verdicts.size(); ++i) EXPECT_NE(verdicts[i], "same") << RefusedPaths()[i].name;
}

// They are reached by a link.
TEST(RepositoryPathTest, WhatIsNotUtf8IsNotTold) {
  for (const char* path : {"/a\xff", "/a\xed\xa0\x80/b", "/a\xc0\xaf"}) {
    EXPECT_EQ(LocationProblem(path), "");
    EXPECT_EQ(SpokenPath(path), "/./repository");
    EXPECT_EQ(RepositoryUrl(path), "ssh://borg-server/./repository");
    EXPECT_EQ(Serve("borg", path, false).argv.back(), "--restrict-to-repository=repository");
  }
  EXPECT_EQ(SpokenPath("/h\xc3\xa9"), "/h\xc3\xa9");
  EXPECT_NE(LocationProblem("/a\xff/../b"), "");
  EXPECT_NE(LocationProblem("/./repository"), "");  // nobody else gets there
}

TEST(RepositoryPathTest, RefusesWhatNoArgumentCanHold) {
  for (const std::string_view path : {std::string_view(""), std::string_view("a/b"), std::string_view("/a\0b", 4)}) {
    EXPECT_NE(LocationProblem(path), "");
  }
}

}  // namespace
}  // namespace borgop
