#include "engine/run/steps.h"

#include <gtest/gtest.h>

namespace borgop {
namespace {

TEST(MaintenancePhases, Table) {
  struct Row {
    const char* name;
    bool retention;
    CheckMode check;
    bool compact;
    std::vector<PhaseName> expected;
  };
  const std::vector<Row> rows = {
      {"all", true, CheckMode::kFull, true, {PhaseName::kPrune, PhaseName::kCheck, PhaseName::kCompact}},
      {"no retention, no prune", false, CheckMode::kRepository, true, {PhaseName::kCheck, PhaseName::kCompact}},
      {"no check, so nothing is freed", true, CheckMode::kNone, true, {PhaseName::kPrune}},
      {"no compact", true, CheckMode::kArchives, false, {PhaseName::kPrune, PhaseName::kCheck}},
      {"nothing", false, CheckMode::kNone, false, {}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    Target target;
    if (row.retention) target.retention.keep_daily = 7;
    target.maintenance.check = row.check;
    target.maintenance.compact = row.compact;
    EXPECT_EQ(MaintenancePhases(target, false), row.expected);
  }
}

// With a ledger nothing is dropped before the check passed.
TEST(MaintenancePhases, WithALedgerTheCheckIsFirst) {
  Target target;
  target.retention.keep_daily = 7;
  EXPECT_EQ(MaintenancePhases(target, true), (std::vector{PhaseName::kCheck, PhaseName::kPrune, PhaseName::kCompact}));
  EXPECT_FALSE(MayRun(PhaseName::kPrune, {PhaseName::kCheck}));
  target.maintenance.check = CheckMode::kNone;
  EXPECT_EQ(MaintenancePhases(target, true), (std::vector{PhaseName::kPrune}));
}

TEST(MayRun, Table) {
  struct Row {
    const char* name;
    PhaseName phase;
    std::vector<PhaseName> failed;
    bool expected;
  };
  const std::vector<Row> rows = {
      {"prune after nothing failed", PhaseName::kPrune, {}, true},
      {"no prune without an archive", PhaseName::kPrune, {PhaseName::kCreate}, false},
      {"no prune of what is not listed", PhaseName::kPrune, {PhaseName::kList}, false},
      {"check after nothing failed", PhaseName::kCheck, {}, true},
      {"check although prune failed", PhaseName::kCheck, {PhaseName::kPrune}, true},
      {"no check after more than that", PhaseName::kCheck, {PhaseName::kCreate, PhaseName::kPrune}, false},
      {"compact after nothing failed", PhaseName::kCompact, {}, true},
      {"no compact of a damaged repository", PhaseName::kCompact, {PhaseName::kCheck}, false},
      {"no compact after a failed prune", PhaseName::kCompact, {PhaseName::kPrune}, false},
      {"cleanup always", PhaseName::kCleanup, {PhaseName::kConnect, PhaseName::kCheck}, true},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(MayRun(row.phase, row.failed), row.expected);
  }
}

TEST(OutcomeOf, Table) {
  struct Row {
    const char* name;
    std::optional<Reason> error;
    std::vector<std::string> warnings;
    Outcome expected;
  };
  const std::vector<Row> rows = {
      {"well", std::nullopt, {}, Outcome::kCompleted},
      {"with warnings", std::nullopt, {"file changed"}, Outcome::kCompletedWithWarnings},
      {"an error", Reason::kCheckFailed, {}, Outcome::kFailed},
      {"an error counts more than warnings", Reason::kDeadlineExceeded, {"file changed"}, Outcome::kFailed},
      {"stopped", Reason::kCancelled, {}, Outcome::kCancelled},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    TargetReport report;
    if (row.error) report.error = Error{*row.error, "", {}};
    report.warnings = row.warnings;
    EXPECT_EQ(OutcomeOf(report), row.expected);
  }
}

}  // namespace
}  // namespace borgop
