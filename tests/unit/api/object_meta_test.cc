#include "controller/api/object_meta.h"

#include <gtest/gtest.h>

#include "tests/unit/api/fixture.h"

namespace borgop::api {
namespace {

using nlohmann::json;

TEST(ObjectMetaTest, ReadsWhatIsThere) {
  json object = test::GoodTarget();
  object["metadata"]["labels"] = {{"app", "x"}, {"odd", 1}};
  object["metadata"]["deletionTimestamp"] = "2026-11-21T10:00:00Z";
  const ObjectMeta meta = ReadMeta(object);
  EXPECT_EQ(meta.name, "web-01");
  EXPECT_EQ(meta.ns, "backups");
  EXPECT_EQ(meta.uid, "u-target");
  EXPECT_EQ(meta.resource_version, "77");
  EXPECT_EQ(meta.generation, 3);
  EXPECT_EQ(meta.Annotation("borg-operator.dev/run-now"), "a");
  EXPECT_EQ(meta.Annotation("none"), "");
  EXPECT_EQ(meta.Label("app"), "x");
  EXPECT_EQ(meta.Label("odd"), "");
  EXPECT_EQ(meta.finalizers, std::vector<std::string>{"x/y"});
  ASSERT_TRUE(meta.creation_time);
  EXPECT_EQ(KubeTime(*meta.creation_time), "2026-11-20T10:00:00Z");
  EXPECT_TRUE(meta.deleting());
}

TEST(ObjectMetaTest, LeavesEmptyWhatIsNotThere) {
  for (const char* text :
       {"null", "[]", "{}", R"({"metadata": 1})", R"({"metadata": {"name": 1, "labels": [], "finalizers": {}}})"}) {
    const ObjectMeta meta = ReadMeta(json::parse(text));
    EXPECT_EQ(meta.name, "") << text;
    EXPECT_FALSE(meta.deleting()) << text;
    EXPECT_TRUE(meta.labels.empty() && meta.finalizers.empty()) << text;
  }
}

TEST(KubeTimeTest, HasWholeSeconds) {
  EXPECT_EQ(KubeTime(WallTime(std::chrono::milliseconds(1795498632999))), "2026-11-24T05:37:12Z");
  EXPECT_EQ(KubeTime(WallTime{}), "1970-01-01T00:00:00Z");
}

}  // namespace
}  // namespace borgop::api
