#include <gtest/gtest.h>

#include "engine/run/exchange.h"

namespace borgop {
namespace {

struct JudgeExchangeRow {
  const char* name;
  std::function<void(ExchangeResult&)> change;  // of an exchange that went well
  std::optional<Reason> reason;                 // none: it counts as completed
  std::string message;                          // a part of it
};

void Exits(ExchangeResult& result, int status) { result.exit = Exit{status, {}}; }

TEST(JudgeExchange, Table) {
  const Error broken{Reason::kConnectionLost, "the connection to B was lost", {}};
  const std::vector<JudgeExchangeRow> rows = {
      {"both well", [](ExchangeResult&) {}, std::nullopt, ""},
      {"what the guard refused comes first",
       [](ExchangeResult& result) {
         result.bridge.refused = Error{Reason::kTargetMisbehaved, "it asked for too much", {}};
         result.interrupted = Error{Reason::kCancelled, "stopped", {}};
       },
       Reason::kTargetMisbehaved, "it asked for too much"},
      {"then a stop, whatever else",
       [](ExchangeResult& result) {
         result.interrupted = Error{Reason::kCancelled, "stopped", {}};
         Exits(result, 2);
       },
       Reason::kCancelled, "stopped"},
      {"a stop counts even if borg was done",
       [](ExchangeResult& result) {
         result.interrupted = Error{Reason::kDeadlineExceeded, "late", {}};
       },
       Reason::kDeadlineExceeded, "late"},
      {"a client that is well is well, whatever the server says",
       [](ExchangeResult& result) {
         result.server_exit = ExitStatus{1, {}};
       },
       std::nullopt, ""},
      {"and whatever became of the bridge behind it", [&](ExchangeResult& result) { result.bridge.server_error = broken; },
       std::nullopt, ""},
      {"the client failed by itself",
       [](ExchangeResult& result) {
         Exits(result, 2);
         result.messages.msgid = "LockTimeout";
         result.messages.error = "Failed to create/acquire the lock";
       },
       Reason::kRepositoryLocked, ""},
      {"and the server's end is a consequence",
       [](ExchangeResult& result) {
         Exits(result, 2);
         result.messages.msgid = "LockTimeout";
         result.server_exit = ExitStatus{2, {}};
       },
       Reason::kRepositoryLocked, ""},
      {"the connection to B broke",
       [&](ExchangeResult& result) {
         Exits(result, 2);
         result.messages.msgid = "ConnectionClosed";
         result.bridge.server_error = broken;
       },
       Reason::kConnectionLost, "the connection to B was lost"},
      {"the connection to T broke",
       [](ExchangeResult& result) {
         result.exit.reset();
         result.bridge.client_error = Error{Reason::kNoProgress, "T has been silent", {}};
       },
       Reason::kNoProgress, "T has been silent"},
      {"it was never told how the client ended", [](ExchangeResult& result) { result.exit.reset(); }, Reason::kConnectionLost,
       "was lost before it ended"},
      {"it never came to the socket",
       [](ExchangeResult& result) {
         Exits(result, 143);
         result.never_connected = true;
       },
       Reason::kSocketUnused, "did not connect"},
      {"B never answered, and the client ended as it was asked to",
       [](ExchangeResult& result) {
         Exits(result, 143);
         result.never_answered = true;
       },
       Reason::kNoProgress, "borg serve on B did not answer"},
      {"neither said a word any more",
       [](ExchangeResult& result) {
         result.exit.reset();
         result.stalled = true;
       },
       Reason::kNoProgress, "not said a word"},
      {"the server was killed while the bridge wrote to it",
       [&](ExchangeResult& result) {
         Exits(result, 143);
         result.bridge.server_error = broken;
         result.server_exit = ExitStatus{0, "KILL"};
       },
       Reason::kCreateFailed, "on B was ended by SIGKILL"},
      {"the client that did not understand the server hung up on it",
       [&](ExchangeResult& result) {
         Exits(result, 2);
         result.messages.msgid = "UnexpectedRPCDataFormatFromServer";
         result.messages.error = "Got unexpected RPC data format from server";
         result.bridge.client_error = Error{Reason::kConnectionLost, "reading: Connection reset by peer", {}};
       },
       Reason::kBorgOutputInvalid, "unexpected RPC data"},
      {"B has no borg",
       [](ExchangeResult& result) {
         Exits(result, 2);
         result.messages.msgid = "ConnectionClosed";
         result.server_exit = ExitStatus{127, {}};
       },
       Reason::kBorgMissing, "on B"},
      {"the server was killed",
       [](ExchangeResult& result) {
         Exits(result, 2);
         result.messages.msgid = "ConnectionClosedWithHint";
         result.server_exit = ExitStatus{0, "KILL"};
       },
       Reason::kCreateFailed, "on B"},
      {"the server ran out of disk",
       [](ExchangeResult& result) {
         Exits(result, 2);
         result.messages.connection_lost = true;
         result.server_exit = ExitStatus{2, {}};
         result.server_messages.no_space = true;
         result.server_messages.error = "No space left on device";
       },
       Reason::kDiskFull, "on B"},
      {"the client was killed",
       [](ExchangeResult& result) {
         result.exit = Exit{0, "KILL"};
       },
       Reason::kCreateFailed, "on T"},
      {"the client has no borg", [](ExchangeResult& result) { Exits(result, 127); }, Reason::kBorgMissing, "on T"},
  };
  for (const JudgeExchangeRow& row : rows) {
    SCOPED_TRACE(row.name);
    ExchangeResult result;
    result.exit = Exit{};
    result.server_exit = ExitStatus{};
    result.used = true;
    row.change(result);
    const Result<Completion> judged = JudgeExchange(Step::kCreate, "on T", "on B", result);
    EXPECT_EQ(judged.has_value(), !row.reason.has_value());
    if (!judged && row.reason) {
      EXPECT_EQ(judged.error().name(), InfoOf(*row.reason).name) << judged.error().message;
      EXPECT_NE(judged.error().message.find(row.message), std::string::npos) << judged.error().message;
    }
  }
}

}  // namespace
}  // namespace borgop
