#include "engine/ssh/retry.h"

#include <gtest/gtest.h>

#include <vector>

namespace borgop {
namespace {

using std::chrono::milliseconds;

struct RetryRow {
  const char* name;
  Reason reason;
  int attempt;
  double fraction;
  std::optional<milliseconds> expected;
};

TEST(RetryDelay, Table) {
  const std::vector<RetryRow> rows = {
      {"the first pause is half a second at least", Reason::kConnectionLost, 1, 0.0, milliseconds(500)},
      {"and a second at most", Reason::kConnectionLost, 1, 1.0, milliseconds(1000)},
      {"in between it is as random as the fraction", Reason::kConnectionLost, 1, 0.5, milliseconds(750)},
      {"the second is twice as long", Reason::kConnectionLost, 2, 0.0, milliseconds(1000)},
      {"the third twice that", Reason::kConnectionLost, 3, 1.0, milliseconds(4000)},
      {"the fourth try was the last", Reason::kConnectionLost, 4, 0.0, std::nullopt},
      {"and so it stays", Reason::kConnectionLost, 5, 0.0, std::nullopt},
      {"a host that does not listen is not asked again", Reason::kConnectFailed, 1, 0.0, std::nullopt},
      {"nor one that is silent", Reason::kConnectTimeout, 1, 0.0, std::nullopt},
      {"nor a wrong host key", Reason::kHostKeyMismatch, 1, 0.0, std::nullopt},
      {"nor a key that is not let in", Reason::kAuthenticationFailed, 1, 0.0, std::nullopt},
      {"nor after a stop", Reason::kCancelled, 1, 0.0, std::nullopt},
      {"nor after the deadline", Reason::kDeadlineExceeded, 1, 0.0, std::nullopt},
  };
  for (const RetryRow& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(RetryDelay(Error{row.reason, "", {}}, row.attempt, row.fraction), row.expected);
  }
}

}  // namespace
}  // namespace borgop
