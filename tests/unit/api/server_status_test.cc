#include "controller/api/server_status.h"

#include <gtest/gtest.h>

namespace borgop::api {
namespace {

using nlohmann::json;

TEST(ServerStatusTest, JsonAndBack) {
  ServerStatus status{4, {}, 12, 3, 2};
  Set(status.conditions, {"Ready", Truth::kTrue, "Good", "well", 4, {}}, WallTime(std::chrono::seconds(1'795'498'632)));
  const json object = {{"status", ToJson(status)}};
  EXPECT_EQ(object["status"]["targets"], 12);
  EXPECT_EQ(object["status"]["running"], 3);
  EXPECT_EQ(object["status"]["waiting"], 2);
  EXPECT_EQ(ReadServerStatus(object), status);
}

TEST(ServerStatusTest, NonsenseIsAsIfItWereNotThere) {
  EXPECT_EQ(ReadServerStatus(json()), ServerStatus{});
  EXPECT_EQ(ReadServerStatus(json::parse(R"({"status": 1})")), ServerStatus{});
  EXPECT_EQ(ReadServerStatus(json::parse(R"({"status": {"conditions": 1, "targets": -1, "running": "x"}})")), ServerStatus{});
}

}  // namespace
}  // namespace borgop::api
