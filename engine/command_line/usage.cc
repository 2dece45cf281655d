#include "engine/command_line/usage.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <string>
#include <vector>

#include "engine/command_line/command_line.h"
#include "engine/plan/document.h"
#include "engine/report/report.h"

namespace borgop::cli {
namespace {

std::string Suggestion(const std::string& word, const std::vector<std::string_view>& names) {
  const std::string_view nearest = NearestName(word, names);
  return nearest.empty() ? std::string() : "; did you mean " + Quoted(nearest) + "?";
}

std::vector<std::string_view> OptionNames(const VerbFacts& verb) {
  std::vector<std::string_view> names;
  for (const OptionFacts& option : verb.options) {
    for (const std::string& name : option.names) names.emplace_back(name);
  }
  return names;
}

const OptionFacts* Find(const VerbFacts& verb, std::string_view name) {
  for (const OptionFacts& option : verb.options) {
    for (const std::string& known : option.names) {
      if (known == name) return &option;
    }
  }
  return nullptr;
}

// The first word from `begin` on that `verb` does not know; empty if there is none.
std::string UnknownWord(const VerbFacts& verb, const std::vector<std::string>& words, std::size_t begin) {
  std::size_t positionals = 0;
  const bool any_number = !verb.positionals.empty() && verb.positionals.back().many;
  for (std::size_t i = begin; i < words.size(); ++i) {
    if (words[i] == "--") return {};  // what follows are values
    std::string name = words[i].substr(0, words[i].find('='));
    if (name.size() < 2 || name[0] != '-') {
      if (positionals++ == verb.positionals.size() && !any_number) return words[i];
      continue;
    }
    const OptionFacts* option = Find(verb, name);
    if (option == nullptr && name[1] != '-') option = Find(verb, name.substr(0, 2));  // -pFILE
    if (option == nullptr) return name;
    if (!option->placeholder.empty() && name.size() == words[i].size() && Find(verb, name) != nullptr) ++i;  // its value
  }
  return {};
}

}  // namespace

int ReportUsage(const CLI::App& app, const CLI::ParseError& error, int argc, const char* const* argv) {
  if (error.get_exit_code() == 0) {
    app.exit(error);
    return FlushOutput("the help");
  }
  const CommandLine line = Describe(app);
  const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  const std::string help = "\n" + line.program;
  std::size_t at = 0;
  while (at < words.size() && words[at].size() > 1 && words[at][0] == '-') ++at;
  const VerbFacts* verb = nullptr;
  std::vector<std::string_view> names;
  for (const VerbFacts& known : line.verbs) {
    names.emplace_back(known.name);
    if (at < words.size() && known.name == words[at]) verb = &known;
  }
  const std::vector<std::string> before(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(at));
  const auto hidden =
      app.get_subcommands([&](const CLI::App* known) { return at < words.size() && known->get_name() == words[at]; });
  if (const std::string stray = UnknownWord(line.general, before, 0); !stray.empty()) {
    std::cerr << line.program << ": unknown option " << Quoted(stray) << Suggestion(stray, OptionNames(line.general)) << help
              << " --help lists the verbs; options of a verb stand after it.\n";
  } else if (at == words.size()) {
    std::cerr << line.program << ": no verb is given\n" << app.help();
  } else if (verb == nullptr && hidden.empty()) {
    std::cerr << line.program << ": unknown verb " << Quoted(words[at]) << Suggestion(words[at], names) << help
              << " --help lists the verbs.\n";
  } else {
    const std::string unknown = verb == nullptr ? std::string() : UnknownWord(*verb, words, at + 1);
    std::cerr << line.program << " " << words[at] << ": ";
    if (unknown.empty()) {
      std::cerr << error.what();
    } else if (unknown[0] == '-') {
      std::cerr << "unknown option " << Quoted(unknown) << Suggestion(unknown, OptionNames(*verb));
    } else {
      std::cerr << "unexpected argument " << Quoted(unknown);
    }
    std::cerr << help << " " << words[at] << " --help shows its options, with examples.\n";
  }
  return exit_code::kUsage;
}

int FlushOutput(std::string_view what) {
  errno = 0;
  std::cout.flush();
  // Where its parent had standard output written line by line (stdbuf), only stdio knows that a line before was lost.
  if (std::cout && std::ferror(stdout) == 0) return exit_code::kOk;
  std::cerr << program_invocation_short_name << ": cannot write " << what << " to standard output"
            << (errno != 0 ? std::string(": ") + std::strerror(errno) : "")
            << "\nCheck where standard output goes: a full disk, or a program that has ended.\n";
  return exit_code::kInternal;
}

}  // namespace borgop::cli
