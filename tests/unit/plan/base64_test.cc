#include "engine/plan/base64.h"

#include <gtest/gtest.h>

#include <string>

namespace borgop {
namespace {

TEST(Base64, RoundTripsEveryLength) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    if (i > 0) {
      const auto decoded = DecodeBase64(EncodeBase64(bytes));
      ASSERT_TRUE(decoded.has_value()) << i;
      EXPECT_EQ(*decoded, bytes);
    }
    bytes += static_cast<char>(i);
  }
}

TEST(Base64, RefusesWhatIsNotStrict) {
  for (const char* text :
       {"", "A", "AA", "AAA", "AAAAA", "AA=A", "====", "A===", "AAA\n", " AAA", "AAAA\n", "AA-_", "AAA=AAAA", "AA==AA=="}) {
    EXPECT_FALSE(DecodeBase64(text).has_value()) << text;
  }
}

TEST(Base64, DecodesKnownText) {
  EXPECT_EQ(DecodeBase64("Zm9vYmE="), "fooba");
  EXPECT_EQ(DecodeBase64("Zm9vYg=="), "foob");
  EXPECT_EQ(EncodeBase64("foobar"), "Zm9vYmFy");
}

}  // namespace
}  // namespace borgop
