#include "bench/controller/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/base/rfc3339.h"
#include "tests/fakes/temporary_directory.h"

namespace borgop::bench {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr const char* kUser = "system:serviceaccount:a:b";

// As the API server writes it: `user` first of its object, no space.
std::string Line(const std::string& verb, const std::string& resource, const std::string& stage = "ResponseComplete",
                 const std::string& user = kUser, const std::string& time = "2026-11-27T10:00:00.000001Z") {
  nlohmann::ordered_json object = {{"resource", resource.substr(0, resource.find('/'))}};
  if (resource.find('/') != std::string::npos) object["subresource"] = resource.substr(resource.find('/') + 1);
  const nlohmann::ordered_json event = {{"stage", stage},
                                        {"verb", verb},
                                        {"user", {{"username", user}, {"uid", "u"}}},
                                        {"objectRef", object},
                                        {"stageTimestamp", time}};
  return event.dump() + '\n';
}

class AuditTest : public testing::Test {
 protected:
  void Write(const std::string& text) const { std::ofstream(path_, std::ios::app) << text << std::flush; }

  const TemporaryDirectory directory_;
  const std::string path_ = directory_.At("audit.log");
};

TEST_F(AuditTest, CountsWhatOneAccountAskedForAsTheLogGrows) {
  Write(Line("patch", "borgbackuptargets/status") + Line("get", "secrets") +
        Line("get", "secrets", "ResponseComplete", "somebody"));
  Audit audit(path_, kUser);
  EXPECT_THAT(audit.Read(), ElementsAre(Pair("get secrets", 1), Pair("patch borgbackuptargets/status", 1)));
  const Requests before = audit.Read();
  const std::string line = Line("get", "secrets");
  Write(line.substr(0, 40));
  EXPECT_THAT(audit.Read() - before, IsEmpty()) << "half a line";
  Write(line.substr(40) + Line("list", "pods"));
  EXPECT_THAT(audit.Read() - before, ElementsAre(Pair("get secrets", 1), Pair("list pods", 1)));
}

TEST_F(AuditTest, AWatchCountsWhenItBeginsAndAllElseWhenItIsAnswered) {
  for (const char* stage : {"ResponseStarted", "ResponseComplete"})
    Write(Line("watch", "pods", stage) + Line("list", "pods", stage));
  Audit audit(path_, kUser);
  EXPECT_THAT(audit.Read(), ElementsAre(Pair("list pods", 1), Pair("watch pods", 1)));
}

TEST_F(AuditTest, IsReadOnWhereTheLogIsRotated) {
  Write(Line("get", "secrets"));
  Audit audit(path_, kUser);
  audit.Read();
  Write(Line("get", "secrets"));
  std::filesystem::rename(path_, directory_.At("audit-1.log"));
  Write(Line("get", "secrets"));
  EXPECT_THAT(audit.Read(), ElementsAre(Pair("get secrets", 3)));
}

TEST_F(AuditTest, TheLastRequestIsNoWatchAndNotOfTheLease) {
  const char* complete = "ResponseComplete";
  Write(Line("get", "secrets", complete, kUser, "2026-11-27T10:00:01.500000Z") +
        Line("update", "leases", complete, kUser, "2026-11-27T10:00:02.000000Z") +
        Line("watch", "pods", "ResponseStarted", kUser, "2026-11-27T10:00:03.000000Z"));
  Audit audit(path_, kUser);
  audit.Read();
  EXPECT_EQ(audit.last_request(), ParseRfc3339("2026-11-27T10:00:01.5Z"));
}

TEST(RequestSums, ArePutTogetherByVerbButForTheLease) {
  const RequestSums sums = SumsOf({{"get secrets", 2},
                                   {"list pods", 3},
                                   {"watch pods", 4},
                                   {"patch jobs", 5},
                                   {"create jobs", 6},
                                   {"update leases", 7},
                                   {"get leases", 8}});
  EXPECT_EQ(sums.gets, 2);
  EXPECT_EQ(sums.lists, 3);
  EXPECT_EQ(sums.watches, 4);
  EXPECT_EQ(sums.writes, 11);
  EXPECT_EQ(sums.leases, 15);
  EXPECT_EQ(sums.all(), 35);
}

}  // namespace
}  // namespace borgop::bench
