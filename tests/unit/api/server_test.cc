#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/api/borg_server.h"
#include "tests/unit/api/fixture.h"

namespace borgop::api {
namespace {

using nlohmann::json;

TEST(ReadServerTest, ReadsEveryField) {
  const Read<BorgServerSpec> server = ReadServer(test::GoodServer());
  ASSERT_TRUE(server) << ToString(server.error());
  EXPECT_EQ(server->connection.host, "borg.example.org");
  EXPECT_EQ(server->connection.port, 2222);
  EXPECT_EQ(server->connection.user, "borg");
  EXPECT_EQ(server->connection.ssh_secret, "vault-ssh");
  ASSERT_TRUE(server->connection.jump_host);
  EXPECT_EQ(server->connection.jump_host->host, "jump.example.org");
  EXPECT_EQ(server->connection.jump_host->port, 22);
  EXPECT_EQ(server->connection.jump_host->user, "hop");
  EXPECT_EQ(server->connection.jump_host->ssh_secret, "jump-ssh");
  EXPECT_EQ(server->root_dir, "/home/backups");
  EXPECT_EQ(server->borg, "/usr/bin/borg");
  EXPECT_EQ(server->max_concurrent_backups, 4);
}

class ServerChangeTest : public testing::TestWithParam<test::FieldChange> {};

TEST_P(ServerChangeTest, Judges) { test::ExpectJudged(GetParam(), test::GoodServer(), ReadServer); }

const test::FieldChange kServerRows[] = {
    {"NoJumpHost", "/spec/jumpHost", nullptr, nullptr},
    {"DefaultPort", "/spec/port", nullptr, nullptr},
    {"DefaultLimit", "/spec/maxConcurrentBackups", nullptr, nullptr},
    {"UnknownField", "/spec/later", 1, nullptr},
    {"NoSpec", "/spec", nullptr, "spec"},
    {"SpecIsNoObject", "/spec", "x", "spec"},
    {"NoHost", "/spec/host", nullptr, "spec.host"},
    {"HostWithPort", "/spec/host", "a:22", "spec.host"},
    {"PortZero", "/spec/port", 0, "spec.port"},
    {"PortText", "/spec/port", "22", "spec.port"},
    {"UserEmpty", "/spec/user", "", "spec.user"},
    {"RelativeRoot", "/spec/rootDir", "srv", "spec.rootDir"},
    {"NoSecret", "/spec/sshSecretRef", nullptr, "spec.sshSecretRef"},
    {"SecretUpperCase", "/spec/sshSecretRef/name", "Vault", "spec.sshSecretRef.name"},
    {"JumpNoUser", "/spec/jumpHost/user", nullptr, "spec.jumpHost.user"},
    {"JumpSecret", "/spec/jumpHost/sshSecretRef/name", nullptr, "spec.jumpHost.sshSecretRef.name"},
    {"NoneAtATime", "/spec/maxConcurrentBackups", 0, "spec.maxConcurrentBackups"},
    {"Borg", "/spec/borg", "bin/borg", "spec.borg"},
};
INSTANTIATE_TEST_SUITE_P(Table, ServerChangeTest, testing::ValuesIn(kServerRows), [](const auto& row) { return row.param.name; });

TEST(ReadServerTest, HasDefaults) {
  json object = test::GoodServer();
  for (const char* key : {"port", "borg", "maxConcurrentBackups", "jumpHost"}) object["spec"].erase(key);
  const Read<BorgServerSpec> server = ReadServer(object);
  ASSERT_TRUE(server);
  EXPECT_EQ(server->connection.port, 22);
  EXPECT_EQ(server->borg, "borg");
  EXPECT_EQ(server->max_concurrent_backups, 8);
  EXPECT_FALSE(server->connection.jump_host);
}

struct NameRow {
  const char* name;
  std::string value;
  bool good;
};
void PrintTo(const NameRow& row, std::ostream* out) { *out << row.name; }

class ObjectNameTest : public testing::TestWithParam<NameRow> {};

TEST_P(ObjectNameTest, Judges) { EXPECT_EQ(ObjectNameProblem(GetParam().value).empty(), GetParam().good); }

const NameRow kNames[] = {
    {"Plain", "web-01", true},
    {"Dots", "a.b-c.d", true},
    {"Digit", "1", true},
    {"Longest", std::string(253, 'a'), true},
    {"Empty", "", false},
    {"Long", std::string(254, 'a'), false},
    {"Upper", "Web", false},
    {"Underscore", "a_b", false},
    {"LeadingDash", "-a", false},
    {"TrailingDash", "a-", false},
    {"LeadingDot", ".a", false},
    {"TrailingDot", "a.", false},
    {"EmptyLabel", "a..b", false},
    {"DashBeforeDot", "a-.b", false},
    {"DashAfterDot", "a.-b", false},
    {"Slash", "a/b", false},
};
INSTANTIATE_TEST_SUITE_P(Table, ObjectNameTest, testing::ValuesIn(kNames), [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace borgop::api
