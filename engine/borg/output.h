// What a borg client prints on its standard output with --json.
//
// The bytes come from T or B and are not trusted: sizes and depths are bounded, every type is checked. Names are the bytes
// themselves, as far as borg passes them on (borg prints "?" for bytes of an archive's name that are not UTF-8).
//
// Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/report/report.h"

namespace borgop {

inline constexpr std::size_t kMaxCreateOutput = std::size_t{1024} * 1024;
inline constexpr std::size_t kMaxListOutput = std::size_t{16} * 1024 * 1024;  // about 50,000 archives

struct CreateResult {
  Archive archive;
  std::string repository_id;  // 64 lower-case hexadecimal digits, as archive.id
  // Of the repository: all archives, and their chunks counted once and compressed. Missing where borg does not say them.
  std::optional<std::uint64_t> repository_original_size, repository_deduplicated_size;
};

struct ListedArchive {
  std::string id;  // 64 lower-case hexadecimal digits
  std::string name;
  std::string start;  // in UTC, as borg writes it: "2026-11-27T01:35:11.000000"
};

struct Listing {
  std::string repository_id;
  std::string encryption;                      // such as "repokey-blake2"
  std::vector<ListedArchive> archives;         // in borg's order, by time
  std::vector<ListedArchive> unfinished = {};  // those that borg only lists where it is asked to: with .checkpoint in their names

  // Both: borg deletes unfinished ones too, and what they name with them. Views into this.
  std::vector<const ListedArchive*> All() const;
};

// Errors: kBorgOutputInvalid, with what is wrong. Lines before the object (an account's login messages) are passed over.
Result<CreateResult> ParseCreate(std::string_view text);
Result<Listing> ParseList(std::string_view text);

}  // namespace borgop
