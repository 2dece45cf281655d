#include "engine/borg/outcome.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include <optional>

#include "captured.h"
#include "engine/report/printable.h"

namespace borgop {
namespace {

using testing::HasSubstr;

struct OutcomeRow {
  const char* name;  // of the captured run
  Step step;
  std::optional<Reason> reason;  // none: it completed
  const char* says;              // in the message
  bool warnings = false;
  bool exists = false;
};

class CapturedTest : public testing::TestWithParam<std::tuple<const char*, OutcomeRow>> {};

TEST_P(CapturedTest, IsJudged) {
  const auto& [version, row] = GetParam();
  const Captured captured = Load(version, row.name);
  for (const std::size_t piece : {std::size_t{1} << 20, std::size_t{1}, std::size_t{7}}) {
    const Result<Completion> result = Judge(row.step, "on the target web-01", {captured.status, ""}, MessagesOf(captured, piece));
    if (!row.reason) {
      ASSERT_TRUE(result.has_value()) << result.error().message;
      EXPECT_EQ(result->warnings, row.warnings);
      EXPECT_EQ(result->already_exists, row.exists);
      continue;
    }
    ASSERT_FALSE(result.has_value());
    const Error& error = result.error();
    EXPECT_EQ(error.name(), InfoOf(*row.reason).name) << error.message;
    EXPECT_THAT(error.message, HasSubstr(row.says));
    EXPECT_THAT(error.message, testing::StartsWith("borg " + std::string(ToString(row.step)) + " on the target web-01 "));
    EXPECT_EQ(error.message.find('\n'), std::string::npos);
    EXPECT_LT(error.message.size(), 1200U);
    EXPECT_FALSE(error.what_to_do().empty());
  }
}

const OutcomeRow kOutcomeRows[] = {
    {"init", Step::kInit, {}, ""},
    {"init_exists", Step::kInit, {}, "", false, true},
    {"create", Step::kCreate, {}, ""},
    {"create_missing_source", Step::kCreate, {}, "", true},
    {"list", Step::kList, {}, ""},
    {"prune", Step::kPrune, {}, ""},
    {"check", Step::kCheck, {}, ""},
    {"compact", Step::kCompact, {}, ""},
    {"list_missing", Step::kList, Reason::kRepositoryMissing, "does not exist"},
    {"list_passphrase", Step::kList, Reason::kPassphraseWrong, "is incorrect"},
    {"create_passphrase", Step::kCreate, Reason::kPassphraseWrong, "is incorrect"},
    {"create_locked", Step::kCreate, Reason::kRepositoryLocked, "lock.exclusive"},
    {"list_locked", Step::kList, Reason::kRepositoryLocked, "lock.exclusive"},
    {"create_notallowed", Step::kCreate, Reason::kRepositoryNotAllowed, "/srv/backups/web"},
    {"init_notallowed", Step::kInit, Reason::kRepositoryNotAllowed, "/srv/backups/web2"},
    {"create_closed", Step::kCreate, Reason::kConnectionLost, "Connection closed by remote host"},
    {"create_cut", Step::kCreate, Reason::kConnectionLost, "lost its connection"},
    {"create_relocated", Step::kCreate, Reason::kRepositoryAccessAborted, "Repository access aborted"},
    {"create_unencrypted", Step::kCreate, Reason::kRepositoryAccessAborted, "Cache initialization aborted"},
    {"create_replay", Step::kCreate, Reason::kRepositoryReplay, "newer than repository"},
    {"list_invalid", Step::kList, Reason::kRepositoryInvalid, "MissingSectionHeaderError"},
    {"list_plainfile", Step::kList, Reason::kRepositoryInvalid, "is not a valid repository"},
    {"init_invalid", Step::kInit, Reason::kRepositoryInvalid, "already something at"},
    {"init_below_file", Step::kInit, Reason::kInitFailed, "NotADirectoryError"},
    {"create_nospace_b", Step::kCreate, Reason::kDiskFull,
     "disk space on the repository server: OSError: [Errno 28] No space left on device"},
    {"list_nospace_b", Step::kList, Reason::kDiskFull, "on the repository server"},
    {"init_nospace_b", Step::kInit, Reason::kDiskFull, "on the repository server"},
    {"compact_nospace_b", Step::kCompact, Reason::kDiskFull, "on the repository server"},
    {"create_freespace", Step::kCreate, Reason::kDiskFull, "Insufficient free space"},
    {"create_nospace_t", Step::kCreate, Reason::kDiskFull, "disk space on the target web-01"},
    {"create_nospace_t2", Step::kCreate, Reason::kDiskFull, "disk space on the target web-01"},
    {"create_archive_exists", Step::kCreate, Reason::kArchiveExists, "Archive one already exists"},
    {"create_usage", Step::kCreate, Reason::kInvalidConfig, "error: argument -e/--exclude"},
    {"create_badregex", Step::kCreate, Reason::kInvalidConfig, "missing ), unterminated subpattern"},
    {"create_badplaceholder", Step::kCreate, Reason::kInvalidConfig, "nope"},
    {"create_badpath", Step::kCreate, Reason::kCreateFailed, "surrogates not allowed"},
    {"borg_missing", Step::kCreate, Reason::kBorgMissing, "borg-not-there: not found"},
    {"borg_missing_q", Step::kCreate, Reason::kBorgMissing, "/opt/no/borg: not found"},
    {"create_term", Step::kCreate, Reason::kCreateFailed, "was ended by SIGTERM"},
    {"create_hup", Step::kCreate, Reason::kCreateFailed, "was ended by SIGHUP"},
    {"create_kill", Step::kCreate, Reason::kCreateFailed, "was ended by SIGKILL"},
    {"check_damaged", Step::kCheck, Reason::kCheckFailed, "checksum mismatch"},
    {"check_missing", Step::kCheck, Reason::kCheckFailed, "Index object count mismatch"},
    {"check_missing_archives", Step::kCheck, Reason::kCheckFailed, "FileNotFoundError"},
};

INSTANTIATE_TEST_SUITE_P(Runs, CapturedTest, testing::Combine(testing::Values("1.2.4", "1.4.5"), testing::ValuesIn(kOutcomeRows)),
                         [](const auto& row) {
                           std::string name = std::string("v") + std::get<0>(row.param) + "_" + std::get<1>(row.param).name;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

TEST(OutcomeTest, AccessIsDenied) {
  for (const auto& [name, step] : {std::pair("list_perm", Step::kList), std::pair("init_perm", Step::kInit)}) {
    const Captured captured = Load("1.2.4", name);
    const Result<Completion> result = Judge(step, "on this machine", {captured.status, ""}, MessagesOf(captured));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().name(), "RepositoryAccessDenied") << result.error().message;
  }
  // 1.4 has ids of its own; a lock may fail for want of space, too.
  for (const char* msgid : {"Repository.PathPermissionDenied", "LockFailed"}) {
    Messages messages;
    messages.msgid = msgid;
    EXPECT_EQ(Judge(Step::kList, "on this machine", {2, ""}, messages).error().reason, Reason::kRepositoryAccessDenied);
    messages.no_space = true;
    EXPECT_EQ(Judge(Step::kList, "on this machine", {2, ""}, messages).error().reason, Reason::kDiskFull);
  }
}

// borg 1.2.4 drops what the far side said last when the connection ends at once; 1.4.5 passes it on.
TEST(OutcomeTest, ServeIsMissing) {
  for (const auto& [version, reason] : {std::pair("1.2.4", "ConnectionLost"), std::pair("1.4.5", "BorgMissing")}) {
    const Captured captured = Load(version, "list_serve_notfound");
    const Result<Completion> result = Judge(Step::kList, "on this machine", {captured.status, ""}, MessagesOf(captured));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().name(), reason);
    EXPECT_THAT(result.error().message, HasSubstr("the repository server"));
  }
}

struct BareRow {
  const char* name;
  Step step;
  Exit exit;
  std::optional<Reason> reason;
  bool warnings = false;
};

// Only the way that it ended: the log was lost.
TEST(OutcomeTest, WithoutMessages) {
  for (const BareRow& row : std::initializer_list<BareRow>{
           {"ok", Step::kCreate, {0, ""}, {}},
           {"legacy warning", Step::kCreate, {1, ""}, {}, true},
           {"modern warnings begin", Step::kCreate, {100, ""}, {}, true},
           {"modern warnings end", Step::kCreate, {125, ""}, {}, true},
           {"not a warning", Step::kCreate, {99, ""}, Reason::kCheckFailed},
           {"check warning", Step::kCheck, {1, ""}, Reason::kCheckFailed},
           {"check modern warning", Step::kCheck, {100, ""}, Reason::kCheckFailed},
           {"init warning", Step::kInit, {1, ""}, Reason::kInitFailed},
           {"prune warning", Step::kPrune, {1, ""}, {}, true},
           {"compact warning", Step::kCompact, {107, ""}, {}, true},
           {"error", Step::kList, {2, ""}, Reason::kListFailed},
           {"modern exists", Step::kInit, {10, ""}, {}},
           {"modern missing", Step::kList, {13, ""}, Reason::kRepositoryMissing},
           {"modern space", Step::kCreate, {14, ""}, Reason::kDiskFull},
           {"modern passphrase", Step::kList, {52, ""}, Reason::kPassphraseWrong},
           {"modern lock", Step::kPrune, {73, ""}, Reason::kRepositoryLocked},
           {"modern closed", Step::kCompact, {80, ""}, Reason::kConnectionLost},
           {"modern not allowed", Step::kInit, {83, ""}, Reason::kRepositoryNotAllowed},
           {"modern replay", Step::kCreate, {64, ""}, Reason::kRepositoryReplay},
           {"modern integrity", Step::kPrune, {90, ""}, Reason::kCheckFailed},
           {"not executable", Step::kCreate, {126, ""}, Reason::kBorgMissing},
           {"not there", Step::kCreate, {127, ""}, Reason::kBorgMissing},
           {"killed, as a shell says", Step::kPrune, {137, ""}, Reason::kPruneFailed},
           {"killed, as ssh says", Step::kCompact, {0, "KILL"}, Reason::kCompactFailed},
           {"ended by a signal with status 0", Step::kCreate, {0, "SIGTERM"}, Reason::kCreateFailed},
       }) {
    SCOPED_TRACE(row.name);
    const Result<Completion> result = Judge(row.step, "on this machine", row.exit, Messages{});
    EXPECT_EQ(result.has_value(), !row.reason.has_value());
    EXPECT_EQ(result.has_value() && result->warnings, row.warnings);
    EXPECT_EQ(result ? "" : result.error().name(), row.reason ? InfoOf(*row.reason).name : "");
  }
}

TEST(OutcomeTest, ArchivesThatAreMissingAreNoRepositories) {
  Messages messages;
  messages.msgid = "Archive.DoesNotExist";
  const Result<Completion> result = Judge(Step::kList, "here", {2, ""}, messages);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().name(), "ArchiveMissing");
  const Result<Completion> modern = Judge(Step::kExtract, "here", {31, ""}, Messages{});
  ASSERT_FALSE(modern.has_value());
  EXPECT_EQ(modern.error().name(), "ArchiveMissing");
}

TEST(OutcomeTest, ExtractThatWarnsHasDoneTheRest) {
  for (const int status : {1, 104}) {
    const Result<Completion> result = Judge(Step::kExtract, "here", {status, ""}, Messages{});
    ASSERT_TRUE(result.has_value());
    EXPECT_TRUE(result->warnings);
  }
  const Result<Completion> failed = Judge(Step::kExportTar, "here", {2, ""}, Messages{});
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().name(), "RestoreFailed");
  EXPECT_THAT(failed.error().message, HasSubstr("borg export-tar here failed"));
}

TEST(OutcomeTest, KilledNamesMemory) {
  const Result<Completion> result = Judge(Step::kCreate, "here", {0, "SIGKILL"}, Messages{});
  ASSERT_FALSE(result.has_value());
  EXPECT_THAT(std::string(result.error().what_to_do()), HasSubstr("out-of-memory"));
  EXPECT_THAT(result.error().message, HasSubstr("SIGKILL"));
}

// borg itself, which was not asked for what the script found missing, has nothing to complain of.
TEST(JudgeTest, WarningsOfOurScriptCountWhereBorgEndsWithNone) {
  Messages messages;
  messages.warnings = {"borg says so as well, and ends with 0"};
  EXPECT_FALSE(Judge(Step::kCreate, "here", {0, ""}, messages)->warnings);
  messages.script_warned = true;
  EXPECT_TRUE(Judge(Step::kCreate, "here", {0, ""}, messages)->warnings);
}

}  // namespace
}  // namespace borgop
