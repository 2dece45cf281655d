#include "engine/borg/item_list.h"

#include "tests/fuzz/fuzzer.h"

// What borg lists of an archive: the same in one piece and in two, and never more than was printed.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace borgop;  // NOLINT(google-build-using-namespace)
  const std::string_view text = fuzz::Text(data, size);
  ItemListReader whole;
  const auto items = whole.Feed(text);
  ItemListReader pieces;
  const std::size_t half = size / 2;
  const auto first = pieces.Feed(text.substr(0, half));
  const auto second = pieces.Feed(text.substr(half));
  fuzz::Must(items.has_value() == (first && second), "in pieces as a whole");
  if (!items || !first || !second) {
    fuzz::Must(!whole.Finish() || items.has_value(), "what was refused stays refused");
    return 0;
  }
  fuzz::Must(items->size() == first->size() + second->size(), "all items");
  for (const ListedItem& item : *items) {
    fuzz::Must(!item.path.empty() && item.path.find('\0') == std::string::npos, "a path");
    fuzz::Must(item.mode <= 07777, "permissions");
  }
  const std::string spoken = Spoken(text);
  fuzz::Must(Spoken(spoken) == spoken, "said twice it is the same");
  return 0;
}
