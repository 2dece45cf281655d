// Sixty megabytes of JSON: minutes for a sanitizer.
#include <gtest/gtest.h>

#include "engine/retention/ledger.h"
#include "ledgers.h"

namespace borgop {
namespace {

TEST(LedgerTest, TheLargestCanBeReadAgain) {
  Ledger ledger = LedgerOf({});
  for (std::size_t i = 0; i < kMaxLedgerArchives; ++i) {
    std::string name = std::to_string(i);
    name.resize(kMaxLedgerName, '\x01');  // six bytes each in JSON
    LedgerArchive archive = Dropped(std::to_string(i) + 'a', name);
    archive.adopted = true;
    ledger.archives.push_back(archive);
  }
  const auto text = WriteLedger(ledger);
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_LE(text->size(), kMaxLedgerBytes);
  const auto read = ReadLedger(*text);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(*read == ledger);
  EXPECT_EQ(Record(ledger, Id("b"), "new", At("2026-11-26T10:00:00Z")).error().reason, Reason::kLedgerInvalid);
  ledger.archives.push_back(Seen("b", "one more"));
  EXPECT_FALSE(WriteLedger(ledger));
}

}  // namespace
}  // namespace borgop
