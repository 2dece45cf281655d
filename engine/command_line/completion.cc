#include "engine/command_line/completion.h"

#include <iostream>
#include <memory>

#include "engine/command_line/command_line.h"
#include "engine/command_line/usage.h"

namespace borgop::cli {

void AddCompletion(CLI::App& app, Action& action) {
  auto shell = std::make_shared<std::string>();
  CLI::App* verb = app.add_subcommand("completion", "Print a script that completes this command line in bash, zsh or fish");
  const std::string program = app.get_name();
  verb->footer("Examples:\n  source <(" + program + " completion bash)   # this shell only; zsh likewise, after compinit\n  " +
               program + " completion bash > ~/.local/share/bash-completion/completions/" + program + "\n  " + program +
               " completion zsh > ~/.zfunc/_" + program + "   # with fpath+=(~/.zfunc) before compinit in ~/.zshrc\n  " + program +
               " completion fish > ~/.config/fish/completions/" + program + ".fish");
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
