#include "engine/plan/prune_setting.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

#include "engine/plan/document.h"
#include "engine/plan/rules.h"

namespace borgop {
namespace {

enum class Action { kIgnore, kIgnoreWithValue, kRefuse, kRefuseWithValue, kCount, kWithin, kPrefix, kGlob, kLockWait };

struct Option {
  std::string_view long_name;
  char short_name;  // 0: none
  Action action;
  std::optional<std::int64_t> Retention::*count = nullptr;
};

constexpr auto kOptions = std::to_array<Option>({
    {"--keep-within", 0, Action::kWithin},
    {"--keep-last", 0, Action::kCount, &Retention::keep_last},
    {"--keep-secondly", 0, Action::kCount, &Retention::keep_last},
    {"--keep-minutely", 0, Action::kCount, &Retention::keep_minutely},
    {"--keep-hourly", 'H', Action::kCount, &Retention::keep_hourly},
    {"--keep-daily", 'd', Action::kCount, &Retention::keep_daily},
    {"--keep-weekly", 'w', Action::kCount, &Retention::keep_weekly},
    {"--keep-monthly", 'm', Action::kCount, &Retention::keep_monthly},
    {"--keep-yearly", 'y', Action::kCount, &Retention::keep_yearly},
    {"--prefix", 'P', Action::kPrefix},
    {"--glob-archives", 'a', Action::kGlob},
    {"--lock-wait", 0, Action::kLockWait},
    {"--checkpoint-interval", 'c', Action::kIgnoreWithValue},
    {"--umask", 0, Action::kIgnoreWithValue},
    {"--upload-ratelimit", 0, Action::kIgnoreWithValue},
    {"--remote-ratelimit", 0, Action::kIgnoreWithValue},
    {"--upload-buffer", 0, Action::kIgnoreWithValue},
    {"--remote-buffer", 0, Action::kIgnoreWithValue},
    {"--debug-topic", 0, Action::kIgnoreWithValue},
    {"--consider-part-files", 0, Action::kIgnore},
    {"--stats", 's', Action::kIgnore},
    {"--list", 0, Action::kIgnore},
    {"--verbose", 'v', Action::kIgnore},
    {"--info", 0, Action::kIgnore},
    {"--debug", 0, Action::kIgnore},
    {"--critical", 0, Action::kIgnore},
    {"--error", 0, Action::kIgnore},
    {"--warning", 0, Action::kIgnore},
    {"--progress", 'p', Action::kIgnore},
    {"--iec", 0, Action::kIgnore},
    {"--log-json", 0, Action::kIgnore},
    {"--show-rc", 0, Action::kIgnore},
    {"--show-version", 0, Action::kIgnore},
    {"--save-space", 0, Action::kIgnore},
    {"--dry-run", 'n', Action::kRefuse},
    {"--help", 'h', Action::kRefuse},
    {"--force", 0, Action::kRefuse},
    {"--bypass-lock", 0, Action::kRefuse},
    {"--remote-path", 0, Action::kRefuseWithValue},
    {"--rsh", 0, Action::kRefuseWithValue},
    {"--debug-profile", 0, Action::kRefuseWithValue},
});

// nullopt: a quote is not closed.
std::optional<std::vector<std::string>> SplitWords(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '\'') {
      if (c == '\'')
        quote = 0;
      else
        word += c;
    } else if (c == '\\') {
      if (++i == text.size()) return std::nullopt;
      in_word = true;
      const bool keeps_backslash = quote == '"' && std::string_view("\"\\$`\n").find(text[i]) == std::string_view::npos;
      if (keeps_backslash) word += '\\';
      if (text[i] != '\n') word += text[i];
    } else if (quote == '"') {
      if (c == '"')
        quote = 0;
      else
        word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      if (in_word) words.push_back(std::exchange(word, {}));
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != 0) return std::nullopt;
  if (in_word) words.push_back(std::move(word));
  return words;
}

// As Python's int() reads it, without its underscores and spaces.
std::optional<std::int64_t> Number(std::string_view text) {
  if (text.substr(0, 1) == "+" && text.substr(1, 1) != "-") text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct Match {
  const Option* option = nullptr;    // null: there is none, or several could be meant
  std::string name;                  // as a person knows it
  std::optional<std::string> value;  // where it stands in the same word
};

// As Python's argparse: the whole name, or any beginning that only one option has.
const Option* FindLong(std::string_view name) {
  const Option* begun = nullptr;
  bool several = false;
  for (const Option& option : kOptions) {
    if (option.long_name == name) return &option;
    if (!option.long_name.starts_with(name)) continue;
    several |= begun != nullptr;
    begun = &option;
  }
  return several ? nullptr : begun;
}

Match FindOption(const std::string& word) {
  if (word.starts_with("--")) {
    const std::size_t equals = word.find('=');
    Match match{nullptr, word.substr(0, equals), std::nullopt};
    match.option = FindLong(match.name);
    if (equals != std::string::npos) match.value = word.substr(equals + 1);
    return match;
  }
  Match match{nullptr, word.substr(0, 2), std::nullopt};
  for (const Option& option : kOptions) {
    if (word.size() > 1 && word[0] == '-' && option.short_name != 0 && option.short_name == word[1]) match.option = &option;
  }
  if (word.size() > 2) match.value = word.substr(word[2] == '=' ? 3 : 2);
  return match;
}

std::string Unknown(const std::string& name) {
  if (!name.starts_with("-")) return "has " + Quoted(name) + " in it, which belongs to no option (remove it)";
  std::vector<std::string_view> names;
  names.reserve(kOptions.size());
  for (const Option& option : kOptions) names.push_back(option.long_name);
  const std::string_view nearest = name.size() > 2 ? NearestName(name, names) : std::string_view();
  return "has the option " + Quoted(name) + ", which is not taken over (" +
         (nearest.empty() ? std::string("remove it") : "did you mean `" + std::string(nearest) + "`?") + ")";
}

std::string RefusedOption(const Option& option, const std::string& name) {
  if (option.long_name == "--dry-run") return "has " + Quoted(name) + ", with which nothing would ever be pruned (remove it)";
  if (option.long_name == "--remote-path") {
    return "has " + Quoted(name) +
           ", which is not taken over (use a plan, where `server.borg` names the borg of the repository server)";
  }
  return "has the option " + Quoted(name) + ", which is not taken over (remove it)";
}

std::string Apply(const Match& match, const std::string& value, PruneSetting& setting) {
  const std::string prefix = match.name + ' ';
  const auto said = [&](const std::string& problem) { return problem.empty() ? problem : prefix + problem; };
  switch (match.option->action) {
    case Action::kIgnore:
    case Action::kIgnoreWithValue: return {};
    case Action::kRefuse:
    case Action::kRefuseWithValue: return RefusedOption(*match.option, match.name);
    case Action::kCount: {
      const std::optional<std::int64_t> count = Number(value);
      if (!count) return prefix + "is " + Quoted(value) + " (give it a whole number)";
      setting.retention.*(match.option->count) = *count;
      return said(KeepCountProblem(*count));
    }
    case Action::kWithin: setting.retention.keep_within = value; return said(KeepWithinProblem(value));
    case Action::kPrefix:
      setting.retention.glob_archives = value + '*';
      return said(GlobArchivesProblem(setting.retention.glob_archives));
    case Action::kGlob: setting.retention.glob_archives = value; return said(GlobArchivesProblem(value));
    case Action::kLockWait: {
      const std::optional<std::int64_t> wait = Number(value);
      if (!wait || *wait < 0 || *wait > 1'000'000'000) return prefix + "is " + Quoted(value) + " (give it a number of seconds)";
      setting.lock_wait = std::chrono::seconds(*wait);
      return {};
    }
  }
  return {};
}

}  // namespace

PruneSetting ParsePruneSetting(std::string_view text) {
  PruneSetting setting;
  std::optional<std::vector<std::string>> words = SplitWords(text);
  if (!words) {
    setting.problems.emplace_back("has a quote or a backslash that is not closed (close it)");
    return setting;
  }
  std::size_t filters = 0;
  for (std::size_t i = 0; i < words->size(); ++i) {
    std::string& word = (*words)[i];
    Match match = FindOption(word);
    if (match.option == nullptr) {
      setting.problems.push_back(Unknown(match.name.starts_with('-') ? match.name : word));
      continue;
    }
    const Action action = match.option->action;
    const bool takes_value = action != Action::kIgnore && action != Action::kRefuse;
    if (takes_value && !match.value) {
      if (i + 1 == words->size()) {
        setting.problems.push_back(match.name + " has no value (add it)");
        continue;
      }
      match.value = (*words)[++i];
    } else if (!takes_value && match.value) {
      if (word[1] == '-' || word[2] == '=') {
        setting.problems.push_back("has the option " + Quoted(word) + ", which takes no value (write " + Quoted(match.name) + ")");
        continue;
      }
      word = '-' + *match.value;  // -vs is -v and -s: once more
      --i;
    }
    if (action == Action::kPrefix || action == Action::kGlob) ++filters;
    if (std::string problem = Apply(match, match.value.value_or(""), setting); !problem.empty())
      setting.problems.push_back(std::move(problem));
  }
  if (filters > 1) setting.problems.emplace_back("has --prefix or --glob-archives more than once (keep one of them)");
  if (setting.problems.empty()) {
    if (std::string problem = RetentionProblem(setting.retention); !problem.empty()) setting.problems.push_back(std::move(problem));
  }
  return setting;
}

}  // namespace borgop
