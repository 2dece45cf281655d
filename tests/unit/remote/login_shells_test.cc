// The one command line that every login shell has to read alike, run through those that are installed.
#include <gtest/gtest.h>
#include <unistd.h>

#include "engine/borg/shell_quote.h"
#include "engine/remote/script.h"
#include "tests/lab/process.h"
#include "tests/unit/remote/temporary_home.h"

namespace borgop {
namespace {

using namespace std::chrono_literals;

struct LoginShell {
  const char* name;
  std::vector<std::string> argv;  // sshd appends -c and the command
};

class LoginShells : public testing::TestWithParam<LoginShell> {};

TEST_P(LoginShells, RunAScriptAndLeaveTheRestOfTheInputToIt) {
  if (!Installed(GetParam().argv.front())) GTEST_SKIP() << GetParam().argv.front() << " is not installed";
  const TemporaryHome home;
  const std::string awkward =
      "it's \"quoted\" \\ \\\\ \\n `back` $HOME $(x) ${y} !! !x ^a^b % # ~ * ? [a] {a,b} ; & | < >\n\ttab \x01\xff\xfe\xc3\xa9 ";
  const std::string script =
      "printf '<%s>' " + ShellQuote(awkward) + "\nx=1\nif [ \"$x\" = 1 ]; then\n  printf ' and '\nfi\necho told >&2\ncat\nexit 7";
  std::string rest;
  for (int i = 0; i < 256 * 40; ++i) rest.push_back(static_cast<char>(i));
  std::vector<std::string> argv = GetParam().argv;
  const Bootstrap bootstrap(script);
  argv.insert(argv.end(), {"-c", bootstrap.command});
  lab::Process process({.argv = argv,
                        .env = {{"HOME", home.path()}, {"XDG_CONFIG_HOME", home.path()}, {"XDG_DATA_HOME", home.path()}},
                        .keep_stdin_open = true});
  process.WriteInput(bootstrap.input + rest);
  process.CloseInput();
  const std::optional<lab::Ended> ended = process.Wait(60s);
  ASSERT_TRUE(ended.has_value()) << "it hangs: " << process.Out() << process.Err();
  EXPECT_EQ(ended->exit_code, 7) << ended->err;
  EXPECT_EQ(ended->err, "told\n");
  EXPECT_TRUE(ended->out == "<" + awkward + "> and " + rest) << ended->out.substr(0, 200);
}

// 0 is sent as a status of its own (script.h), which must stand for nothing else.
TEST(Bootstrap, SendsAStatusThatTellsZeroFromAllOthers) {
  for (const auto& [status, sent] : {std::pair{0, 200}, {1, 1}, {200, 201}, {201, 201}, {255, 255}}) {
    const Bootstrap bootstrap("exit " + std::to_string(status) + "\n");
    lab::Process process({.argv = {"sh", "-c", bootstrap.command}, .keep_stdin_open = true});
    process.WriteInput(bootstrap.input);
    process.CloseInput();
    const std::optional<lab::Ended> ended = process.Wait(60s);
    ASSERT_TRUE(ended.has_value());
    EXPECT_EQ(ended->exit_code, sent) << status;
  }
}

INSTANTIATE_TEST_SUITE_P(All, LoginShells,
                         testing::Values(LoginShell{"sh", {"sh"}}, LoginShell{"bash", {"bash"}}, LoginShell{"zsh", {"zsh"}},
                                         LoginShell{"fish", {"fish"}}, LoginShell{"csh", {"csh"}}, LoginShell{"tcsh", {"tcsh"}},
                                         LoginShell{"ksh", {"ksh"}}, LoginShell{"mksh", {"mksh"}}, LoginShell{"yash", {"yash"}},
                                         LoginShell{"busybox", {"busybox", "sh"}}, LoginShell{"posh", {"posh"}},
                                         LoginShell{"rc", {"rc"}}, LoginShell{"elvish", {"elvish"}}, LoginShell{"xonsh", {"xonsh"}},
                                         LoginShell{"sash", {"sash"}}),
                         [](const auto& shell) { return std::string(shell.param.name); });

}  // namespace
}  // namespace borgop
