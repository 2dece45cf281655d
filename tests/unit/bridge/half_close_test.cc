#include "engine/bridge/half_close.h"

#include <gtest/gtest.h>

#include <vector>

namespace borgop {
namespace {

struct HalfCloseRow {
  const char* name;
  std::vector<std::pair<Direction, HalfEvent>> before;
  Direction direction;
  HalfEvent event;
  HalfActions expected;
  bool done;
};

TEST(HalfClose, Table) {
  const auto up = Direction::kAToB;
  const auto down = Direction::kBToA;
  const std::vector<HalfCloseRow> rows = {
      {"an end is passed on", {}, up, HalfEvent::kEnd, {.close_sink = true, .stop_other = false}, false},
      {"the second end finishes", {{up, HalfEvent::kEnd}}, down, HalfEvent::kEnd, {.close_sink = true, .stop_other = false}, true},
      {"a broken source ends both", {}, up, HalfEvent::kReadFailed, {.close_sink = true, .stop_other = true}, false},
      {"the other way as well", {}, down, HalfEvent::kReadFailed, {.close_sink = true, .stop_other = true}, false},
      {"a broken source after the other has ended",
       {{down, HalfEvent::kEnd}},
       up,
       HalfEvent::kReadFailed,
       {.close_sink = true, .stop_other = false},
       true},
      {"a sink that is gone leaves the other direction",
       {},
       up,
       HalfEvent::kWriteFailed,
       {.close_sink = false, .stop_other = false},
       false},
      {"and then the end of that one finishes",
       {{up, HalfEvent::kWriteFailed}},
       down,
       HalfEvent::kEnd,
       {.close_sink = true, .stop_other = false},
       true},
      {"a direction ends only once", {{up, HalfEvent::kEnd}}, up, HalfEvent::kReadFailed, {}, false},
  };
  for (const HalfCloseRow& row : rows) {
    SCOPED_TRACE(row.name);
    HalfClose state;
    for (const auto& [direction, event] : row.before) state.On(direction, event);
    EXPECT_EQ(state.On(row.direction, row.event), row.expected);
    EXPECT_EQ(state.done(), row.done);
  }
}

}  // namespace
}  // namespace borgop
