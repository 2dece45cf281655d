#include "engine/plan/plain_scalar.h"

#include <gtest/gtest.h>

namespace borgop {
namespace {

TEST(PlainScalar, Numbers) {
  for (const char* text : {"0",     "7",     "-1",   "+1",   "010",  "99999999999999999999",
                           "0x1F",  "0o17",  "1.5",  "1.",   ".5",   "-.5",
                           "1.50",  "1e3",   "1E+3", "1e-3", ".5e3", ".inf",
                           "-.Inf", "+.INF", ".nan", ".NaN", ".NAN"})
    EXPECT_EQ(PlainScalarKind(text), Node::Kind::kInteger) << text;
}

TEST(PlainScalar, Booleans) {
  for (const char* text : {"true", "True", "TRUE", "false", "False", "FALSE", "yes", "Yes", "YES", "no", "No", "NO", "on", "On",
                           "ON", "off", "Off", "OFF"})
    EXPECT_EQ(PlainScalarKind(text), Node::Kind::kBoolean) << text;
}

TEST(PlainScalar, Texts) {
  for (const char* text : {"",          "-",
                           "+",         ".",
                           "-.",        "e3",
                           "1e",        "1e+",
                           "0x",        "0xg",
                           "-0x1",      "0o8",
                           "10.0.0.7",  "1.2.3",
                           "2d",        "48H",
                           "0 2 * * *", "host",
                           "web-1",     "1-2",
                           "1_0",       "2026-11-20",
                           "12:30",     "none",
                           "y",         "n",
                           "tRUE",      "yES",
                           "infinity",  "nan",
                           "+.nan",     ".infx",
                           "1.5x",      "fd00::1",
                           "::1",       "/5",
                           "5/",        "0123456789abcdef"})
    EXPECT_EQ(PlainScalarKind(text), Node::Kind::kText) << text;
}

}  // namespace
}  // namespace borgop
