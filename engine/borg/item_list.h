// What `borg list --format` prints of an archive's items (ListItems in command.h), in any pieces.
//
// borg says "?" in the place of each byte of a path that is not UTF-8, in every format that it has. So a "?" in a path stands for that
// byte or for itself, and whoever compares paths must take it for both: Spoken gives any path as borg would say it.
//
// The bytes come from B by way of borg and are not trusted: a record is bounded, and each of its fields is checked. A path that holds a NUL
// makes records that are refused.
//
// Threading: one reader a process, used by one thread. Memory: one record. Errors: kBorgOutputInvalid; all later calls fail likewise.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace borgop {

struct ListedItem {
  char type = '-';         // as ls shows it: "-", "d", "l" and so on; "h" is a hard link to an item that came before it
  std::uint32_t mode = 0;  // the permission bits, 07777
  std::uint64_t size = 0;  // 0 for a hard link
  std::optional<std::chrono::system_clock::time_point> modified;  // none: before 1970
  bool healthy = true;                                            // false: borg check has put zeros in the place of lost data
  std::string path;                                               // Spoken
};

class ItemListReader {
 public:
  static constexpr std::size_t kMaxRecord = std::size_t{64} * 1024;

  // The items that are whole with these bytes.
  Result<std::vector<ListedItem>> Feed(std::string_view bytes);
  // The end of the output: there is no half of a record.
  Status Finish();

 private:
  Status Invalid(std::string_view what);

  std::string record_;
  std::uint64_t count_ = 0;
  bool invalid_ = false;
};

std::string Spoken(std::string_view path);

}  // namespace borgop
