#include "engine/plan/prune_setting.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace borgop {
namespace {

std::string Show(const PruneSetting& setting) {
  const Retention& keep = setting.retention;
  std::string text;
  const auto add = [&](const char* name, const std::optional<std::int64_t>& count) {
    if (count) text += std::string(name) + std::to_string(*count) + ' ';
  };
  add("last=", keep.keep_last);
  add("minutely=", keep.keep_minutely);
  add("hourly=", keep.keep_hourly);
  add("daily=", keep.keep_daily);
  add("weekly=", keep.keep_weekly);
  add("monthly=", keep.keep_monthly);
  add("yearly=", keep.keep_yearly);
  if (!keep.keep_within.empty()) text += "within=" + keep.keep_within + ' ';
  if (!keep.glob_archives.empty()) text += "glob=" + keep.glob_archives + ' ';
  if (setting.lock_wait) text += "wait=" + std::to_string(setting.lock_wait->count()) + ' ';
  for (const std::string& problem : setting.problems) text += "! " + problem + ' ';
  if (!text.empty()) text.pop_back();
  return text;
}

struct PruneRow {
  const char* name;
  std::string text;
  std::string shown;
};
void PrintTo(const PruneRow& row, std::ostream* out) { *out << row.name; }

class PruneSettings : public testing::TestWithParam<PruneRow> {};

TEST_P(PruneSettings, Parse) { EXPECT_EQ(Show(ParsePruneSetting(GetParam().text)), GetParam().shown); }

const PruneRow kPruneSettingRows[] = {
    {"Nothing", "", ""},
    {"Spaces", " \t\n ", ""},
    {"ReadmeOfTheGoProgram", "--keep-daily 7 --keep-weekly 20 --keep-monthly 12 --keep-yearly 15",
     "daily=7 weekly=20 monthly=12 yearly=15"},
    {"Equals", "--keep-daily=7 --keep-within=2d", "daily=7 within=2d"},
    {"Short", "-H 1 -d 2 -w 3 -m 4 -y 5", "hourly=1 daily=2 weekly=3 monthly=4 yearly=5"},
    {"ShortAttached", "-d7 -w=3", "daily=7 weekly=3"},
    {"LastAndMinutely", "--keep-last 3 --keep-minutely 2", "last=3 minutely=2"},
    {"SecondlyIsLast", "--keep-secondly 9", "last=9"},
    {"LastOneCounts", "-d 1 --keep-daily 2", "daily=2"},
    {"MinusOne", "--keep-daily -1", "daily=-1"},
    {"Plus", "--keep-daily +7", "daily=7"},
    {"Prefix", "-d 1 -P snapshot-", "daily=1 glob=snapshot-*"},
    {"PrefixQuoted", "-d 1 --prefix='a b'", "daily=1 glob=a b*"},
    {"Glob", "-d 1 -a 'web-*'", "daily=1 glob=web-*"},
    {"DoubleQuotes", R"(-d "1" -a "a\"b\c")", R"(daily=1 glob=a"b\c)"},
    {"Backslash", R"(-d 1 -a a\ b)", "daily=1 glob=a b"},
    {"GluedQuotes", R"(-d 1 -a a'b'"c")", "daily=1 glob=abc"},
    {"OutputOptions", "--stats --list -v --info --show-rc -s -p --iec -d 1", "daily=1"},
    {"LettersBehindOneDash", "-vs -spd7", "daily=7"},
    {"LettersWithRefusedOne", "-snv -d1", "daily=1 ! has `-n`, with which nothing would ever be pruned (remove it)"},
    {"LettersWithUnknownOne", "-sq -d1", "daily=1 ! has the option `-q`, which is not taken over (remove it)"},
    {"LetterWithValue", "-v=1", "! has the option `-v=1`, which takes no value (write `-v`)"},
    {"Beginnings", "--keep-d 7 --stat --keep-wee=20 --glob web-*", "daily=7 weekly=20 glob=web-*"},
    {"BeginningOfSeveral", "--keep-m=1", "! has the option `--keep-m`, which is not taken over (remove it)"},
    {"BeginningOfRefused", "-d 1 --dry", "daily=1 ! has `--dry`, with which nothing would ever be pruned (remove it)"},
    {"Speed", "-d 1 --umask 0077 --upload-ratelimit=100 --remote-ratelimit 5 --upload-buffer 9 --remote-buffer 9 --debug-topic x",
     "daily=1"},
    {"RemotePath", "-d 1 --remote-path /opt/borg",
     "daily=1 ! has `--remote-path`, which is not taken over (use a plan, where `server.borg` names the borg of the repository "
     "server)"},
    {"Rsh", "-d 1 --rsh 'ssh -x'", "daily=1 ! has the option `--rsh`, which is not taken over (remove it)"},
    {"LockWait", "--lock-wait 30 -d 1", "daily=1 wait=30"},
    {"Checkpoint", "-c 600 -d 1", "daily=1"},
    {"DryRun", "-d 1 -n", "daily=1 ! has `-n`, with which nothing would ever be pruned (remove it)"},
    {"Force", "-d 1 --force", "daily=1 ! has the option `--force`, which is not taken over (remove it)"},
    {"Typo", "--keep-dayly 7",
     "! has the option `--keep-dayly`, which is not taken over (did you mean `--keep-daily`?) "
     "! has `7` in it, which belongs to no option (remove it)"},
    {"Injection", "-d 1; rm -rf /",
     "! -d is `1;` (give it a whole number) ! has `rm` in it, which belongs to no option (remove it) "
     "! has the option `-r`, which is not taken over (remove it) ! has `/` in it, which belongs to no option (remove it)"},
    {"NoValue", "--keep-daily", "! --keep-daily has no value (add it)"},
    {"NotANumber", "-d many", "! -d is `many` (give it a whole number)"},
    {"TooMuch", "-d 99999999999999999999", "! -d is `99999999999999999999` (give it a whole number)"},
    {"Negative", "-d -2", "daily=-2 ! -d is -2 (use a number from 0, or -1 to keep all)"},
    {"AllZero", "-d 0 -w 0",
     "daily=0 weekly=0 ! keeps nothing, which borg refuses (make one of the numbers more than 0, or remove all to keep "
     "everything)"},
    {"BadWithin", "--keep-within 2x",
     "within=2x ! --keep-within is `2x` (write a number above 0 and one of H, d, w, m, y, such as `48H`)"},
    {"FlagWithValue", "-d 1 --stats=1", "daily=1 ! has the option `--stats=1`, which takes no value (write `--stats`)"},
    {"OpenQuote", "-d '1", "! has a quote or a backslash that is not closed (close it)"},
    {"TrailingBackslash", "-d 1 \\", "! has a quote or a backslash that is not closed (close it)"},
    {"PrefixAndGlob", "-d 1 -P a -a b", "daily=1 glob=b ! has --prefix or --glob-archives more than once (keep one of them)"},
    {"Placeholder", "-d 1 -P {hostname}-",
     "daily=1 glob={hostname}-* ! -P has a placeholder in it, and pruning does not run on the target (write out what it stands "
     "for)"},
};
INSTANTIATE_TEST_SUITE_P(Texts, PruneSettings, testing::ValuesIn(kPruneSettingRows),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace borgop
