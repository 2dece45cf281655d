#include "engine/run/journal.h"

#include "engine/report/printable.h"

namespace borgop {

void Journal::Enter(PhaseName phase) {
  progress_ = Progress();
  progress_.phase = phase;
  observer_.OnPhase(target_.name, phase);
}

void Journal::Warn(const std::string& warning) {
  if (report_.warnings.size() < TargetReport::kMaxWarnings) {
    report_.warnings.push_back(warning);
  } else {
    ++more_warnings_;
  }
}

void Journal::Close() {
  if (more_warnings_ != 0) report_.warnings.push_back("and " + std::to_string(more_warnings_) + " more warnings");
}

ExchangeOptions Journal::Options() {
  ExchangeOptions options;
  options.unused_limit = target_.limits.socket_timeout;
  options.on_event = [this](const LogEvent& event, const BridgeCounters& counters) { OnEvent(event, counters); };
  return options;
}

Status Journal::Conclude(Step step, const std::string& where, const std::string& server, const ExchangeResult& result) {
  report_.bytes_to_server += result.counters.to_server;
  report_.bytes_to_target += result.counters.to_client;
  const Result<Completion> completion = JudgeExchange(step, where, "on " + server, result);
  if (!completion) return Fail(completion.error());
  if (!completion->warnings) return {};
  for (const std::string& warning : result.messages.warnings) Warn(warning);
  more_warnings_ += result.messages.more_warnings;
  if (result.messages.warnings.empty())
    Warn("borg " + std::string(ToString(step)) + " ended with a warning that it did not explain");
  return {};
}

void Journal::TakeIn(const guard::Refusals& refusals) {
  for (const guard::Refusal& refusal : refusals.kinds()) {
    RefusedRequests& refused = report_.refused.emplace_back();
    refused.method = refusal.method;
    refused.reason = refusal.reason;
    refused.count = refusal.count;
    for (const guard::ObjectId& id : refusal.ids) refused.objects.push_back(guard::Hex(id));
  }
}

void Journal::OnEvent(const LogEvent& event, const BridgeCounters& counters) {
  switch (event.kind) {
    case LogEvent::Kind::kArchiveProgress:
      if (event.finished) return;
      progress_.nfiles = event.nfiles;
      progress_.original_size = event.original_size;
      progress_.compressed_size = event.compressed_size;
      progress_.deduplicated_size = event.deduplicated_size;
      progress_.path = event.path;
      break;
    case LogEvent::Kind::kPercent: progress_.percent = event.percent; break;
    case LogEvent::Kind::kLog:
      if (IsNotice(event)) {
        Log(LogLevel::kInfo, OneLine(event.message));
      } else {
        Log(event.level == "WARNING" ? LogLevel::kWarning : LogLevel::kDebug, event.message);
      }
      return;
    case LogEvent::Kind::kPlain: Log(LogLevel::kDebug, event.message); return;
    default: return;
  }
  progress_.bytes_bridged = counters.to_server;
  observer_.OnProgress(target_.name, progress_);
}

}  // namespace borgop
