// The completion scripts. Candidates only come from CommandLine.
#include "engine/command_line/command_line.h"

namespace borgop::cli {
namespace {

std::string Joined(const std::vector<std::string>& words, const std::string& separator) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : separator) + word;
  return out;
}

std::string VerbNames(const CommandLine& line) {
  std::vector<std::string> names;
  for (const VerbFacts& verb : line.verbs) names.push_back(verb.name);
  return Joined(names, " ");
}

std::string OptionWords(const VerbFacts& verb) {
  std::vector<std::string> names;
  for (const OptionFacts& option : verb.options) names.insert(names.end(), option.names.begin(), option.names.end());
  return Joined(names, " ");
}

// Within single quotes of a shell that has no escape there.
std::string ShellQuoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// zsh's _arguments reads colons and brackets in its specifications.
std::string ForArguments(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == ':' || c == '[' || c == ']' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string BashValue(const OptionFacts& option) {
  if (!option.choices.empty()) return "COMPREPLY=($(compgen -W " + ShellQuoted(Joined(option.choices, " ")) + " -- \"$word\"))";
  if (option.is_file()) return "compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"$word\"))";
  if (option.is_program()) return "COMPREPLY=($(compgen -c -- \"$word\"))";
  return ":";
}

std::string ZshAction(const OptionFacts& option) {
  std::string what = ":" + option.placeholder + ":";
  if (!option.choices.empty()) return what + "(" + Joined(option.choices, " ") + ")";
  if (option.is_file()) return what + "_files";
  if (option.is_program()) return what + "_command_names -e";
  return what;
}

std::string ZshSpecification(const OptionFacts& option) {
  const std::string meaning = "[" + ForArguments(option.description) + "]" + (option.placeholder.empty() ? "" : ZshAction(option));
  std::string out;
  for (const std::string& name : option.names) {
    out += " \\\n        " + ShellQuoted("(" + Joined(option.names, " ") + ")" + name + meaning);
  }
  return out;
}

std::string FishOption(const CommandLine& line, const std::string& condition, const OptionFacts& option) {
  std::string out = "complete -c " + line.program + " -n " + ShellQuoted(condition);
  for (const std::string& name : option.names) out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (!option.choices.empty()) {
    out += " -x -a " + ShellQuoted(Joined(option.choices, " "));
  } else if (option.is_file()) {
    out += " -r -F";
  } else if (option.is_program()) {
    out += " -x -a '(__fish_complete_command)'";
  } else if (!option.placeholder.empty()) {
    out += " -x";
  }
  return out + " -d " + ShellQuoted(option.description) + "\n";
}

}  // namespace

std::string BashCompletion(const CommandLine& line) {
  std::string out = "# bash completion for " + line.program + "; made by `" + line.program +
                    " completion bash`.\n_borg_engine() {\n" +
                    "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb= i\n"
                    "  COMPREPLY=()\n"
                    "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
                    "    case ${COMP_WORDS[i]} in -*) ;; *) verb=${COMP_WORDS[i]}; break ;; esac\n"
                    "  done\n"
                    "  case $verb in\n";
  for (const VerbFacts& verb : line.verbs) {
    out += "    " + verb.name + ")\n      case $before in\n";
    for (const OptionFacts& option : verb.options) {
      if (!option.placeholder.empty()) out += "        " + Joined(option.names, " | ") + ") " + BashValue(option) + "; return ;;\n";
    }
    out += "      esac\n      case $word in\n        -*) COMPREPLY=($(compgen -W " + ShellQuoted(OptionWords(verb)) +
           " -- \"$word\")) ;;\n";
    out += "        *) " + (verb.positionals.empty() ? std::string(":") : BashValue(verb.positionals[0])) +
           " ;;\n      esac\n      ;;\n";
  }
  out +=
      "    '') COMPREPLY=($(compgen -W " + ShellQuoted(VerbNames(line) + " " + OptionWords(line.general)) + " -- \"$word\")) ;;\n";
  return out + "  esac\n}\ncomplete -F _borg_engine " + line.program + "\n";
}

std::string ZshCompletion(const CommandLine& line) {
  std::string out = "#compdef " + line.program + "\n# zsh completion for " + line.program + "; made by `" + line.program +
                    " completion zsh`.\n_borg_engine() {\n  local curcontext=$curcontext state line\n  local -a verbs\n  verbs=(\n";
  for (const VerbFacts& verb : line.verbs) out += "    " + ShellQuoted(verb.name + ":" + verb.description) + "\n";
  out += "  )\n  _arguments -C";
  for (const OptionFacts& option : line.general.options) out += ZshSpecification(option);
  out +=
      " \\\n        '1:verb:->verb' '*::argument:->argument'\n  case $state in\n    verb) _describe verb verbs ;;\n"
      "    argument)\n      case $line[1] in\n";
  for (const VerbFacts& verb : line.verbs) {
    out += "        " + verb.name + ") _arguments";
    for (const OptionFacts& option : verb.options) out += ZshSpecification(option);
    for (std::size_t i = 0; i < verb.positionals.size(); ++i) {
      const std::string place = verb.positionals[i].many ? "*" : std::to_string(i + 1);
      out += " \\\n        " + ShellQuoted(place + ZshAction(verb.positionals[i]));
    }
    out += " ;;\n";
  }
  // Sourced, it registers itself; autoloaded from fpath, it completes.
  return out + "      esac\n      ;;\n  esac\n}\nif [[ $funcstack[1] == _" + line.program +
         " ]]; then _borg_engine \"$@\"; else compdef _borg_engine " + line.program + "; fi\n";
}

std::string FishCompletion(const CommandLine& line) {
  std::string out = "# fish completion for " + line.program + "; made by `" + line.program + " completion fish`.\ncomplete -c " +
                    line.program + " -f\n";
  const std::string no_verb = "not __fish_seen_subcommand_from " + VerbNames(line);
  for (const VerbFacts& verb : line.verbs) {
    out += "complete -c " + line.program + " -n " + ShellQuoted(no_verb) + " -a " + verb.name + " -d " +
           ShellQuoted(verb.description) + "\n";
  }
  for (const OptionFacts& option : line.general.options) out += FishOption(line, no_verb, option);
  for (const VerbFacts& verb : line.verbs) {
    const std::string seen = "__fish_seen_subcommand_from " + verb.name;
    for (const OptionFacts& option : verb.options) out += FishOption(line, seen, option);
    for (const OptionFacts& positional : verb.positionals) {
      if (positional.choices.empty()) continue;
      out +=
          "complete -c " + line.program + " -n " + ShellQuoted(seen) + " -a " + ShellQuoted(Joined(positional.choices, " ")) + "\n";
    }
  }
  return out;
}

}  // namespace borgop::cli
