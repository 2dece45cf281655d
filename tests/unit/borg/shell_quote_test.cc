#include "engine/borg/shell_quote.h"

#include <gtest/gtest.h>

#include "subprocess.h"

namespace borgop {
namespace {

std::string EveryByte() {
  std::string bytes;
  for (int c = 1; c < 256; ++c) bytes += static_cast<char>(static_cast<unsigned char>(c));
  return bytes;
}

struct Word {
  const char* name;
  std::string bytes;
};

const std::vector<Word>& Words() {
  static const std::vector<Word> words = {
      {"empty", ""},
      {"plain", "plain"},
      {"space", " a  b "},
      {"quote", "it's"},
      {"only quotes", "'''"},
      {"double quotes", "\"a\""},
      {"dollar", "$HOME ${HOME} $(id) `id`"},
      {"backslash", "a\\b\\\\c\\"},
      {"backslash and quote", "\\'"},
      {"newline", "a\nb\n"},
      {"only a newline", "\n"},
      {"glob", "*?[a]~{a,b}!x #"},
      {"dash", "-n"},
      {"percent", "%s%n%d"},
      {"not UTF-8", "\xff\xfe\x80/\xc3"},
      {"operators", ";&|<>()"},
      {"carriage return", "a\r\n"},
      {"every byte", EveryByte()},
      {"every byte backwards",
       [] {
         std::string s = EveryByte();
         return std::string(s.rbegin(), s.rend());
       }()},
  };
  return words;
}

class ShellQuoteTest : public testing::TestWithParam<std::vector<std::string>> {};

TEST_P(ShellQuoteTest, WordsArriveUnchanged) {
  if (!HasProgram(GetParam().front())) GTEST_SKIP() << GetParam().front() << " is not installed";
  for (const Word& word : Words()) {
    SCOPED_TRACE(word.name);
    std::vector<std::string> argv = GetParam();
    argv.insert(argv.end(), {"-c", "printf %s " + ShellQuote(word.bytes)});
    const Ran ran = RunProgram(argv);
    EXPECT_EQ(ran.status, 0);
    EXPECT_EQ(ran.out, word.bytes);
  }
}

TEST_P(ShellQuoteTest, CommandsKeepTheirWords) {
  if (!HasProgram(GetParam().front())) GTEST_SKIP() << GetParam().front() << " is not installed";
  std::vector<std::string> command = {"printf", "<%s>"};
  std::string expected;
  for (const Word& word : Words()) {
    command.push_back(word.bytes);
    expected += "<" + word.bytes + ">";
  }
  // As a script on standard input, and as -c.
  EXPECT_EQ(RunProgram(GetParam(), ShellJoin(command) + "\n").out, expected);
  std::vector<std::string> argv = GetParam();
  argv.insert(argv.end(), {"-c", ShellJoin(command)});
  EXPECT_EQ(RunProgram(argv).out, expected);
}

INSTANTIATE_TEST_SUITE_P(Shells, ShellQuoteTest,
                         testing::Values(std::vector<std::string>{"sh"}, std::vector<std::string>{"dash"},
                                         std::vector<std::string>{"bash"}, std::vector<std::string>{"bash", "--posix"},
                                         std::vector<std::string>{"busybox", "sh"}, std::vector<std::string>{"mksh"},
                                         std::vector<std::string>{"ksh"}, std::vector<std::string>{"zsh"}),
                         [](const auto& shell) {
                           std::string name;
                           for (const std::string& word : shell.param) name += word.starts_with("--") ? "_" + word.substr(2) : word;
                           return name;
                         });

}  // namespace
}  // namespace borgop
