#include "engine/guard/monitor.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "engine/base/finding.h"

namespace borgop::guard {
namespace {

using Kind = Value::Kind;

bool Is(const Value* value, bool what) { return value != nullptr && value->kind == Kind::kBool && value->boolean == what; }
// What stock clients say although it is what B would take anyway.
bool AbsentOr(const Value* value, bool what) { return value == nullptr || Is(value, what); }

std::optional<ObjectId> IdIn(const Request& request) {
  const Value* id = request.Find("id");
  return id == nullptr || id->kind != Kind::kBytes ? std::nullopt : ObjectIdOf(id->bytes);
}

constexpr std::string_view kNoId = "its id is no id of an object";
constexpr std::string_view kTooMany = "too many requests wait for an answer";

}  // namespace

// The whole policy at a glance. What is not here is refused: destroy, save_key, break_lock, check, list (whose unknown marker crashes
// borg serve 1.2.4), scan, inject_exception.
struct Monitor::Rule {
  std::string_view method;
  Stage stage;  // when it may come
  Stage next;   // what follows it
  bool reads;   // to restore needs it too
  Check check;
  std::array<std::string_view, 7> arguments;  // that may come, up to the first empty one
};
const Monitor::Rule Monitor::kRules[] = {
    // clang-format off
    {"negotiate",                Stage::kStart,      Stage::kNegotiated, true,  &Monitor::Negotiate,     {"client_data"}},
    {"open",                     Stage::kNegotiated, Stage::kOpened,     true,  &Monitor::Open,          {"path", "create", "lock_wait", "lock",
                                                                                    "exclusive", "append_only", "make_parent_dirs"}},
    {"load_key",                 Stage::kOpened,     Stage::kOpened,     true,  &Monitor::LoadKey,       {}},
    {"__len__",                  Stage::kOpened,     Stage::kOpened,     true,  &Monitor::Anyhow,        {}},
    {"get",                      Stage::kOpened,     Stage::kOpened,     true,  &Monitor::Get,           {"id"}},
    {"get_free_nonce",           Stage::kOpened,     Stage::kOpened,     false, &Monitor::FreeNonce,     {}},
    {"commit_nonce_reservation", Stage::kOpened,     Stage::kOpened,     false, &Monitor::ReserveNonces, {"next_unreserved", "start_nonce"}},
    {"put",                      Stage::kOpened,     Stage::kOpened,     false, &Monitor::Put,           {"id", "data", "wait"}},
    {"delete",                   Stage::kOpened,     Stage::kOpened,     false, &Monitor::Delete,        {"id", "wait"}},
    {"commit",                   Stage::kOpened,     Stage::kOpened,     false, &Monitor::Commit,        {"save_space", "compact", "threshold",
                                                                                    "cleanup_commits"}},
    {"rollback",                 Stage::kOpened,     Stage::kOpened,     true,  &Monitor::Anyhow,        {}},
    // clang-format on
};

Monitor::Verdict Monitor::OnRequest(const Request& request) {
  Pending pending;
  pending.id = request.id;
  const Why why = expected_.client == Client::kTrusted ? Trust(request, pending) : Judge(request, pending);
  if (!why.empty()) return Refuse(request.method, why, IdIn(request));
  last_id_ = request.id;
  pending_.push_back(pending);
  if (reviewing_) return Verdict::kReview;
  return asking_ ? Verdict::kAsk : Verdict::kAllow;
}

Monitor::Why Monitor::Judge(const Request& request, Pending& pending) {
  if (!refusals_.empty() || IsUndecided()) return "it came after what was refused";
  if (request.id <= last_id_ || request.id >= kOwnRequests) return "borg counts its requests, and this number is out of order";
  if (pending_.size() >= kMaxPending) return kTooMany;
  const std::span<const Rule> rules(kRules);
  const auto rule = std::find_if(rules.begin(), rules.end(), [&](const Rule& row) { return row.method == request.method; });
  if (rule == rules.end()) return "a backup does not need it";
  if (expected_.client == Client::kRestore && !rule->reads) return "to restore does not need it";
  if (stage_ != rule->stage) return "not at this point of a session";
  for (const Argument& argument : request.arguments)
    if (argument.name.empty() || std::find(rule->arguments.begin(), rule->arguments.end(), argument.name) == rule->arguments.end())
      return "it has an argument that a backup does not need";
  const Why why = (this->*rule->check)(request, pending);
  if (why.empty()) stage_ = rule->next;
  return why;
}

Monitor::Verdict Monitor::Refuse(std::string_view method, Why why, const std::optional<ObjectId>& id) {
  refusals_.Add(method, why, id);
  return Verdict::kRefuse;
}

Monitor::Verdict Monitor::Held(bool held) {
  if (!asking_) return Verdict::kRefuse;
  asking_ = false;
  if (finishes_init() && !held) {
    found_empty_ = true;
    return Verdict::kAllow;
  }
  if (held) {
    pending_.pop_back();
    return Refuse("put", "it overwrites an object of the repository", asked_);
  }
  Remember(asked_);
  return Verdict::kAllow;
}

Monitor::Verdict Monitor::Reviewed(bool good) {
  if (!reviewing_) return Verdict::kRefuse;
  reviewing_ = false;
  if (good) return Verdict::kAllow;
  pending_.pop_back();
  return Refuse("put", "its list of archives is not the one that was there, and at most one archive more", kManifestId);
}

void Monitor::Remember(const ObjectId& id) {
  if (!put_.insert(id).second) return;
  put_order_.push_back(id);
  if (put_order_.size() <= kRememberedPuts) return;
  put_.erase(put_order_.front());
  put_order_.pop_front();
}

// What C's own borg asks matters only for what B answers to it.
Monitor::Why Monitor::Trust(const Request& request, Pending& pending) {
  if (pending_.size() >= kMaxPending) return kTooMany;
  if (finishes_init() && request.method != "negotiate" && request.method != "open") asking_ = !found_empty_;
  if (request.method == "open") pending.asked = Asked::kRepositoryId;
  if (request.method == "get_free_nonce") pending.asked = Asked::kNonce;
  if (request.method == "load_key") pending.asked = Asked::kKey;
  if (expected_.shown_manifest && request.method == "get" && IdIn(request) == kManifestId) pending.asked = Asked::kManifest;
  const Value* next = request.Find("next_unreserved");
  if (request.method == "commit_nonce_reservation" && next != nullptr && next->kind == Kind::kUnsigned) {
    pending.asked = Asked::kReservation;
    pending.nonce = next->number;
  }
  const Value* key = request.Find("keydata");
  if (request.method == "save_key" && key != nullptr && key->kind == Kind::kBytes) {
    pending.asked = Asked::kNewKey;
    pending.key = KeyPrintOf(key->bytes);
  }
  return {};
}

Monitor::Why Monitor::Anyhow(const Request& /*request*/, Pending& /*pending*/) { return {}; }

Monitor::Why Monitor::Negotiate(const Request& request, Pending& /*pending*/) {
  const Value* data = request.Find("client_data");
  // A number asks for the protocol of borg 1.0.
  if (data == nullptr || data->kind != Kind::kMap) return "it asks for an old protocol";
  return {};
}

// Without the exclusive lock B would let T write beside others, or refuse all it writes. append_only adds to what B's own flag says.
// lock_wait only makes T wait.
// NOLINTNEXTLINE(readability-make-member-function-const): all checks are of one type.
Monitor::Why Monitor::Open(const Request& request, Pending& pending) {
  const Value* path = request.Find("path");
  if (path == nullptr || path->kind != Kind::kBytes || path->bytes != expected_.path) return "it names another repository";
  if (!AbsentOr(request.Find("create"), false)) return "it makes a repository";
  if (!AbsentOr(request.Find("make_parent_dirs"), false)) return "it makes directories";
  const bool backup = expected_.client == Client::kBackup;
  if (!AbsentOr(request.Find("lock"), true)) return "it does without the lock";
  if (backup && !Is(request.Find("exclusive"), true)) return "it does without the lock";
  if (!backup && !AbsentOr(request.Find("exclusive"), false)) return "it locks the repository for itself, as one who writes";
  pending.asked = Asked::kRepositoryId;
  return {};
}

// T's own key reads all that T backs up, and the manifest; nobody else's repository is open.
Monitor::Why Monitor::Get(const Request& request, Pending& /*pending*/) { return IdIn(request) ? Why() : kNoId; }

Monitor::Why Monitor::LoadKey(const Request& /*request*/, Pending& pending) {
  pending.asked = Asked::kKey;
  return {};
}

Monitor::Why Monitor::FreeNonce(const Request& /*request*/, Pending& pending) {
  pending.asked = Asked::kNonce;
  return {};
}

// Only ever upwards from what B said: a nonce that is used twice shows what was encrypted with it. And not by leaps, which would use
// them up.
Monitor::Why Monitor::ReserveNonces(const Request& request, Pending& pending) {
  const Value* next = request.Find("next_unreserved");
  const Value* start = request.Find("start_nonce");
  if (next == nullptr || next->kind != Kind::kUnsigned) return "it reserves up to no number";
  const bool from_number = start != nullptr && start->kind == Kind::kUnsigned;
  const bool from_nothing = start != nullptr && start->kind == Kind::kNone;
  const std::optional<std::uint64_t> from = from_number ? std::optional(start->number) : std::nullopt;
  if (!said_nonce_ || said_nonce_->now != from || (!from && !from_nothing))
    return "it reserves from elsewhere than the repository said";
  if (next->number <= from.value_or(0)) return "it takes nonces back that were used";
  if (next->number - said_nonce_->first > kMaxNonceStep) return "it uses up the nonces of the repository";
  pending.asked = Asked::kReservation;
  pending.nonce = next->number;
  return {};
}

// "wait" is of the client: it slips into the call where the client waits (remote.py, api).
Monitor::Why Monitor::Put(const Request& request, Pending& /*pending*/) {
  const std::optional<ObjectId> id = IdIn(request);
  const Value* data = request.Find("data");
  if (!id) return kNoId;
  if (data == nullptr || (data->kind != Kind::kBytes && data->kind != Kind::kLongBytes)) return "it puts no data";
  if (expected_.max_new_bytes && data->size > *expected_.max_new_bytes - new_bytes_) return "it is more than this target may add";
  new_bytes_ += data->size;
  if (*id == kManifestId) reviewing_ = expected_.reviews_manifests;
  if (*id == kManifestId || put_.contains(*id)) return {};
  asked_ = *id;
  asking_ = true;
  return {};
}

Monitor::Why Monitor::Delete(const Request& request, Pending& /*pending*/) {
  const std::optional<ObjectId> id = IdIn(request);
  if (!id) return kNoId;
  const auto own = put_.find(*id);
  if (own == put_.end()) return "it deletes what this session did not put";
  put_.erase(own);
  put_order_.erase(std::find(put_order_.begin(), put_order_.end(), *id));
  return {};
}

// B's default is to compact, so silence is not enough: borg 1.1 cannot say it. threshold is for compacting.
Monitor::Why Monitor::Commit(const Request& request, Pending& /*pending*/) {
  // Which no borg from 1.2 on forgets to say; before, each commit does.
  if (request.Find("compact") == nullptr) return "it frees space, as borg before 1.2 does with each commit";
  if (!Is(request.Find("compact"), false)) return "it frees space";
  if (!AbsentOr(request.Find("save_space"), false) || !AbsentOr(request.Find("cleanup_commits"), false)) return "it cleans up";
  return {};
}

void Monitor::OnOwnRequest(std::uint64_t id) {
  const Pending own{id, Asked::kOwn, 0};
  // The put that waits has not gone to B yet.
  if (IsUndecided()) {
    pending_.insert(pending_.end() - 1, own);
  } else {
    pending_.push_back(own);
  }
}

Monitor::AnswerVerdict Monitor::OnAnswer(const Answer& answer) {
  const bool only_undecided = IsUndecided() && pending_.size() == 1;
  if (pending_.empty() || only_undecided || pending_.front().id != answer.id)
    return {false, Error{Reason::kBorgOutputInvalid, "borg serve answered what is not next in turn", {}}};
  const Pending pending = pending_.front();
  pending_.pop_front();
  if (pending.asked == Asked::kOwn) return {.own = true, .error = std::nullopt};
  if (answer.exception) return {};
  switch (pending.asked) {
    case Asked::kOwn:
    case Asked::kAnything: break;
    case Asked::kManifest: return {.own = false, .error = std::nullopt, .manifest = true};
    case Asked::kRepositoryId: return {false, OnRepositoryId(answer.result)};
    case Asked::kNonce: return {false, OnNonce(answer.result)};
    case Asked::kKey: return {false, OnKey(answer.result)};
    case Asked::kNewKey: pins_.key = pending.key; break;
    case Asked::kReservation:
      pins_.nonce = std::max(pending.nonce, pins_.nonce.value_or(0));
      if (said_nonce_) said_nonce_->now = pending.nonce;
      break;
  }
  return {};
}

std::optional<Error> Monitor::OnRepositoryId(const Value& result) {
  const std::optional<ObjectId> id = result.kind == Kind::kBytes ? ObjectIdOf(result.bytes) : std::nullopt;
  if (!id) return Error{Reason::kBorgOutputInvalid, "borg serve opened a repository without an id", {}};
  if (pins_.repository && *pins_.repository != *id) {
    const std::string was = Hex(*pins_.repository), is = Hex(*id);
    if (std::optional<Error> error = Accuse("repository " + was + " was there, and now there is " + is, {"repository", was, is}))
      return error;
    pins_ = {};  // of that one nothing is known yet
  }
  pins_.repository = id;
  return std::nullopt;
}

std::optional<Error> Monitor::OnNonce(const Value& result) {
  if (result.kind != Kind::kUnsigned && result.kind != Kind::kNone)
    return Error{Reason::kBorgOutputInvalid, "borg serve says a nonce that is no number", {}};
  const std::optional<std::uint64_t> nonce = result.kind == Kind::kNone ? std::nullopt : std::optional(result.number);
  if (pins_.nonce && nonce.value_or(0) < *pins_.nonce) {
    const std::string was = std::to_string(*pins_.nonce), is = std::to_string(nonce.value_or(0));
    if (std::optional<Error> error =
            Accuse("the repository counts nonces from " + is + " on, and had come to " + was, {"nonce", RepositoryText(), was, is}))
      return error;
    pins_.nonce.reset();
  }
  if (nonce) pins_.nonce = nonce;
  if (!said_nonce_) said_nonce_ = SaidNonce{nonce, nonce.value_or(0)};
  said_nonce_->now = nonce;
  return std::nullopt;
}

std::optional<Error> Monitor::OnKey(const Value& result) {
  if (result.kind != Kind::kBytes) return Error{Reason::kBorgOutputInvalid, "borg serve says a key that is none", {}};
  const KeyPrint key = KeyPrintOf(result.bytes);
  if (pins_.key && *pins_.key != key) {
    if (std::optional<Error> error = Accuse("the repository has another key than before, or another passphrase for it",
                                            {"key", RepositoryText(), Hex(*pins_.key), Hex(key)}))
      return error;
    pins_.key.reset();
  }
  if (!result.bytes.empty()) pins_.key = key;
  return std::nullopt;
}

bool Pins::TakeAcknowledged(const std::string& finding) {
  if (finding.empty() || finding != acknowledged) return false;
  acknowledged.clear();
  return true;
}

std::optional<Error> Monitor::Accuse(std::string message, std::initializer_list<std::string_view> facts) {
  std::string finding = FindingId(facts);
  if (pins_.TakeAcknowledged(finding)) return std::nullopt;
  return Error{Reason::kRepositoryTampered, std::move(message), {}, std::move(finding)};
}

std::string Monitor::RepositoryText() const { return pins_.repository ? Hex(*pins_.repository) : std::string(); }

}  // namespace borgop::guard
