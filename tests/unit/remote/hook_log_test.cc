#include "engine/remote/hook_log.h"

#include <gtest/gtest.h>

#include <vector>

namespace borgop {
namespace {

struct HookLogRow {
  const char* name;
  std::string bytes;
  std::vector<std::string> told;
  bool ended = false;
};

const HookLogRow kHookLogRows[] = {
    {"nothing", "", {}},
    {"a hook that begins", "start 0\n", {"start 0"}},
    {"one that prints nothing", "start 0\nend 0 0 0\n\n", {"start 0", "end 0: 0 <>"}},
    {"one that fails", "end 1 3 5\noops\n\n", {"end 1: 3 <oops\n>"}},
    {"one that was late", "end 0 late 1\nx\n", {"end 0: late <x>"}},
    {"bytes of any kind", std::string("end 0 0 6\na\0\xff\n\n\r\n", 17), {std::string("end 0: 0 <a\0\xff\n\n\r>", 17)}},
    {"several", "start 0\nend 0 0 2\nab\nstart 1\nend 1 0 0\n\n", {"start 0", "end 0: 0 <ab>", "start 1", "end 1: 0 <>"}},
    {"the keeper's last word", "end 0 0 1\nx\nended\n", {"end 0: 0 <x>"}, true},
    {"the same word printed by a hook", "end 0 0 7\n\nended\n\n", {"end 0: 0 <\nended\n>"}},
    {"a forged start in what a hook prints", "end 0 0 8\nstart 1\n\n", {"end 0: 0 <start 1\n>"}},
    {"the last word with more behind it", "ended 0\n", {}},
    {"other words", "hello\nsh: x: not found\n\nstart\nstart x\nend 0\nend 0 0\nend 0 x 0\nend x 0 0\n", {}},
    {"numbers that are none", "start -1\nstart 99999999999999999999\nend 0 -1 0\nend 0 0 -1\n", {}},
    {"more output than there can be", "end 0 0 4097\nstart 1\n", {"start 1"}},
    {"an output that is cut", "end 0 0 10\nabc", {}},
    {"a line without end", "start 0" + std::string(100'000, '0') + "\nstart 1\n", {"start 1"}},
};

std::vector<std::string> Told(const HookLogRow& row, std::size_t piece, bool& ended) {
  std::vector<std::string> told;
  HookLog log([&](std::size_t index) { told.push_back("start " + std::to_string(index)); },
              [&](const HookResult& result) {
                told.push_back("end " + std::to_string(result.index) + ": " +
                               (result.late ? "late" : std::to_string(result.status)) + " <" + result.output + ">");
                EXPECT_EQ(result.ok(), !result.late && result.status == 0);
              });
  for (std::size_t i = 0; i < row.bytes.size(); i += piece) log.Feed(std::string_view(row.bytes).substr(i, piece));
  ended = log.ended();
  return told;
}

TEST(HookLog, UnderstandsWhateverThePieces) {
  for (const HookLogRow& row : kHookLogRows) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, row.bytes.size() + 1}) {
      SCOPED_TRACE(std::string(row.name) + ", " + std::to_string(piece) + " bytes at a time");
      bool ended = false;
      EXPECT_EQ(Told(row, piece, ended), row.told);
      EXPECT_EQ(ended, row.ended);
    }
  }
}

}  // namespace
}  // namespace borgop
