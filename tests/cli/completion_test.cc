// The candidates that real shells offer.
#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "tests/cli/program.h"

namespace borgop::clitest {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct Case {
  std::string name;
  std::vector<std::string> words;  // the last is being typed
  std::vector<std::string> offered, not_offered;
};

// The options that a verb's help lists, with two dashes: another source than what the scripts are made from.
std::vector<std::string> LongOptions(const std::string& verb) {
  std::vector<std::string> options;
  std::istringstream help(Shell("\"$E\" \"$1\" --help | grep -oE '^ +(-., ?)?--[a-z-]+' | grep -oE -e '--.*'", {verb}).out);
  for (std::string option; std::getline(help, option);) options.push_back(option);
  return options;
}

std::vector<Case> Cases() {
  std::vector<Case> cases = {
      {"verbs", {""}, {"run", "list", "restore", "verify", "check-config", "convert", "completion"}, {"connect", "reference"}},
      {"a verb's beginning", {"r"}, {"run", "restore"}, {"convert", "reference"}},
      {"options", {"run", "--"}, {"--plan", "--parallel", "--termination-log"}, {"--version"}},
      {"choices", {"run", "--log-format", ""}, {"auto", "json", "text"}, {"--plan", "debug"}},
      {"other choices", {"run", "--color", "n"}, {"never"}, {"always"}},
      {"an argument's choices", {"completion", ""}, {"bash", "zsh", "fish"}, {"--help"}},
      {"files", {"run", "--plan", "/etc/pass"}, {"/etc/passwd"}, {"--plan"}},
  };
  for (const std::string verb : {"run", "list", "restore", "verify", "check-config", "convert", "completion"}) {
    cases.push_back({"all options of " + verb, {verb, "--"}, LongOptions(verb), {}});
    EXPECT_THAT(cases.back().offered, testing::Contains("--help"));
  }
  return cases;
}

std::string LineOf(const Case& row) {
  std::string line = "borg-engine";
  for (const std::string& word : row.words) line += " " + word;
  return line;
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
    Check(row, Shell("d=$(mktemp -d) && trap 'rm -rf \"$d\"' EXIT\n"  // fish makes its folders in $HOME
                     "export HOME=$d PATH=$(dirname \"$E\"):$PATH; \"$E\" completion fish |\n"
                     "fish --no-config -c 'source; complete -C \"$argv[1]\"' \"$1\" | cut -f1",
                     {LineOf(row)}));
  }
}

// zsh completes only in its line editor, which wants a terminal: zpty is one. Nothing is typed there and nothing read from it: the
// editor itself fills in one line after another, and what would be offered for it goes to a file.
constexpr const char* kZshInside = R"zsh(
autoload -Uz compinit
compinit -D -u
source <("$E" completion zsh)
compadd() {
  if (( ${@[(I)-[OAD]*]} )); then builtin compadd "$@"; return; fi
  local -a hits
  local prefix=${@[${@[(i)-p]} + 1]}
  builtin compadd -O hits "$@"
  (( $#hits )) && print -rl -- ${hits/#/$prefix} >>"$OFFERED"
  builtin compadd "$@"
}
zle -C offer list-choices _main_complete
zle-line-init() {
  if (( ! $#lines )); then BUFFER=exit; zle .accept-line; return; fi
  print -r -- "# $lines[1]" >>"$OFFERED"
  BUFFER=$lines[1] CURSOR=$#lines[1]
  shift lines
  zle offer
  BUFFER=
  zle .accept-line
}
zle -N zle-line-init
)zsh";

TEST(Completion, InZsh) {
  if (!Has("zsh") || !Shell("zsh -f -c 'zmodload zsh/zpty'").ok()) GTEST_SKIP() << "zsh with its module zpty is not installed";
  const std::vector<Case> cases = Cases();
  std::vector<std::string> arguments = {kZshInside};
  for (const Case& row : cases) arguments.push_back(LineOf(row));
  const lab::Ended all = Shell(R"sh(
d=$(mktemp -d) && trap 'rm -rf "$d"' EXIT
printf %s "$1" >"$d/inside"; shift
export E OFFERED="$d/offered" INSIDE="$d/inside" HOME="$d" TERM=dumb
timeout 100 zsh -f -c 'zmodload zsh/zpty && zpty shell zsh -f -i && zpty -w shell "lines=(${(@qq)@}); source \"\$INSIDE\"" &&
  while zpty -r shell said; do :; done' zsh "$@" || true
cat "$OFFERED")sh",
                               arguments);
  for (const Case& row : cases) {
    SCOPED_TRACE(row.name);
    const std::string head = "# " + LineOf(row) + "\n";
    const std::size_t at = ("\n" + all.out).find("\n" + head);
    ASSERT_NE(at, std::string::npos) << all.out << all.err;
    lab::Ended one = all;
    one.out = all.out.substr(at + head.size());
    one.out.resize(std::min(one.out.size(), one.out.find("# ")));
    Check(row, one);
  }
}

}  // namespace
}  // namespace borgop::clitest
