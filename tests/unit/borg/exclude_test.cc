// Excludes with bytes that are not UTF-8: the same paths by borg's own matcher, and a command line that it can store.
#include "engine/borg/exclude.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/base/utf8.h"
#include "subprocess.h"

namespace borgop {
namespace {

struct Written {
  const char* name;
  std::string pattern, expected;
};

const Written kWritten[] = {
    {"Utf8Stays", "sh:/srv/**/h\xc3\xa9*", "sh:/srv/**/h\xc3\xa9*"},
    {"FnmatchIsTheDefault", "/a\xff*", R"(re:(?s)\Aa\udcff.*(?:/|\Z))"},
    {"Shell", "sh:/srv/**/\xe9?/*", R"(re:(?s)\Asrv\/(?:[^/]*/)*\udce9[^/]\/[^/]*(?:/|\Z))"},
    {"ContentsOnly", "/a\xff/", R"(re:(?s)\Aa\udcff/)"},
    {"Prefix", "pp:/a/../b\xff/", R"(re:\Ab\udcff(?:/|\Z))"},
    {"Full", "pf:b.\xff", R"(re:\Ab\.\udcff\Z)"},
    {"Regex", "re:^a\xff+$", R"(re:^a\udcff+$)"},
    {"RegexEscapedByte", "re:\\\xff\\\\\xff", R"(re:\udcff\\\udcff)"},
    {"Set", "[!a\xe0-\xef-]", R"(re:(?s)\A[^a\udce0-\udcef\-](?:/|\Z))"},
};

TEST(ExcludeTest, IsWritten) {
  for (const Written& row : kWritten) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(SpeakableExclude(row.pattern), row.expected);
  }
}

std::string PatternHex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) {
    hex += "0123456789abcdef"[(static_cast<unsigned char>(c) >> 4U) & 0xFU];
    hex += "0123456789abcdef"[static_cast<unsigned char>(c) & 0xFU];
  }
  return hex;
}

struct Borg {
  std::string name, python;
};

std::vector<Borg> Borgs() {
  std::vector<Borg> borgs = {{"system", "/usr/bin/python3"}};
  for (const char* version : {"1.2", "1.4"}) {
    const std::filesystem::path venv = std::string(BORG_VENVS) + "/borg-" + version;
    if (std::filesystem::exists(venv / "bin/python3")) borgs.push_back({version, (venv / "bin/python3").string()});
  }
  return borgs;
}

TEST(ExcludeTest, MatchesTheSamePathsInBorg) {
  const std::vector<std::string> patterns = {
      "\xff",
      "/srv/\xff",
      "srv/\xff/",
      "*\xff",
      "*/\xff*",
      "/srv//./x/../\xff/",
      "s?v/[\xfe-\xff]",
      "s?v/[!\xfe]",
      "srv/[\xff",
      "srv/[]\xff]",
      "srv/[!]\xff]",
      "srv/[a-\xff]",
      "srv/[\xff-a]",
      "srv/[!\xff-a]",
      "srv/[-\xff]",
      "srv/[\xff-]",
      "srv/[a-c-\xff]",
      "srv/[--\xff]",
      "srv/[\\\xff]",
      "srv/[^\xff]",
      "srv/[&&||~~[\xff]",
      "sh:srv/\xff",
      "sh:**/\xff",
      "sh:srv/**/\xff/",
      "sh:*/\xff",
      "sh:**\xff",
      "sh:srv/?",
      "sh:s?v/[\xfe-\xff]*",
      "sh:srv/[!a\xff]",
      "sh:srv/[^\xff]",
      "sh:srv/[\\\xff]",
      "sh:?*/\xff",
      "sh:***/\xff",
      "fm:srv/*.\xff$+(|)",
      "pp:/srv/\xff",
      "pp:srv/\xff/",
      "pp:srv//a/../\xff",
      "pp:*\xff",
      "pf:/srv/\xff",
      "pf:srv/./\xff/",
      "pf:srv/*\xff",
      "re:\xff",
      "re:^srv/\xff$",
      "re:[\xfe-\xff]x",
      "re:\\\xff",
      "re:\\\\\xff",
      "re:(?s)v.\xff",
      "re:\xff{2}",
      "../\xff",
      "*\n\xff",
      "h\xc3\xa9/\xff",
      "fm:*\xe9\xc3\xa9",
      "pp:\xff \t#'\"",
      "srv\xff/**/",
      "**/**\xff",
      "[\xff]",
      "[!\xff]",
      "\xed\xa0\x80*",
  };
  const std::vector<std::string> paths = {
      "/srv/\xff",
      "/srv/\xff/in",
      "/srv/a",
      "/srv/\xfe",
      "/srv/]",
      "/srv/-",
      "/srv/b",
      "/srv/c",
      "/srv/\\",
      "/srv/^",
      "/srv/&",
      "/srv/[",
      "/srv/[\xff",
      "/srv",
      "/\xff",
      "\xff",
      "\xff/deep/er",
      "/srv/deep/\xff",
      "/srv/deep/\xff/x",
      "/srv/x\xff",
      "/srv/\xffx",
      "/srv/\xff\xff",
      "/srv/*\xff",
      "/srv/\\\xff",
      "/srv/a.\xff$+(|)",
      "/srv/\n\xff",
      "/h\xc3\xa9/\xff",
      "/srv/\xe9\xc3\xa9",
      "\xff \t#'\"",
      "/srv\xff/a",
      "/srv\xff",
      "../\xff",
      "zz:\xff",
      "/srv/\xc3\xa9",
      "/\xed\xa0\x80",
      "/\xed\xa0\x80x",
      "/srv/\xe0",
      "/s/v/\xff",
      "/srv/~",
      "/srv/|",
  };
  std::size_t compared = 0;
  std::size_t matched = 0;
  for (const Borg& borg : Borgs()) {
    SCOPED_TRACE(borg.name);
    for (const std::string& pattern : patterns) {
      const std::string other = SpeakableExclude(pattern);
      SCOPED_TRACE(PatternHex(pattern) + " " + other);
      EXPECT_TRUE(IsUtf8(other));
    }
    std::string input;
    std::vector<std::pair<std::string, std::string>> cases;
    const auto flush = [&] {
      const Ran ran = RunProgram({borg.python, EXCLUDE_SCRIPT}, input);
      std::istringstream lines(ran.out);
      for (const auto& [pattern, path] : cases) {
        std::string line;
        ASSERT_TRUE(std::getline(lines, line)) << borg.python << " has ended with " << ran.status;
        if (line == "no borg") GTEST_SKIP() << borg.python << " finds no borg";
        EXPECT_TRUE(line == "yy" || line == "nn")
            << line << " for " << PatternHex(pattern) << " as " << SpeakableExclude(pattern) << " on " << PatternHex(path);
        ++compared;
        if (line == "yy") ++matched;
      }
      input.clear();
      cases.clear();
    };
    for (const std::string& pattern : patterns) {
      for (const std::string& path : paths) {
        input += PatternHex(pattern) + " " + PatternHex(SpeakableExclude(pattern)) + " " + PatternHex(path) + "\n";
        cases.emplace_back(pattern, path);
      }
      if (input.size() > 50'000) flush();
      if (HasFatalFailure() || IsSkipped()) return;
    }
    flush();
    if (HasFatalFailure() || IsSkipped()) return;
  }
  EXPECT_GT(matched, compared / 50);
}

}  // namespace
}  // namespace borgop
