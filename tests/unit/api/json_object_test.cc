#include "controller/api/json_object.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace borgop::api {
namespace {

using nlohmann::json;
using testing::ElementsAre;

struct IntegerRow {
  const char* name;
  json value;
  std::optional<std::int64_t> read;
};
void PrintTo(const IntegerRow& row, std::ostream* out) { *out << row.name; }

class IntegerTest : public testing::TestWithParam<IntegerRow> {};

TEST_P(IntegerTest, Reads) {
  const json object = {{"n", GetParam().value}};
  Problems problems;
  EXPECT_EQ(Object(&object, "spec", problems).Integer("n", -1, 10), GetParam().read);
  const bool counts_as_missing = GetParam().value.is_null();
  EXPECT_EQ(problems.empty(), GetParam().read.has_value() || counts_as_missing);
}

const IntegerRow kIntegers[] = {
    {"Low", -1, -1},
    {"High", 10, 10},
    {"BelowLow", -2, std::nullopt},
    {"AboveHigh", 11, std::nullopt},
    {"Float", 1.0, std::nullopt},
    {"Text", "1", std::nullopt},
    {"Null", nullptr, std::nullopt},
    {"Wraps", UINT64_MAX, std::nullopt},
};
INSTANTIATE_TEST_SUITE_P(Table, IntegerTest, testing::ValuesIn(kIntegers), [](const auto& row) { return row.param.name; });

TEST(JsonObjectTest, CollectsAllProblemsWithTheirPlace) {
  const json object = {{"a", 1}, {"b", {{"list", {"x", 2}}}}, {"c", "true"}, {"d", 5}};
  Problems problems;
  const Object top(&object, "spec", problems);
  EXPECT_FALSE(top.Text("a"));
  EXPECT_THAT(top.Child("b").Texts("list"), ElementsAre("x"));
  EXPECT_FALSE(top.Boolean("c"));
  EXPECT_FALSE(top.Child("d").present());
  EXPECT_EQ(top.RequiredText("e"), "");
  EXPECT_THAT(problems, ElementsAre(FieldProblem{"spec.a", "is not a text"}, FieldProblem{"spec.b.list[1]", "is not a text"},
                                    FieldProblem{"spec.c", "is neither true nor false"}, FieldProblem{"spec.d", "is not an object"},
                                    FieldProblem{"spec.e", "is missing"}));
  EXPECT_EQ(ToString(Problems(problems.begin(), problems.begin() + 2)), "spec.a is not a text; spec.b.list[1] is not a text");
  problems.resize(7, {"spec.f", "is odd"});
  EXPECT_TRUE(ToString(problems).ends_with("; and 2 more")) << ToString(problems);
}

TEST(JsonObjectTest, AMissingObjectHasNoMissingFields) {
  Problems problems;
  const Object top(nullptr, "spec", problems);
  EXPECT_EQ(top.RequiredChild("a").RequiredText("b"), "");
  EXPECT_TRUE(problems.empty());
}

}  // namespace
}  // namespace borgop::api
