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

// zsh completes only in its line editor, so it gets a terminal.
TEST(Completion, InZsh) {
  if (!Has("zsh")) GTEST_SKIP() << "zsh is not installed";
  for (const Case& row : Cases()) {
    SCOPED_TRACE(row.name);
    std::string line = "borg-engine";
    for (const std::string& word : row.words) line += " " + word;
    const std::string script = R"zsh(
zmodload zsh/zpty; d=$(mktemp -d); trap 'rm -rf $d' EXIT; $1 completion zsh >$d/completion
zpty z zsh -f -i
zpty -w z "PS1=; PATH=${1:h}:\$PATH; fpath=($fpath); autoload -Uz compinit; compinit -u -D; source $d/completion
compadd() { case \"\$*\" in *-[OAD]*) builtin compadd \"\$@\"; return ;; esac
  local -a got; builtin compadd -O got \"\$@\"; print -l -- \$got >>$d/got; builtin compadd \"\$@\" }
finish() { zle -I; print >$d/done }; show() { zle complete-word; finish }
zle -C complete-word list-choices _main_complete; zle -N show; bindkey '^I' show; print >$d/ready"
n=0; while [[ ! -e $d/ready ]] && ((n++ < 300)); do zpty -r -t z x; sleep 0.05; done
zpty -w -n z "$2"$'\t'
n=0; while [[ ! -e $d/done ]] && ((n++ < 300)); do zpty -r -t z x; sleep 0.05; done
zpty -d z; [[ ! -e $d/got ]] || cat $d/got
)zsh";
    lab::Command command;
    command.argv = {"zsh", "-f", "-c", script, "zsh", Engine(), line};
    lab::Ended ended = lab::RunToEnd(command);
    // Files are offered without their directory.
    const std::size_t at = ended.out.find("passwd\n");
    if (at != std::string::npos && (at == 0 || ended.out[at - 1] == '\n')) ended.out.insert(at, "/etc/");
    // Options are offered with their descriptions beside them; what comes after the name is not looked at.
    Check(row, ended);
  }
}

}  // namespace
}  // namespace borgop::clitest
