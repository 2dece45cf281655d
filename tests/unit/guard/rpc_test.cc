#include "engine/guard/rpc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/guard/message_reader.h"
#include "spoken.h"

namespace borgop::guard {
namespace {

using Kind = Value::Kind;

TEST(RpcTest, BothFormsOfARequestSayTheSame) {
  for (const std::string& message : {Call(5, "put", {{"id", Id('x')}, {"data", "abc"}}), OldCall(5, "put", {Id('x'), "abc"}),
                                     Call(5, "put", {{"id", Binary{Id('x')}}, {"data", Binary{"abc"}}}),
                                     Speech()
                                         .Map(3)
                                         .Say(Binary{"a"})
                                         .Map(2)
                                         .Text("data")
                                         .Text("abc")
                                         .Text("id")
                                         .Text(Id('x'))
                                         .Text("m")
                                         .Say(Binary{"put"})
                                         .Text("i")
                                         .Say(std::uint64_t{5})
                                         .bytes()}) {
    const Result<Request> request = DecodeRequest(message);
    ASSERT_TRUE(request.has_value());
    EXPECT_EQ(request->id, 5U);
    EXPECT_EQ(request->method, "put");
    ASSERT_EQ(request->arguments.size(), 2U);
    ASSERT_NE(request->Find("id"), nullptr);
    EXPECT_EQ(request->Find("id")->bytes, Id('x'));
    ASSERT_NE(request->Find("data"), nullptr);
    EXPECT_EQ(request->Find("data")->size, 3U);
    EXPECT_EQ(request->Find("wait"), nullptr);
  }
}

TEST(RpcTest, KindsOfValues) {
  struct Row {
    const char* name;
    Spoken value;
    Kind kind;
  };
  for (const Row& row :
       {Row{"None", None(), Kind::kNone}, Row{"False", false, Kind::kBool}, Row{"Number", std::uint64_t{7}, Kind::kUnsigned},
        Row{"Largest", ~std::uint64_t{0}, Kind::kUnsigned}, Row{"Negative", std::int64_t{-1}, Kind::kOther},
        Row{"Float", 0.5, Kind::kOther}, Row{"Text", std::string("x"), Kind::kBytes}, Row{"Binary", Binary{"x"}, Kind::kBytes},
        Row{"Map", Version(), Kind::kMap}, Row{"List", Numbers{3}, Kind::kOther}}) {
    SCOPED_TRACE(row.name);
    const std::string message = Call(1, "x", {{"v", row.value}});
    const Result<Request> request = DecodeRequest(message);
    ASSERT_TRUE(request.has_value());
    EXPECT_EQ(request->Find("v")->kind, row.kind);
  }
}

TEST(RpcTest, ALongStringHasItsSize) {
  MessageReader reader("T", kRequestLimits);
  const std::string message = Call(1, "put", {{"id", "x"}, {"data", std::string(70000, 'x')}});
  ASSERT_TRUE(reader.Read(message).has_value());
  const Result<Request> request = DecodeRequest(reader.head());
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->Find("data")->kind, Kind::kLongBytes);
  EXPECT_EQ(request->Find("data")->size, 70000U);
}

TEST(RpcTest, PositionsAreThoseOfBorg) {
  struct Row {
    const char* name;
    std::string message;
    std::vector<std::string_view> names;
  };
  const std::string id = Id('x');
  for (const Row& row : {Row{"Open",
                             OldCall(1, "open", {"/p", false, None(), true, true, false}),
                             {"path", "create", "lock_wait", "lock", "exclusive", "append_only"}},
                         Row{"OpenOfOlderBorg", OldCall(1, "open", {"/p", false, None(), true}), {"", "", "", ""}},
                         Row{"Commit", OldCall(1, "commit", {false}), {"save_space"}},
                         Row{"TooMany", OldCall(1, "get", {id, id}), {"", ""}}, Row{"TooFew", OldCall(1, "put", {id}), {""}},
                         Row{"None", OldCall(1, "rollback", {}), {}}, Row{"Unknown", OldCall(1, "destroy", {false}), {""}}}) {
    SCOPED_TRACE(row.name);
    const Result<Request> request = DecodeRequest(row.message);
    ASSERT_TRUE(request.has_value());
    std::vector<std::string_view> names;
    for (const Argument& argument : request->arguments) names.push_back(argument.name);
    EXPECT_EQ(names, row.names);
  }
}

struct BadRpc {
  const char* name;
  std::string message;
};

TEST(RpcTest, OtherFormsAreNoRequests) {
  const std::uint64_t one = 1;
  for (const BadRpc& row : std::initializer_list<BadRpc>{
           {"Empty", ""},
           {"TwoValues", "\x80\x80"},
           {"Part", "\x81\xa1"},
           {"EmptyMap", "\x80"},
           {"EmptyList", "\x90"},
           {"ThreeMembers", Speech().Array(3).Say(one).Say(one).Text("get").bytes()},
           {"FiveMembers", Speech().Array(5).Say(one).Say(one).Text("get").Array(0).Say(one).bytes()},
           {"AnotherType", Speech().Array(4).Say(std::uint64_t{2}).Say(one).Text("get").Array(0).bytes()},
           {"MoreKeys", Speech().Map(4).Text("i").Say(one).Text("m").Text("get").Text("a").Map(0).Text("b").Say(one).bytes()},
           {"MethodTwice",
            Speech().Map(4).Text("i").Say(one).Text("m").Text("get").Text("a").Map(0).Text("m").Text("destroy").bytes()},
           {"MethodInsteadOfNumber", Speech().Map(3).Text("m").Text("get").Text("a").Map(0).Text("m").Text("destroy").bytes()},
           {"NumberIsText", Speech().Map(3).Text("i").Text("1").Text("m").Text("get").Text("a").Map(0).bytes()},
           {"NumberIsNegative", Speech().Map(3).Text("i").Say(std::int64_t{-1}).Text("m").Text("get").Text("a").Map(0).bytes()},
           {"MethodIsNumber", Speech().Map(3).Text("i").Say(one).Text("m").Say(one).Text("a").Map(0).bytes()},
           {"ArgumentsAreAList", Speech().Map(3).Text("i").Say(one).Text("m").Text("get").Text("a").Array(0).bytes()},
           {"OldArgumentsAreAMap", Speech().Array(4).Say(one).Say(one).Text("get").Map(0).bytes()},
           {"ArgumentTwice", Speech()
                                 .Map(3)
                                 .Text("i")
                                 .Say(one)
                                 .Text("m")
                                 .Text("get")
                                 .Text("a")
                                 .Map(2)
                                 .Text("id")
                                 .Text("a")
                                 .Text("id")
                                 .Text("b")
                                 .bytes()},
           {"ArgumentTwiceInTwoWays", Speech()
                                          .Map(3)
                                          .Text("i")
                                          .Say(one)
                                          .Text("m")
                                          .Text("get")
                                          .Text("a")
                                          .Map(2)
                                          .Text("id")
                                          .Text("a")
                                          .Say(Binary{"id"})
                                          .Text("b")
                                          .bytes()},
           {"ArgumentIsNumber",
            Speech().Map(3).Text("i").Say(one).Text("m").Text("get").Text("a").Map(1).Say(one).Text("a").bytes()},
           {"ArgumentIsEmpty",
            Speech().Map(3).Text("i").Say(one).Text("m").Text("get").Text("a").Map(1).Text("").Text("a").bytes()},
           {"Answer", Reply(1, None())}}) {
    SCOPED_TRACE(row.name);
    const Result<Request> request = DecodeRequest(row.message);
    ASSERT_FALSE(request.has_value());
    EXPECT_EQ(request.error().reason, Reason::kBorgOutputInvalid);
  }
}

TEST(RpcTest, BothFormsOfAnAnswerSayTheSame) {
  for (const std::string& message : {Reply(5, std::uint64_t{7}), OldReply(5, None(), std::uint64_t{7}),
                                     Speech().Map(2).Text("r").Say(std::uint64_t{7}).Text("i").Say(std::uint64_t{5}).bytes()}) {
    const Result<Answer> answer = DecodeAnswer(message);
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->id, 5U);
    EXPECT_FALSE(answer->exception);
    EXPECT_EQ(answer->result.number, 7U);
  }
  for (const std::string& message : {ReplyException(5, "ObjectNotFound"), OldReply(5, "ObjectNotFound", "Remote Exception")}) {
    const Result<Answer> answer = DecodeAnswer(message);
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->exception, "ObjectNotFound");
  }
}

TEST(RpcTest, OtherFormsAreNoAnswers) {
  const std::uint64_t one = 1;
  std::string many = Speech().Map(17).Text("i").Say(one).Text("r").Say(one).bytes();
  for (char c = 'A'; c < 'A' + 15; ++c) many += std::string("\xa1") + c + "\x01";
  for (const BadRpc& row : std::initializer_list<BadRpc>{
           {"EmptyMap", "\x80"},
           {"NoNumber", Speech().Map(1).Text("r").Say(one).bytes()},
           {"NoResult", Speech().Map(1).Text("i").Say(one).bytes()},
           {"BothResultAndException",
            Speech().Map(3).Text("i").Say(one).Text("r").Say(one).Text("exception_class").Text("Error").bytes()},
           {"NumberTwice", Speech().Map(3).Text("i").Say(one).Text("r").Say(one).Text("i").Say(std::uint64_t{2}).bytes()},
           {"ResultTwice", Speech().Map(3).Text("i").Say(one).Text("r").Say(one).Text("r").Say(one).bytes()},
           {"ExceptionTwice", Speech()
                                  .Map(4)
                                  .Text("i")
                                  .Say(one)
                                  .Text("r")
                                  .Say(one)
                                  .Text("exception_class")
                                  .Text("a")
                                  .Text("exception_class")
                                  .Text("b")
                                  .bytes()},
           {"KeyIsNumber", Speech().Map(3).Text("i").Say(one).Text("r").Say(one).Say(one).Say(one).bytes()},
           {"TooManyKeys", many},
           {"ExceptionIsNumber", Speech().Map(2).Text("i").Say(one).Text("exception_class").Say(one).bytes()},
           {"OldExceptionIsFalse", OldReply(1, false, one)},
           {"OldExceptionIsEmpty", OldReply(1, std::string(), one)},
           {"ThreeMembers", Speech().Array(3).Say(one).Say(one).Say(None()).bytes()}}) {
    SCOPED_TRACE(row.name);
    const Result<Answer> answer = DecodeAnswer(row.message);
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().reason, Reason::kBorgOutputInvalid);
  }
}

}  // namespace
}  // namespace borgop::guard
