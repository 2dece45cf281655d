#include "controller/kube/store.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "controller/kube/bounded_json.h"

namespace borgop::kube {
namespace {

nlohmann::json Make(const std::string& ns, const std::string& name, int version, const std::string& label = {},
                    std::vector<std::string> owners = {}, const std::string& uid = "u") {
  nlohmann::json object = {
      {"metadata", {{"namespace", ns}, {"name", name}, {"uid", uid}, {"resourceVersion", std::to_string(version)}}}};
  if (!label.empty()) object["metadata"]["labels"]["app"] = label;
  for (const std::string& owner : owners) object["metadata"]["ownerReferences"].push_back({{"uid", owner}});
  return object;
}

std::string Names(const std::vector<Object>& objects) {
  std::string names;
  for (const Object& object : objects) names += KeyOf(*object).ToString() + "@" + ResourceVersionOf(*object) + " ";
  return names;
}

std::string Told(const Change& change) {
  return change.key.ToString() + ":" + (change.before ? ResourceVersionOf(*change.before) : "-") + ">" +
         (change.after ? ResourceVersionOf(*change.after) : "-");
}

class StoreTest : public testing::Test {
 protected:
  StoreTest() {
    store_.AddIndex("app", ByLabel("app"));
    store_.AddIndex("owner", ByOwner());
  }
  Store store_;
};

TEST_F(StoreTest, PutTellsBeforeAndAfter) {
  EXPECT_EQ(Told(*store_.Put(Make("n", "a", 1))), "n/a:->1");
  EXPECT_EQ(Told(*store_.Put(Make("n", "a", 2))), "n/a:1>2");
  EXPECT_FALSE(store_.Put(Make("n", "a", 2))) << "the same version is no change";
  EXPECT_TRUE(store_.Put(Make("n", "a", 2, "", {}, "another"))) << "but another object of that name is one";
  EXPECT_EQ(Told(*store_.Put(Make("n", "a", 1))), "n/a:2>1") << "versions may go back when the server's data was restored";
}

TEST_F(StoreTest, RemoveTellsWhatWasThere) {
  store_.Put(Make("n", "a", 1));
  EXPECT_EQ(Told(*store_.Remove({"n", "a"})), "n/a:1>-");
  EXPECT_FALSE(store_.Remove({"n", "a"}));
  EXPECT_EQ(store_.Get({"n", "a"}), nullptr);
}

TEST_F(StoreTest, AReaderKeepsWhatItGot) {
  store_.Put(Make("n", "a", 1));
  const Object held = store_.Get({"n", "a"});
  store_.Put(Make("n", "a", 2));
  EXPECT_EQ(ResourceVersionOf(*held), "1");
  EXPECT_EQ(ResourceVersionOf(*store_.Get({"n", "a"})), "2");
}

TEST_F(StoreTest, ListsInOrderAndByNamespace) {
  for (const auto& [ns, name] : {std::pair{"o", "a"}, {"n", "b"}, {"n", "a"}}) store_.Put(Make(ns, name, 1));
  EXPECT_EQ(Names(store_.List()), "n/a@1 n/b@1 o/a@1 ");
  EXPECT_EQ(Names(store_.List("n")), "n/a@1 n/b@1 ");
  EXPECT_EQ(Names(store_.List("m")), "");
  EXPECT_EQ(store_.size(), 3U);
}

TEST_F(StoreTest, IndicesFollowEachChange) {
  store_.Put(Make("n", "a", 1, "x", {"1", "2"}));
  store_.Put(Make("n", "b", 1, "x", {"2"}));
  store_.Put(Make("o", "c", 1, "x"));
  EXPECT_EQ(Names(store_.Find("app", "n/x")), "n/a@1 n/b@1 ");
  EXPECT_EQ(Names(store_.Find("app", "o/x")), "o/c@1 ");
  EXPECT_EQ(Names(store_.Find("owner", "2")), "n/a@1 n/b@1 ");
  store_.Put(Make("n", "a", 2, "y", {"1"}));
  EXPECT_EQ(Names(store_.Find("app", "n/x")), "n/b@1 ");
  EXPECT_EQ(Names(store_.Find("app", "n/y")), "n/a@2 ");
  EXPECT_EQ(Names(store_.Find("owner", "2")), "n/b@1 ");
  EXPECT_EQ(Names(store_.Find("owner", "1")), "n/a@2 ");
  store_.Remove({"n", "b"});
  EXPECT_EQ(Names(store_.Find("app", "n/x")), "");
  EXPECT_EQ(Names(store_.Find("none", "n/x")), "");
}

TEST_F(StoreTest, ReplaceTellsOnlyWhatChanged) {
  for (const char* name : {"a", "b", "c"}) store_.Put(Make("n", name, 1, "x"));
  std::string told;
  for (const Change& change : store_.Replace({Make("n", "b", 1, "x"), Make("n", "c", 5, "y"), Make("n", "d", 6, "x")}))
    told += Told(change) + " ";
  EXPECT_EQ(told, "n/a:1>- n/c:1>5 n/d:->6 ");
  EXPECT_EQ(Names(store_.Find("app", "n/x")), "n/b@1 n/d@6 ");
}

TEST(StoreIndices, TakeOddObjects) {
  for (const char* text :
       {"{}", R"({"metadata":{"labels":{"app":3},"ownerReferences":{}}})", R"({"metadata":{"ownerReferences":[3,{}]}})"}) {
    EXPECT_TRUE(ByLabel("app")(nlohmann::json::parse(text)).empty()) << text;
    EXPECT_TRUE(ByOwner()(nlohmann::json::parse(text)).empty()) << text;
  }
}

}  // namespace
}  // namespace borgop::kube
