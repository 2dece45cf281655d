#include "engine/run/target_ledger.h"

#include <utility>

#include "engine/base/finding.h"
#include "engine/report/printable.h"
#include "engine/retention/adopt.h"
#include "engine/retention/compare.h"

namespace borgop {
namespace {

// Dropped archives that are known again should the repository be rolled back.
constexpr std::size_t kRememberedDrops = 1000;

std::optional<guard::ObjectId> Bytes(std::string_view hex) {
  guard::ObjectId id{};
  if (hex.size() != 2 * id.size()) return std::nullopt;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (std::size_t i = 0; i < id.size(); ++i) id.at(i) = static_cast<char>(digit(hex[2 * i]) * 16 + digit(hex[2 * i + 1]));
  return id;
}

}  // namespace

TargetLedger::TargetLedger(std::optional<Ledger> known, Terms terms)
    : ledger_(std::move(known)), known_(ledger_), kept_(true), adopt_(terms.adopt), save_(std::move(terms.save)) {
  if (ledger_) pins_ = {Bytes(ledger_->repository_id), ledger_->nonce, Bytes(ledger_->key)};
  pins_.acknowledged = std::move(terms.acknowledged);
}

Status TargetLedger::OnMissing(const std::string& path) {
  if (!ledger_) return {};
  const std::string& id = ledger_->repository_id;
  Status accused = Accuse("the repository " + id + " was at " + path + ", and is gone; nothing was put in its place", {"gone", id});
  if (!accused) return accused;
  ledger_.reset();
  pins_ = {};
  return {};
}

Status TargetLedger::OnUnencrypted() {
  if (!ledger_ || ledger_->encryption.empty() || ledger_->encryption == "none") return {};
  return Accuse("the repository was encrypted by " + ledger_->encryption + ", and borg does not trust what is there now",
                {"unencrypted", ledger_->repository_id, ledger_->encryption});
}

Status TargetLedger::OnFound(const Listing& listing, LedgerTime now, std::vector<std::string>& notices) {
  // The guard lets no other one through than what is known or was acknowledged.
  if (ledger_ && ledger_->repository_id != listing.repository_id && pins_.repository == Bytes(listing.repository_id))
    ledger_.reset();
  if (ledger_) {
    if (!ledger_->encryption.empty() && ledger_->encryption != listing.encryption) {
      Status accused = Accuse("the repository was encrypted by " + ledger_->encryption + ", and now by " + listing.encryption,
                              {"encryption", listing.repository_id, ledger_->encryption, listing.encryption});
      if (!accused) return accused;
      ledger_->encryption = listing.encryption;
    }
    if (Status accused = Accusation(Compare(*ledger_, listing)); !accused) {
      if (!pins_.TakeAcknowledged(accused.error().finding)) return accused;
      Forgive(*ledger_, listing);
      notices.push_back("acknowledged, and no longer looked for: " + accused.error().message);
    }
    if (const std::size_t strangers = Compare(*ledger_, listing).strangers.size(); strangers != 0)
      notices.push_back(std::to_string(strangers) +
                        " archives in the repository were not seen made; they count for nothing and stay");
  } else if (kept()) {
    Result<Ledger> begun = adopt_ ? Adopt({}, listing, now) : Result<Ledger>(Ledger{listing.repository_id, {}, listing.encryption});
    if (!begun) return Fail(begun.error());
    ledger_ = *std::move(begun);
    const std::size_t found = listing.archives.size(), taken = ledger_->archives.size();
    if (taken > 0) notices.push_back("the ledger begins with " + std::to_string(taken) + " archives that were found");
    if (found > taken)
      notices.push_back("the repository has " + std::to_string(found - taken) +
                        " archives that were not seen made; they count for nothing and stay (adopt: true takes them in where "
                        "there is no ledger yet)");
  }
  for (const ListedArchive* archive : listing.All()) ids_before_.insert(archive->id);
  // Whatever cannot be remembered is not looked for either.
  Result<Ledger> before = Adopt({}, listing, now);
  before_ = before ? *std::move(before) : Ledger{listing.repository_id, {}};
  return {};
}

Status TargetLedger::OnSession(const Listing& listing) const {
  if (ledger_) {
    if (Status accused = Accusation(Compare(*ledger_, listing)); !accused) return accused;
  }
  if (!before_) return {};
  Status accused = Accusation(Compare(*before_, listing));
  if (!accused) accused.error().message += "; they were there before this backup";
  return accused;
}

Status TargetLedger::OnCreated(const Listing& listing, const ListedArchive& made, LedgerTime now) {
  if (ids_before_.contains(made.id))
    return Fail(Reason::kTargetMisbehaved, "the target says that it made the archive \"" + Printable(made.name, 200) + "\" (" +
                                               made.id + "), which was there before this backup");
  if (!kept()) return {};
  if (!ledger_) ledger_ = Ledger{listing.repository_id, {}, listing.encryption};
  if (Status recorded = Record(*ledger_, made.id, made.name, now); !recorded) return recorded;
  return Keep();
}

Result<TargetLedger::Dropping> TargetLedger::Drop(const Listing& listing, const Retention& retention,
                                                  std::chrono::seconds quarantine, const TimeZone& zone, LedgerTime now) {
  const Result<Pruning> pruning = PlanPruning(*ledger_, listing, retention, zone, now);
  if (!pruning) return Fail(pruning.error());
  Dropping dropping;
  std::vector<std::string> marked;
  for (const LedgerArchive* archive : pruning->drop) {
    const bool known = save_ || archive->dropped;
    if (known && now - archive->dropped.value_or(now) >= quarantine) {
      dropping.now.push_back(*archive);
    } else {
      ++dropping.later;
    }
    marked.push_back(archive->id);
  }
  for (const std::string& id : marked) MarkDropped(*ledger_, id, now);
  if (!marked.empty()) {
    if (const Status saved = Keep(); !saved) return Fail(saved.error());
  }
  return dropping;
}

Status TargetLedger::OnDropped(const Listing& listing) {
  if (Status accused = Accusation(Compare(*ledger_, listing)); !accused) return accused;
  ForgetDropped(*ledger_, listing, kRememberedDrops);
  return Keep();
}

Status TargetLedger::SavePins() {
  if (!ledger_ || !kept()) return {};
  return Keep();
}

std::optional<LedgerChanges> TargetLedger::Changes() const {
  if (!kept_ || save_ || !ledger_) return std::nullopt;
  return ChangesBetween(known_, *ledger_);
}

Status TargetLedger::Keep() {
  ledger_->nonce = pins_.nonce;
  ledger_->key = pins_.key ? guard::Hex(*pins_.key) : std::string();
  return save_ ? save_(*ledger_) : Status{};
}

Status TargetLedger::Accuse(std::string message, std::initializer_list<std::string_view> facts) {
  Error error{Reason::kRepositoryTampered, std::move(message), {}, FindingId(facts)};
  if (pins_.TakeAcknowledged(error.finding)) return {};
  return Fail(std::move(error));
}

}  // namespace borgop
