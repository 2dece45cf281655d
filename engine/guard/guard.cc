#include "engine/guard/guard.h"

#include <string>
#include <utility>

namespace borgop::guard {
namespace {

Guard::Verdict VerdictOf(Monitor::Verdict verdict) {
  switch (verdict) {
    case Monitor::Verdict::kAllow: return Guard::Verdict::kPass;
    case Monitor::Verdict::kAsk: return Guard::Verdict::kAsk;
    case Monitor::Verdict::kReview: return Guard::Verdict::kReview;
    case Monitor::Verdict::kRefuse: return Guard::Verdict::kRefuse;
  }
  return Guard::Verdict::kRefuse;
}

}  // namespace

Result<Guard::Step> Guard::FromClient(std::string_view bytes) {
  if (error_) return Fail(*error_);
  if (client_verdict_ == Verdict::kAsk) {  // nobody found out: the safe answer
    client_verdict_ = VerdictOf(monitor_.Held(true));
    return Step{bytes.size(), client_verdict_};
  }
  if (client_verdict_ == Verdict::kReview && client_.AtBoundary()) {  // nobody read it
    client_verdict_ = Reviewed(false);
    return Step{bytes.size(), client_verdict_};
  }
  const Result<MessageReader::Step> step = client_.Read(bytes);
  if (!step) {
    error_ = step.error();
    return Fail(*error_);
  }
  switch (step->kind) {
    case MessageReader::Kind::kPart: return Step{step->size, Verdict::kHold};
    case MessageReader::Kind::kRest: return Step{step->size, OfClient()};
    case MessageReader::Kind::kHead: break;
  }
  const Result<Request> request = DecodeRequest(client_.head());
  if (!request) {
    error_ = request.error();
    return Fail(*error_);
  }
  client_verdict_ = VerdictOf(monitor_.OnRequest(*request));
  Result<std::optional<InitSteps::Words>> instead = init_.Instead(*request);
  if (!instead) {
    error_ = instead.error();
    return Fail(*error_);
  }
  instead_ = *std::move(instead);
  if (client_verdict_ == Verdict::kPass) Replace();
  return Step{step->size, OfClient()};
}

// What passes may be said in other words.
void Guard::Replace() {
  if (!instead_) return;
  replacement_ = std::move(instead_->bytes);
  client_verdict_ = Verdict::kReplace;
  if (instead_->commits) monitor_.OnOwnRequest(Monitor::kInitCommit);
  instead_.reset();
}

// A manifest is read as a whole, and a request is replaced as one.
Guard::Verdict Guard::OfClient() const {
  const bool whole = client_verdict_ == Verdict::kReview || client_verdict_ == Verdict::kReplace;
  return whole && !client_.AtBoundary() ? Verdict::kHold : client_verdict_;
}

Guard::Verdict Guard::Reviewed(bool good) {
  client_verdict_ = VerdictOf(monitor_.Reviewed(good));
  return client_verdict_;
}

Guard::Verdict Guard::Decide() {
  if (client_verdict_ != Verdict::kAsk) return client_verdict_;
  if (monitor_.finishes_init() && held_.any()) {
    error_ = Error{Reason::kManifestMissing, "the repository has no manifest, and is not empty", {}};
    return client_verdict_ = Verdict::kRefuse;
  }
  if (!held_.complete()) return client_verdict_;
  if (monitor_.finishes_init()) {
    client_verdict_ = VerdictOf(monitor_.Held(false));
    Replace();
    return OfClient();
  }
  const Result<bool> held = held_.Holds(monitor_.asked());
  if (held) {
    client_verdict_ = VerdictOf(monitor_.Held(*held));
  } else {
    error_ = held.error();
    client_verdict_ = Verdict::kRefuse;
  }
  return client_verdict_;
}

std::string Guard::Question() {
  const std::uint64_t id = Monitor::kOwnRequests + questions_++;
  monitor_.OnOwnRequest(id);
  waiting_ = true;
  return EncodeList(id, HeldObjects::kPage, held_.any() ? &held_.last() : nullptr);
}

Result<Guard::Step> Guard::FromServer(std::string_view bytes) {
  if (error_) return Fail(*error_);
  const Result<MessageReader::Step> step = server_.Read(bytes);
  if (!step) {
    error_ = step.error();
    return Fail(*error_);
  }
  switch (step->kind) {
    case MessageReader::Kind::kPart: return Step{step->size, Verdict::kHold};
    case MessageReader::Kind::kRest: return Step{step->size, OfServer()};
    case MessageReader::Kind::kHead: break;
  }
  const Result<Answer> answer = DecodeAnswer(server_.head());
  if (!answer) {
    error_ = answer.error();
    return Fail(*error_);
  }
  const Monitor::AnswerVerdict verdict = monitor_.OnAnswer(*answer);
  if (verdict.error) {
    error_ = verdict.error;
    return Fail(*error_);
  }
  if (verdict.own) {
    const Status answered = OnOwn(*answer);
    if (!answered) {
      error_ = answered.error();
      return Fail(*error_);
    }
  }
  server_verdict_ = verdict.own ? Verdict::kOwn : verdict.manifest ? Verdict::kReplace : Verdict::kPass;
  if (verdict.manifest) replacement_ = EncodeAnswer(answer->id, *shown_manifest_);
  return Step{step->size, OfServer()};
}

Guard::Verdict Guard::OfServer() const {
  return server_verdict_ == Verdict::kReplace && !server_.AtBoundary() ? Verdict::kOwn : server_verdict_;
}

Status Guard::OnOwn(const Answer& answer) {
  if (!waiting_) {  // the commit of an init
    if (!answer.exception) return {};
    return Fail(Reason::kInitFailed, "the new repository cannot be committed: " + std::string(*answer.exception));
  }
  waiting_ = false;
  const Result<std::vector<ObjectId>> page = DecodeList(server_.head());
  return page ? held_.Add(*page) : Fail(page.error());
}

Error Guard::WhyRefused() const {
  if (error_) return *error_;
  return Accusation().value_or(Error{Reason::kInternal, "the guard refused a request and accuses nobody", {}});
}

std::optional<Error> Guard::Accusation() const {
  if (refusals().empty()) return std::nullopt;
  const Refusal& first = refusals().kinds().front();
  std::string message = "the target's borg asked for " + first.method + ", which was refused: " + std::string(first.reason);
  if (!first.ids.empty()) message += " (" + Hex(first.ids.front()) + ")";
  return Error{Reason::kTargetMisbehaved, std::move(message), {}};
}

}  // namespace borgop::guard
