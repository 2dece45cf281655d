// Ledgers and listings in a few words.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/rfc3339.h"
#include "engine/borg/output.h"
#include "engine/retention/ledger.h"

namespace borgop {

// 64 hexadecimal digits: `word`, which is some, and zeros.
inline std::string Id(std::string word) {
  word.resize(64, '0');
  return word;
}

inline LedgerTime At(std::string_view text) { return std::chrono::floor<std::chrono::milliseconds>(ParseRfc3339(text).value()); }

inline LedgerArchive Seen(const std::string& id, std::string name, std::string_view time = "2026-11-01T10:00:00Z") {
  return {Id(id), std::move(name), At(time), false, std::nullopt};
}

inline LedgerArchive Dropped(const std::string& id, std::string name, std::string_view dropped = "2026-11-02T10:00:00Z") {
  LedgerArchive archive = Seen(id, std::move(name));
  archive.dropped = At(dropped);
  return archive;
}

inline ListedArchive Listed(const std::string& id, std::string name, std::string start = "2026-11-01T10:00:00.000000") {
  return {Id(id), std::move(name), std::move(start)};
}

inline Listing ListingOf(std::vector<ListedArchive> archives, const std::string& repository = "f") {
  return {Id(repository), "none", std::move(archives)};
}

inline Ledger LedgerOf(std::vector<LedgerArchive> archives, const std::string& repository = "f") {
  return {Id(repository), std::move(archives)};
}

}  // namespace borgop
