// The same decisions as borg's own, by the same rules, in several zones: `borg prune --dry-run --list` on a real repository.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>

#include "engine/borg/command.h"
#include "engine/plan/archive_glob.h"
#include "engine/plan/plan_words.h"
#include "engine/plan/rules.h"
#include "engine/retention/adopt.h"
#include "engine/retention/compare.h"
#include "engine/retention/keep.h"
#include "ledgers.h"
#include "tests/fakes/temporary_directory.h"
#include "tests/lab/process.h"

namespace borgop {
namespace {

using Json = nlohmann::json;

// A borg, by the Python that has it.
struct Borg {
  const char* name;
  std::string python;
};
void PrintTo(const Borg& borg, std::ostream* out) { *out << borg.name; }

class Random {
 public:
  unsigned Below(unsigned limit) { return static_cast<unsigned>(engine_() % limit); }
  template <typename T>
  const T& Of(const std::vector<T>& values) {
    return values[Below(static_cast<unsigned>(values.size()))];
  }

 private:
  std::mt19937 engine_{20261126};
};

class BorgTest : public testing::TestWithParam<Borg> {
 protected:
  void SetUp() override { std::filesystem::create_directory(empty_); }

  // The answers, one for each of `jobs`; none where this borg is not there.
  std::vector<Json> Run(const std::vector<Json>& jobs) {
    std::string input;
    for (const Json& job : jobs) input += job.dump() + '\n';
    const lab::Ended ended = lab::RunToEnd({.argv = {GetParam().python, COMMANDS_SCRIPT},
                                            .input = input,
                                            .env = {{"BORG_BASE_DIR", scratch_.path() + "/base"},
                                                    {"BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK", "yes"},
                                                    {"LC_ALL", "C.UTF-8"}}},
                                           std::chrono::minutes(4));
    EXPECT_TRUE(ended.ok()) << ended.err;
    std::istringstream lines(ended.out);
    std::vector<Json> answers;
    for (std::string line; std::getline(lines, line);) answers.push_back(Json::parse(line, nullptr, false));
    if (answers.empty() || answers[0].value("version", "").empty()) return {};
    answers.erase(answers.begin());
    EXPECT_EQ(answers.size(), jobs.size());
    if (answers.size() != jobs.size()) return {};
    return answers;
  }

  TemporaryDirectory scratch_;
  std::string repository_ = scratch_.path() + "/repository", empty_ = scratch_.path() + "/empty";
};

struct Made {
  std::string name, time;  // UTC
};

std::string TimeText(LedgerTime time) { return FormatRfc3339(time, 0); }

std::vector<Made> ArchivesToMake(Random& random, LedgerTime now) {
  using std::chrono::hours;
  using std::chrono::minutes;
  std::vector<Made> made;
  const auto add = [&made](const std::string& prefix, LedgerTime time) {
    made.push_back({prefix + "-" + std::to_string(made.size()), TimeText(time)});
  };
  const auto series = [&](const std::string& prefix, const char* begin, int count, std::chrono::seconds step) {
    for (int i = 0; i < count; ++i) add(prefix, At(begin) + step * i);
  };
  series("nl", "2025-10-25T23:50:00Z", 8, minutes(20));  // clocks are set back in Amsterdam at 01:00
  series("nl", "2026-03-29T00:30:00Z", 4, minutes(20));  // and forward
  series("ny", "2025-11-02T04:40:00Z", 6, minutes(25));
  series("lh", "2026-04-04T14:20:00Z", 6, minutes(15));  // by half an hour
  series("ws", "2011-12-29T06:00:00Z", 4, hours(9));     // a day that was left out
  series("iso", "2020-12-27T11:00:00Z", 8, hours(23));   // week 53
  series("iso", "2024-12-29T23:30:00Z", 3, hours(24));
  series("tie", "2026-05-05T05:05:05Z", 3, minutes(0));
  series("tie", "2026-05-05T05:05:06Z", 2, std::chrono::seconds(20));
  for (const int age : {0, 1, 5, 23, 24, 47, 6 * 24, 8 * 24, 30 * 24, 31 * 24, 364 * 24, 366 * 24})
    add("age", now - hours(age) - minutes(30));
  for (int i = 0; i < 14; ++i) add("any", now - minutes(random.Below(60 * 24 * 365 * 3)));
  made.push_back({"nl-[1]", TimeText(now - hours(2000))});
  made.push_back({"\xc3\xa9t\xc3\xa9-1", TimeText(now - hours(2001))});
  made.push_back({"nl-1.checkpoint", TimeText(now - hours(3))});
  made.push_back({"any.checkpoint.2", TimeText(now - hours(900))});
  return made;
}

Retention RandomRetention(Random& random) {
  Retention retention;
  while (retention.empty() || !RetentionProblem(retention).empty()) {
    retention = {};
    for (const auto& [key, count] : kKeepCounts) {
      if (random.Below(3) == 0) retention.*count = random.Of<std::int64_t>({-1, 0, 1, 1, 2, 3, 4, 6, 10, 25, 1000});
    }
    if (random.Below(4) == 0)
      retention.keep_within = random.Of<std::string>({"1H", "2H", "24H", "2d", "7d", "1w", "1m", "12m", "1y", "2y", "20y"});
  }
  retention.glob_archives = random.Of<std::string>({"", "", "", "", "nl-*", "lh-*", "iso-*", "ny-*", "ws-*", "tie*", "age*",
                                                    "*-[!1-4]*", "[a-m]*", "?l-*", "nl-[[]*", "*\xc3\xa9-?", "none"});
  return retention;
}

std::vector<std::string> PruneArguments(const Retention& retention, const std::string& repository) {
  Command command = Prune({}, repository, retention);
  std::vector<std::string> argv = {"prune", "--dry-run", "--list"};
  for (const std::string& word : command.argv) {
    if (word.starts_with("--keep") || word.starts_with("--glob")) argv.push_back(word);
  }
  argv.push_back(repository);
  return argv;
}

// What became of each archive: "daily #1", "dropped"; those that borg does not list are not in it.
std::map<std::string, std::string> FatesIn(const std::string& output) {
  std::map<std::string, std::string> fates;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    static const std::string kKeeping = "Keeping archive (rule: ", kPruning = "Would prune:";
    std::string fate = "dropped";
    std::size_t end = kPruning.size();
    if (line.starts_with(kKeeping)) {
      end = line.find("):");
      fate = line.substr(kKeeping.size(), end - kKeeping.size());
      end += 2;
    } else if (!line.starts_with(kPruning)) {
      continue;
    }
    std::istringstream rest(line.substr(end));
    std::string name;
    rest >> name;
    if (!IsUnfinished(name)) fates[name] = fate;
  }
  return fates;
}

std::map<std::string, std::string> FatesOf(const Ledger& ledger, const Retention& retention, const TimeZone& zone, LedgerTime now) {
  std::vector<const LedgerArchive*> archives;
  for (const LedgerArchive& archive : ledger.archives) archives.push_back(&archive);
  const std::vector<Judgement> judgements = Judge(archives, retention, zone, now);
  std::map<std::string, std::string> fates;
  for (std::size_t i = 0; i < judgements.size(); ++i) {
    const Judgement& judgement = judgements[i];
    if (judgement.fate == Fate::kNotConsidered) continue;
    fates[archives[i]->name] = judgement.kept ? ToString(*judgement.kept) : "dropped";
  }
  return fates;
}

TEST_P(BorgTest, PrunesTheSame) {
  constexpr std::size_t kPrunes = 120;
  const std::vector<std::string> zones = {
      "UTC",          "Europe/Amsterdam", "America/New_York",  "Australia/Lord_Howe", "Asia/Kolkata",      "America/St_Johns",
      "Pacific/Apia", "Pacific/Chatham",  "Africa/Casablanca", "Antarctica/Troll",    "Pacific/Kiritimati"};
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  Random random;
  const std::vector<Made> made = ArchivesToMake(random, now);
  std::vector<Json> jobs = {{{"zone", "UTC"}, {"argv", {"init", "-e", "none", repository_}}}};
  for (const auto& [name, time] : made) {
    jobs.push_back(
        {{"zone", "UTC"}, {"argv", {"create", "--timestamp", time.substr(0, time.size() - 1), repository_ + "::" + name, empty_}}});
  }
  jobs.push_back({{"zone", "UTC"}, {"argv", {"list", "--json", "--consider-checkpoints", repository_}}});
  std::vector<Retention> retentions;
  for (std::size_t i = 0; i < kPrunes; ++i) {
    retentions.push_back(RandomRetention(random));
    jobs.push_back({{"zone", zones[i % zones.size()]}, {"argv", PruneArguments(retentions.back(), repository_)}});
  }
  const std::vector<Json> answers = Run(jobs);
  if (answers.empty()) GTEST_SKIP() << GetParam().python << " finds no borg";
  for (std::size_t i = 0; i < answers.size(); ++i) ASSERT_EQ(answers[i]["code"], 0) << jobs[i] << answers[i];

  const auto listing = ParseList(answers[made.size() + 1]["out"].get<std::string>());
  ASSERT_TRUE(listing) << listing.error().message;
  ASSERT_EQ(listing->archives.size() + listing->unfinished.size(), made.size());
  const auto ledger = Adopt({}, *listing, now);
  ASSERT_TRUE(ledger) << ledger.error().message;
  EXPECT_EQ(listing->unfinished.size(), 2U);
  std::map<std::string, std::string> times;
  for (const LedgerArchive& archive : ledger->archives) times[archive.name] = TimeText(archive.seen);
  for (const auto& [name, time] : made) {
    if (IsUnfinished(name)) continue;
    EXPECT_EQ(times[name], time) << name;
  }

  std::map<std::string, std::size_t> rules;  // how often each was met
  for (std::size_t i = 0; i < kPrunes; ++i) {
    SCOPED_TRACE(jobs[made.size() + 2 + i].dump());
    std::map<std::string, std::string> theirs = FatesIn(answers[made.size() + 2 + i]["out"].get<std::string>());
    std::map<std::string, std::string> ours = FatesOf(*ledger, retentions[i], *TimeZone::Find(zones[i % zones.size()]), now);
    for (auto& [name, fate] : ours) {
      ++rules[fate.substr(0, fate.find(' '))];
      // borg drops all of them.
      if (fate == "newest #1") fate = "dropped";
    }
    EXPECT_EQ(ours, theirs);
  }
  for (const char* rule : {"within", "secondly", "minutely", "hourly", "daily", "weekly", "monthly", "yearly", "newest", "dropped",
                           "daily[oldest]", "weekly[oldest]", "monthly[oldest]", "yearly[oldest]"})
    EXPECT_GT(rules[rule], 0U) << rule << " was not met";
}

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) {
    hex += "0123456789abcdef"[(static_cast<unsigned char>(c) >> 4U) & 0xFU];
    hex += "0123456789abcdef"[static_cast<unsigned char>(c) & 0xFU];
  }
  return hex;
}

TEST_P(BorgTest, MatchesTheSameNames) {
  const std::vector<std::string> pieces = {"a",  "b",  "c",     "z",   "-",  "*", "*", "**/", "?",        "[",    "]",
                                           "[!", "[^", "[a-c]", "[]-", "\\", "/", ".", "\n",  "\xc3\xa9", "\xff", "!",
                                           "^",  "&",  "|",     "~",   "1",  "{", "$", "(",   "[--]",     "[a-]"};
  Random random;
  const auto text = [&](unsigned longest) {
    std::string made;
    for (unsigned i = random.Below(longest + 1); i > 0; --i) made += random.Of(pieces);
    return made;
  };
  std::vector<std::string> globs, names;
  for (int i = 0; i < 3000; ++i) globs.push_back(text(7));
  for (int i = 0; i < 300; ++i) names.push_back(text(4));
  std::vector<Json> jobs;
  Json hex_names;
  for (const std::string& name : names) hex_names.push_back(Hex(name));
  for (const std::string& glob : globs) jobs.push_back({{"glob", Hex(glob)}, {"names", hex_names}});
  const std::vector<Json> answers = Run(jobs);
  if (answers.empty()) GTEST_SKIP() << GetParam().python << " finds no borg";
  std::size_t matched = 0, refused = 0;
  for (std::size_t i = 0; i < globs.size(); ++i) {
    const auto glob = ArchiveGlob::Parse(globs[i]);
    ASSERT_EQ(glob.has_value(), !answers[i]["matches"].is_null()) << globs[i];
    if (!glob) ++refused;
    for (std::size_t j = 0; glob && j < names.size(); ++j) {
      ASSERT_EQ(glob->Matches(names[j]), answers[i]["matches"][j].get<bool>()) << globs[i] << " on " << names[j];
      if (glob->Matches(names[j])) ++matched;
    }
  }
  EXPECT_GT(matched, 1000U);
  EXPECT_GT(refused, 10U);
}

std::vector<Borg> Borgs() {
  std::vector<Borg> borgs = {{"System", "/usr/bin/python3"}};
  for (const Borg& borg :
       {Borg{"Borg12", BORG_VENVS "/borg-1.2/bin/python3"}, Borg{"Borg14", BORG_VENVS "/borg-1.4/bin/python3"}}) {
    if (std::filesystem::exists(borg.python)) borgs.push_back(borg);
  }
  return borgs;
}
INSTANTIATE_TEST_SUITE_P(Versions, BorgTest, testing::ValuesIn(Borgs()), [](const auto& borg) { return borg.param.name; });

}  // namespace
}  // namespace borgop
