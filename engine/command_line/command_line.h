// The command line as data, taken from the CLI11 App that also parses it: what completion scripts, docs/cli.md and suggestions are made
// of, so that none of them can say something else than the parser.
//
// Thread safety: pure functions; they only read the App.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace borgop::cli {

struct OptionFacts {
  std::vector<std::string> names;  // as they are typed: "-p", "--plan"; empty for a positional argument
  std::string placeholder;         // FILE, N and so on; empty for a flag
  std::string default_value;       // empty: none
  std::string description;
  std::vector<std::string> choices;  // empty: anything
  bool required = false;
  bool many = false;  // takes any number of values
  bool is_file() const { return placeholder == "FILE"; }
  bool is_program() const { return placeholder == "PROGRAM"; }
};

struct VerbFacts {
  std::string name, description, footer;
  std::vector<OptionFacts> options;
  std::vector<OptionFacts> positionals;
};

struct CommandLine {
  std::string program;
  VerbFacts general;             // what stands before a verb
  std::vector<VerbFacts> verbs;  // without the hidden ones
};

struct ExitStatusFacts {
  int status;
  std::string meaning;
};

CommandLine Describe(const CLI::App& app);

// Each a whole file.
std::string BashCompletion(const CommandLine& line);
std::string ZshCompletion(const CommandLine& line);
std::string FishCompletion(const CommandLine& line);
std::string CommandLineReference(const CommandLine& line, const std::vector<ExitStatusFacts>& statuses);

}  // namespace borgop::cli
