#include "controller/kube/resource.h"

#include <gtest/gtest.h>

#include <string>
#include <unordered_set>

namespace borgop::kube {
namespace {

struct ResourceRow {
  const char* name;
  const ResourceType& (*type)();
  ObjectKey key;
  const char* subresource;
  const char* path;
};

class ObjectPaths : public testing::TestWithParam<ResourceRow> {};

TEST_P(ObjectPaths, AreWhatTheApiServes) {
  const ResourceRow& row = GetParam();
  EXPECT_EQ(ObjectPath(row.type(), row.key, row.subresource), row.path);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ObjectPaths,
    testing::Values(ResourceRow{"core", Pods, {"a", "b"}, "", "/api/v1/namespaces/a/pods/b"},
                    ResourceRow{"log", Pods, {"a", "b"}, "log", "/api/v1/namespaces/a/pods/b/log"},
                    ResourceRow{"group", Jobs, {"a", "b"}, "", "/apis/batch/v1/namespaces/a/jobs/b"},
                    ResourceRow{"cluster_wide", Namespaces, {"", "b"}, "", "/api/v1/namespaces/b"},
                    ResourceRow{"namespace_is_not_for_cluster_wide", Namespaces, {"a", "b"}, "", "/api/v1/namespaces/b"},
                    ResourceRow{"status",
                                BorgBackupTargets,
                                {"a", "b"},
                                "status",
                                "/apis/borg-operator.dev/v1alpha1/namespaces/a/borgbackuptargets/b/status"},
                    ResourceRow{"hostile_name", Secrets, {"..", "x/../y?z"}, "", "/api/v1/namespaces/../secrets/x%2F..%2Fy%3Fz"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(CollectionPath, OfOneOrAllNamespaces) {
  EXPECT_EQ(CollectionPath(Leases(), "a"), "/apis/coordination.k8s.io/v1/namespaces/a/leases");
  EXPECT_EQ(CollectionPath(Leases(), ""), "/apis/coordination.k8s.io/v1/leases");
}

TEST(ResourceType, SaysItsApiVersion) {
  EXPECT_EQ(Secrets().ApiVersion(), "v1");
  EXPECT_EQ(CronJobs().ApiVersion(), "batch/v1");
}

TEST(PercentEncode, KeepsOnlyUnreservedCharacters) {
  EXPECT_EQ(PercentEncode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(PercentEncode("a=b,c d/\xff"), "a%3Db%2Cc%20d%2F%FF");
}

TEST(ObjectKey, IsReadFromMetadata) {
  const auto object = nlohmann::json::parse(R"({"metadata":{"namespace":"n","name":"m","uid":"u","resourceVersion":"7"}})");
  EXPECT_EQ(KeyOf(object), (ObjectKey{"n", "m"}));
  EXPECT_EQ(UidOf(object), "u");
  EXPECT_EQ(ResourceVersionOf(object), "7");
  for (const char* other : {"null", "[]", R"({"metadata":3})", R"({"metadata":{"name":3}})"})
    EXPECT_EQ(KeyOf(nlohmann::json::parse(other)), ObjectKey()) << other;
}

TEST(ObjectKey, HashTellsNamespaceFromName) {
  const std::unordered_set<ObjectKey> keys{{"a", "b"}, {"b", "a"}, {"", "ab"}, {"a", "b"}};
  EXPECT_EQ(keys.size(), 3U);
  EXPECT_NE(std::hash<ObjectKey>()({"a", "b"}), std::hash<ObjectKey>()({"b", "a"}));
  EXPECT_EQ((ObjectKey{"a", "b"}).ToString(), "a/b");
  EXPECT_EQ((ObjectKey{"", "b"}).ToString(), "b");
}

}  // namespace
}  // namespace borgop::kube
