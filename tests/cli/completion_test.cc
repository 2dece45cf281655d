// The candidates that real shells offer.
#include <gmock/gmock.h>

#include "tests/cli/program.h"

namespace borgop::clitest {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct Case {
  const char* name;
  std::vector<std::string> words;  // the last is being typed
  std::vector<std::string> offered, not_offered;
};

const std::vector<Case>& Cases() {
  static const std::vector<Case> cases = {
      {"verbs", {""}, {"run", "check-config", "convert", "completion"}, {"connect", "reference"}},
      {"a verb's beginning", {"r"}, {"run"}, {"convert", "reference"}},
      {"options", {"run", "--"}, {"--plan", "--parallel", "--termination-log"}, {"--version"}},
      {"choices", {"run", "--log-format", ""}, {"auto", "json", "text"}, {"--plan", "debug"}},
      {"other choices", {"run", "--color", "n"}, {"never"}, {"always"}},
      {"an argument's choices", {"completion", ""}, {"bash", "zsh", "fish"}, {"--help"}},
      {"files", {"run", "--plan", "/etc/pass"}, {"/etc/passwd"}, {"--plan"}},
  };
  return cases;
}

void Check(const Case& row, const lab::Ended& ended) {
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.err, IsEmpty());
  for (const std::string& word : row.offered) EXPECT_THAT("\n" + ended.out, HasSubstr("\n" + word + "\n"));
  for (const std::string& word : row.not_offered) EXPECT_THAT("\n" + ended.out, Not(HasSubstr("\n" + word + "\n")));
}

bool Has(const std::string& shell) { return Shell("command -v \"$1\"", {shell}).ok(); }

TEST(Completion, InBash) {
  for (const Case& row : Cases()) {
    SCOPED_TRACE(row.name);
    std::vector<std::string> words = row.words;
    words.insert(words.begin(), "borg-engine");
    Check(row, Shell("set -e; source <(\"$E\" completion bash); COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1))\n"
                     "_borg_engine || true; printf '%s\\n' \"${COMPREPLY[@]}\"",
                     words));
  }
}

TEST(Completion, InFish) {
  if (!Has("fish")) GTEST_SKIP() << "fish is not installed";
  for (const Case& row : Cases()) {
    SCOPED_TRACE(row.name);
    std::string line = "borg-engine";
    for (const std::string& word : row.words) line += " " + word;
    Check(row, Shell("export HOME=/nonexistent PATH=$(dirname \"$E\"):$PATH; \"$E\" completion fish |\n"
                     "fish --no-config -c 'source; complete -C \"$argv[1]\"' \"$1\" | cut -f1",
                     {line}));
  }
}

}  // namespace
}  // namespace borgop::clitest
