#include "engine/command_line/command_line.h"

namespace borgop::cli {
namespace {

// CLI11 keeps what IsMember accepts only in the type's name: "FORMAT:{auto,json,text}".
std::vector<std::string> ChoicesIn(const std::string& type_name) {
  std::vector<std::string> choices;
  const std::size_t open = type_name.find('{');
  const std::size_t close = type_name.find('}', open == std::string::npos ? 0 : open);
  if (open == std::string::npos || close == std::string::npos) return choices;
  for (std::size_t begin = open + 1; begin <= close;) {
    const std::size_t end = std::min(type_name.find(',', begin), close);
    choices.push_back(type_name.substr(begin, end - begin));
    begin = end + 1;
  }
  return choices;
}

OptionFacts FactsOf(const CLI::Option& option) {
  OptionFacts facts;
  for (const std::string& name : option.get_snames()) facts.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) facts.names.push_back("--" + name);
  facts.description = option.get_description();
  facts.required = option.get_required();
  if (option.get_items_expected_max() == 0) return facts;
  facts.many = option.get_items_expected_max() > 1;
  const std::string type_name = option.get_type_name();
  facts.placeholder = type_name.substr(0, type_name.find_first_of(":{ "));
  facts.default_value = option.get_default_str();
  facts.choices = ChoicesIn(type_name);
  return facts;
}

VerbFacts FactsOf(const CLI::App& app) {
  VerbFacts verb{app.get_name(), app.get_description(), app.get_footer(), {}, {}};
  for (const CLI::Option* option : app.get_options()) {
    OptionFacts facts = FactsOf(*option);
    (facts.names.empty() ? verb.positionals : verb.options).push_back(std::move(facts));
  }
  return verb;
}

std::string Usage(const CommandLine& line, const VerbFacts& verb) {
  std::string usage = line.program + " " + verb.name + " [OPTION...]";
  for (const OptionFacts& positional : verb.positionals) {
    const std::string name = positional.placeholder + (positional.many ? "..." : "");
    usage += positional.required ? " " + name : " [" + name + "]";
  }
  return usage;
}

std::string Indented(const std::string& text) {
  std::string out;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin) out += "    " + text.substr(begin, end - begin);
    out += '\n';
    begin = end + 1;
  }
  return out;
}

std::string TextInTable(std::string text) {
  for (std::size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) text.insert(at, "\\");
  return text;
}

std::string Row(const OptionFacts& option) {
  std::string names;
  for (const std::string& name : option.names) names += (names.empty() ? "`" : ", `") + name + "`";
  if (names.empty()) names = "`" + option.placeholder + "`";
  std::string value = option.names.empty() || option.placeholder.empty() ? "" : "`" + option.placeholder + "`";
  for (std::size_t i = 0; i < option.choices.size(); ++i)
    value += (i == 0 ? (value.empty() ? "" : ": ") : ", ") + ("`" + option.choices[i] + "`");
  const std::string fallback = option.default_value.empty() ? "" : "`" + option.default_value + "`";
  return "| " + names + " | " + value + " | " + fallback + " | " + TextInTable(option.description) + " |\n";
}

}  // namespace

CommandLine Describe(const CLI::App& app) {
  CommandLine line;
  line.program = app.get_name();
  line.general = FactsOf(app);
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!verb->get_group().empty()) line.verbs.push_back(FactsOf(*verb));
  }
  return line;
}

std::string CommandLineReference(const CommandLine& line, const std::vector<ExitStatusFacts>& statuses) {
  const std::string head = "| option | value | default | meaning |\n| --- | --- | --- | --- |\n";
  std::string out = "# The command line of " + line.program +
                    "\n\nMade from the sources by `./dev docs`; a test keeps it true.\n\n    " + line.program +
                    " VERB [OPTION...]\n\n" + line.general.description + "\n\n| verb | what it does |\n| --- | --- |\n";
  for (const VerbFacts& verb : line.verbs)
    out += "| [`" + verb.name + "`](#" + verb.name + ") | " + TextInTable(verb.description) + " |\n";
  out += "\nBefore a verb:\n\n" + head;
  for (const OptionFacts& option : line.general.options) out += Row(option);
  for (const VerbFacts& verb : line.verbs) {
    out += "\n## " + verb.name + "\n\n" + verb.description + ".\n\n    " + Usage(line, verb) + "\n\n" + head;
    for (const OptionFacts& option : verb.positionals) out += Row(option);
    for (const OptionFacts& option : verb.options) out += Row(option);
    if (!verb.footer.empty()) out += "\n" + Indented(verb.footer);
  }
  out += "\n## Exit status\n\n| status | meaning |\n| --- | --- |\n";
  for (const ExitStatusFacts& status : statuses) out += "| " + std::to_string(status.status) + " | " + status.meaning + " |\n";
  return out;
}

}  // namespace borgop::cli
