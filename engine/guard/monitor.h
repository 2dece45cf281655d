// What T may ask of B in one session of borg: pure. monitor.cc has the table.
//
// Everything that stock `borg create` (or `borg extract`) 1.2 and 1.4 asks is allowed, and nothing else: an unknown method, an unknown argument or another
// value of one is refused. After the first refusal everything is. B is judged too: it has to be the repository of earlier runs, and as
// far as they were.
//
// Threading: one thread. Never fails. Source: borg 1.2.4 and 1.4.5: remote.py, repository.py, archive.py, cache.py, crypto/nonces.py;
// the form of the table is that of OpenSSH's monitor.c.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/guard/init_steps.h"
#include "engine/guard/key_print.h"
#include "engine/guard/object_id.h"
#include "engine/guard/refusals.h"
#include "engine/guard/rpc.h"

namespace borgop::guard {

// What is known of a repository from one run to the next; all of it only from answers of B.
struct Pins {
  std::optional<ObjectId> repository;
  std::optional<std::uint64_t> nonce;  // the highest that B has shown or confirmed: it never answers a lower one
  std::optional<KeyPrint> key;         // of the key that the repository keeps, encrypted with its passphrase (repokey)
  std::string acknowledged = {};       // the finding (FindingId) that is taken for good, once; empty: none
  bool operator==(const Pins&) const = default;

  // Whether that very finding was acknowledged; not again after that.
  bool TakeAcknowledged(const std::string& finding);
};

// Whose borg speaks to B, and so what it may ask for.
enum class Client : std::uint8_t {
  kBackup,   // `borg create` on T
  kRestore,  // `borg extract` on T: it reads, and nothing else
  kTrusted,  // any command on C: it may ask for anything, and changes the key if it wants to. B is judged all the same
};

struct Expectation {
  std::string path;  // of the repository, byte for byte as T's borg names it
  Pins pins;
  std::optional<std::uint64_t> max_new_bytes;  // in all objects put in this session
  Client client = Client::kBackup;
  bool reviews_manifests = false;                  // kBackup: what it puts as manifest waits until somebody has read it
  std::optional<std::string> shown_manifest = {};  // kTrusted: in place of the repository's, which stays as it is
  InitKind init = InitKind::kNone;                 // kTrusted: of `borg init` (init_steps.h)
};

class Monitor {
 public:
  enum class Verdict : std::uint8_t {
    kAllow,
    kAsk,  // `put`: whether B holds `asked()` decides; answer by Held() before anything else. To finish an init: whether it holds anything
    kReview,  // `put` of a manifest: what it says decides; answer by Reviewed() before anything else
    kRefuse,
  };

  explicit Monitor(Expectation expectation) : expected_(std::move(expectation)), pins_(expected_.pins) {}

  Verdict OnRequest(const Request& request);
  const ObjectId& asked() const { return asked_; }
  bool finishes_init() const { return expected_.init == InitKind::kFinishes; }
  Verdict Held(bool held);
  Verdict Reviewed(bool good);
  // B has answered all but the request that is not decided.
  bool settled() const { return pending_.size() == (IsUndecided() ? 1U : 0U); }

  // Someone else than T, the engine, has asked B something in this session, with this number (kInitCommit, or kOwnRequests or more).
  void OnOwnRequest(std::uint64_t id);
  // B's answers, each in its turn. `own`: to the engine's request; T must not see it.
  struct AnswerVerdict {
    bool own = false;
    std::optional<Error> error;  // T must not see it either
    bool manifest = false;       // Expectation::shown_manifest stands in its place
  };
  AnswerVerdict OnAnswer(const Answer& answer);

  const Pins& pins() const { return pins_; }
  const Refusals& refusals() const { return refusals_; }
  std::uint64_t new_bytes() const { return new_bytes_; }

  // T's requests count from 1 on; the engine's have numbers that they never reach.
  static constexpr std::uint64_t kOwnRequests = std::uint64_t{1} << 48;
  static constexpr std::uint64_t kInitCommit = kOwnRequests - 1;  // of InitSteps
  // Requests without an answer. put does not wait for one, so there are as many as fit between T and B.
  static constexpr std::size_t kMaxPending = std::size_t{1} << 18;
  // borg deletes only an archive's metadata that it has just put (archive.py, write_checkpoint).
  static constexpr std::size_t kRememberedPuts = std::size_t{1} << 16;
  // How far the nonce may go in one session: one of 65536 parts of all there are. borg reserves 2^28 at a time.
  static constexpr std::uint64_t kMaxNonceStep = std::uint64_t{1} << 48;

 private:
  // What must have been said before; each leads to the next, and only once.
  enum class Stage : std::uint8_t { kStart, kNegotiated, kOpened };
  enum class Asked : std::uint8_t { kAnything, kOwn, kRepositoryId, kNonce, kReservation, kKey, kNewKey, kManifest };
  struct Pending {
    std::uint64_t id = 0;
    Asked asked = Asked::kAnything;
    std::uint64_t nonce = 0;           // of kReservation
    std::optional<KeyPrint> key = {};  // of kNewKey
  };
  // Empty: allowed.
  using Why = std::string_view;
  using Check = Why (Monitor::*)(const Request& request, Pending& pending);
  struct Rule;
  static const Rule kRules[];

  Why Judge(const Request& request, Pending& pending);
  Why Trust(const Request& request, Pending& pending);
  bool IsUndecided() const { return asking_ || reviewing_; }  // the last of pending_, which has not gone to B yet
  Verdict Refuse(std::string_view method, Why why, const std::optional<ObjectId>& id);
  void Remember(const ObjectId& id);
  std::optional<Error> OnRepositoryId(const Value& result);
  std::optional<Error> OnNonce(const Value& result);
  std::optional<Error> OnKey(const Value& result);
  std::string RepositoryText() const;
  // Nothing where a person has acknowledged that very finding: then the caller takes the answer as what is known from now on.
  std::optional<Error> Accuse(std::string message, std::initializer_list<std::string_view> facts);

  Why Anyhow(const Request& request, Pending& pending);
  Why LoadKey(const Request& request, Pending& pending);
  Why Negotiate(const Request& request, Pending& pending);
  Why Open(const Request& request, Pending& pending);
  Why Get(const Request& request, Pending& pending);
  Why FreeNonce(const Request& request, Pending& pending);
  Why ReserveNonces(const Request& request, Pending& pending);
  Why Put(const Request& request, Pending& pending);
  Why Delete(const Request& request, Pending& pending);
  Why Commit(const Request& request, Pending& pending);

  Expectation expected_;
  Pins pins_;
  Refusals refusals_;
  Stage stage_ = Stage::kStart;
  std::uint64_t last_id_ = 0;
  std::deque<Pending> pending_;  // B answers in the order of the requests
  struct SaidNonce {
    std::optional<std::uint64_t> now;  // what B said last; empty: that it has none
    std::uint64_t first = 0;
  };
  std::optional<SaidNonce> said_nonce_;
  std::uint64_t new_bytes_ = 0;
  std::set<ObjectId> put_;          // in this session, and not there before
  std::deque<ObjectId> put_order_;  // the oldest is forgotten first
  ObjectId asked_{};
  bool asking_ = false, reviewing_ = false;
  bool found_empty_ = false;  // what an init is finished in
};

}  // namespace borgop::guard
