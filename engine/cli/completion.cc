#include <iostream>
#include <memory>

#include "engine/cli/command_line.h"
#include "engine/cli/usage.h"
#include "engine/cli/verbs.h"

namespace borgop::cli {

void AddCompletion(CLI::App& app, Action& action) {
  auto shell = std::make_shared<std::string>();
  CLI::App* verb = app.add_subcommand("completion", "Print a script that completes this command line in bash, zsh or fish");
  verb->footer(
      "Examples:\n"
      "  source <(borg-engine completion bash)                # this shell only; zsh likewise, after compinit\n"
      "  borg-engine completion bash > ~/.local/share/bash-completion/completions/borg-engine\n"
      "  borg-engine completion zsh > ~/.zfunc/_borg-engine   # with fpath+=(~/.zfunc) before compinit in ~/.zshrc\n"
      "  borg-engine completion fish > ~/.config/fish/completions/borg-engine.fish");
  verb->add_option("shell", *shell, "The shell")->required()->type_name("SHELL")->check(CLI::IsMember({"bash", "zsh", "fish"}));
  verb->callback([shell, &app, &action] {
    action = [shell, &app] {
      const CommandLine line = Describe(app);
      std::cout << (*shell == "bash" ? BashCompletion(line) : *shell == "zsh" ? ZshCompletion(line) : FishCompletion(line));
      return FlushOutput("the completion script");
    };
  });
}

}  // namespace borgop::cli
