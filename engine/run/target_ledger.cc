#include "engine/run/target_ledger.h"

#include <utility>

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

Status Tampered(std::string message) { return Fail(Reason::kRepositoryTampered, std::move(message)); }

}  // namespace

TargetLedger::TargetLedger(std::optional<Ledger> known, bool adopt, Save save)
    : ledger_(std::move(known)), adopt_(adopt), save_(std::move(save)) {
  if (ledger_) pins_ = {Bytes(ledger_->repository_id), ledger_->nonce, Bytes(ledger_->key)};
}

Status TargetLedger::OnMissing(const std::string& path) const {
  if (!ledger_) return {};
  return Tampered("the repository " + ledger_->repository_id + " was at " + path + ", and is gone; nothing was put in its place");
}

Status TargetLedger::OnFound(const Listing& listing, LedgerTime now, std::vector<std::string>& notices) {
  if (ledger_) {
    if (!ledger_->encryption.empty() && ledger_->encryption != listing.encryption)
      return Tampered("the repository was encrypted by " + ledger_->encryption + ", and now by " + listing.encryption);
    const Comparison comparison = Compare(*ledger_, listing);
    if (Status accused = Accusation(comparison); !accused) return accused;
    if (!comparison.strangers.empty())
      notices.push_back(std::to_string(comparison.strangers.size()) +
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
  if (!kept()) return {};
  if (!ledger_) ledger_ = Ledger{listing.repository_id, {}, listing.encryption};
  if (Status recorded = Record(*ledger_, made.id, made.name, now); !recorded) return recorded;
  return Keep();
}

Result<std::vector<LedgerArchive>> TargetLedger::Drop(const Listing& listing, const Retention& retention, const TimeZone& zone,
                                                      LedgerTime now) {
  const Result<Pruning> pruning = PlanPruning(*ledger_, listing, retention, zone, now);
  if (!pruning) return Fail(pruning.error());
  std::vector<LedgerArchive> drop;
  drop.reserve(pruning->drop.size());
  for (const LedgerArchive* archive : pruning->drop) drop.push_back(*archive);
  for (const LedgerArchive& archive : drop) MarkDropped(*ledger_, archive.id, now);
  if (!drop.empty()) {
    if (const Status saved = Keep(); !saved) return Fail(saved.error());
  }
  return drop;
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

Status TargetLedger::Keep() {
  ledger_->nonce = pins_.nonce;
  ledger_->key = pins_.key ? guard::Hex(*pins_.key) : std::string();
  return save_(*ledger_);
}

}  // namespace borgop
