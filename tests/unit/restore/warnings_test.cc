#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/restore/reading.h"

namespace borgop {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(WarningsOfTest, AreThoseOfFiles) {
  Messages messages;
  EXPECT_THAT(WarningsOf(Step::kExtract, messages), ElementsAre("borg extract ended with a warning that it did not explain"));
  messages.warnings = {"a: [Errno 13]", "Include pattern 'x' is odd"};
  messages.more_warnings = 3;
  EXPECT_THAT(WarningsOf(Step::kExtract, messages), ElementsAre("a: [Errno 13]", "Include pattern 'x' is odd", "and 3 more"));
  // borg says these at the end: what was not kept is of their kind.
  messages.warnings = {"a: [Errno 13]", "Include pattern 'etc/it's' never matched."};
  EXPECT_THAT(WarningsOf(Step::kExtract, messages), ElementsAre("a: [Errno 13]"));
  messages.warnings = {"Include pattern 'etc' never matched."};
  EXPECT_THAT(WarningsOf(Step::kExportTar, messages), IsEmpty());
}

}  // namespace
}  // namespace borgop
