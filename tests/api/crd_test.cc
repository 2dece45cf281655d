// The schemas in crds/ as the API server and kubectl see them: complete, and plain about what they refuse.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "controller/api/borg_backup_target.h"
#include "controller/api/borg_server.h"
#include "controller/reconcile/schedule.h"
#include "tests/api/control_plane.h"
#include "tests/api/sample_objects.h"

namespace borgop::api_tests {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

constexpr auto kKinds = {"borgserver", "borgbackuptarget"};

class Crd : public ::testing::Test {
 protected:
  void SetUp() override {
    BORGOP_NEEDS_CONTROL_PLANE();
    ControlPlane::Shared().WithCrds();
  }
  static const ControlPlane& Plane() { return ControlPlane::Shared(); }
  static Json Definition(const std::string& kind) { return Plane().Get({"crd", kind + "s.borg-operator.dev"}); }
  static Json Schema(const std::string& kind) {
    return Definition(kind).at("spec").at("versions").at(0).at("schema").at("openAPIV3Schema");
  }
};

TEST_F(Crd, IsAcceptedWithItsNames) {
  for (const std::string kind : kKinds) {
    const auto definition = Definition(kind);
    for (const auto& condition : definition.at("status").at("conditions")) {
      const auto type = condition.at("type").get<std::string>();
      // There are others, such as NonStructuralSchema, that only a defect brings.
      EXPECT_THAT(type, ::testing::AnyOf("Established", "NamesAccepted")) << kind << condition;
      EXPECT_EQ(condition.at("status"), "True") << kind << condition;
    }
  }
  const auto ns = Plane().NewNamespace("names");
  Plane().Apply(SampleServer(ns));
  Plane().Apply(SampleTarget(ns));
  const auto of_category = Plane().Output({"get", "backup", "-n", ns, "-o", "name"});
  EXPECT_EQ(of_category, Plane().Output({"get", "bbt,bs", "-n", ns, "-o", "name"}));
  EXPECT_THAT(of_category, AllOf(HasSubstr("borgserver.borg-operator.dev/"), HasSubstr("borgbackuptarget.borg-operator.dev/")));
}

// The paths of fields without a description, and of all objects that `kubectl explain` can be asked about.
void Walk(const Json& schema, const std::string& path, std::vector<std::string>& undescribed, std::vector<std::string>& objects) {
  // Items are explained as the field that holds the list.
  const Json& node = schema.contains("items") ? schema.at("items") : schema;
  if (!node.contains("properties")) return;
  objects.push_back(path);
  for (const auto& [name, property] : node.at("properties").items()) {
    const auto below = path + "." + name;
    // The API server describes metadata itself.
    if (property.value("description", "").empty() && !below.ends_with("borgserver.metadata") &&
        !below.ends_with("borgbackuptarget.metadata"))
      undescribed.push_back(below);
    Walk(property, below, undescribed, objects);
  }
}

TEST_F(Crd, ExplainsEveryField) {
  for (const std::string kind : kKinds) {
    std::vector<std::string> undescribed, objects;
    const auto schema = Schema(kind);
    EXPECT_NE(schema.value("description", ""), "") << kind;
    Walk(schema, kind, undescribed, objects);
    EXPECT_THAT(undescribed, IsEmpty());
    EXPECT_THAT(objects, ::testing::IsSupersetOf({kind, kind + ".spec", kind + ".status", kind + ".status.conditions"}));
    for (const auto& object : objects) {
      const auto text = Plane().Output({"explain", object});
      EXPECT_THAT(text, AllOf(Not(HasSubstr("<no description>")), Not(HasSubstr("<empty>")))) << object;
    }
  }
}

// What stands at a path such as "spec.source.paths[]"; null: nothing.
const Json* FieldAt(const Json& schema, std::string path) {
  const Json* at = &schema;
  while (!path.empty()) {
    const auto end = std::min(path.find_first_of(".["), path.size());
    const auto name = path.substr(0, end);
    if (!name.empty()) {
      if (!at->contains("properties") || !at->at("properties").contains(name)) return nullptr;
      at = &at->at("properties").at(name);
    }
    path.erase(0, end);
    if (path.starts_with("[]")) {
      if (!at->contains("items")) return nullptr;
      at = &at->at("items");
      path.erase(0, 2);
    }
    if (path.starts_with('.')) path.erase(0, 1);
  }
  return at;
}

// The paths of what must be there, below objects that there have been.
void AddRequired(const Json& schema, const std::string& path, const std::set<std::string>& known, std::set<std::string>& required) {
  if (!known.contains(path)) return;
  for (const std::string name : schema.value("required", Json::array())) required.insert(path + '.' + name);
  const auto properties = schema.value("properties", Json::object());
  for (const auto& [name, below] : properties.items()) AddRequired(below, path + '.' + name, known, required);
  if (schema.contains("items")) AddRequired(schema.at("items"), path + "[]", known, required);
}

TEST_F(Crd, NothingThatObjectsMaySayGoes) {
  std::map<std::string, Json> schemas;
  for (const std::string kind : kKinds) schemas[kind] = Schema(kind);
  std::ifstream file(kSource / "tests/api/v1alpha1_fields.txt");
  std::set<std::string> known, required;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string path, type, word;
    words >> path >> type;
    if (path == "#") continue;
    const auto dot = path.find('.');
    const Json* field = FieldAt(schemas.at(path.substr(0, dot)), path.substr(dot + 1));
    ASSERT_NE(field, nullptr) << path << " is gone";
    known.insert(path);
    EXPECT_EQ(field->value("type", "any"), type) << path;
    while (words >> word) {
      if (word == "required") {
        required.insert(path);
      } else {
        EXPECT_THAT(field->value("enum", Json::array()), Contains(word)) << path;
      }
    }
  }
  EXPECT_GT(known.size(), 100U);
  std::set<std::string> now;
  for (const auto& [kind, schema] : schemas) {
    for (const char* part : {"spec", "status"}) AddRequired(*FieldAt(schema, part), kind + '.' + part, known, now);
    if (schema.value("required", Json::array()) != Json{"spec"}) ADD_FAILURE() << kind << schema.value("required", Json());
  }
  for (const auto& path : now)
    EXPECT_TRUE(required.contains(path)) << path << " must be there now: objects without it would be refused";
}

TEST_F(Crd, AcceptsWhatIsRight) {
  const auto ns = Plane().NewNamespace("good");
  for (const auto& row : GoodObjects(ns)) {
    const auto ended = Plane().Kubectl({"create", "--dry-run=server", "-f", "-"}, row.object.dump());
    EXPECT_TRUE(ended.ok()) << row.name << ": " << ended.err;
  }
}

TEST_F(Crd, RefusesWhatIsWrongAndSaysWhy) {
  const auto ns = Plane().NewNamespace("bad");
  for (const auto& row : BadObjects(ns)) {
    const auto ended = Plane().Kubectl({"create", "--dry-run=server", "-f", "-"}, row.object.dump());
    EXPECT_FALSE(ended.ok()) << row.name;
    EXPECT_THAT(ended.err, AllOf(HasSubstr(row.field), HasSubstr(row.says))) << row.name;
  }
}

// The schema and the operator's own readers are written apart: what one takes the other must not choke on.
TEST_F(Crd, TheOperatorReadsWhatIsAccepted) {
  for (const auto& row : GoodObjects("any")) {
    if (row.object.at("kind") == "BorgServer") {
      const auto read = api::ReadServer(row.object);
      EXPECT_TRUE(read) << row.name << ": " << api::ToString(read.error());
    } else {
      const auto read = api::ReadTarget(row.object);
      EXPECT_TRUE(read) << row.name << ": " << api::ToString(read.error());
    }
  }
}

TEST_F(Crd, SchedulesAreThoseThatTheOperatorUnderstands) {
  const auto problem = [](const Json& object) {
    const auto text = object.at("spec").value("schedule", "@daily");
    const auto read = controller::Schedule::Parse(controller::EffectiveSchedule(text, "any/target"));
    return read ? std::string() : read.error();
  };
  for (const auto& row : GoodObjects("any")) EXPECT_EQ(problem(row.object), "") << row.name;
  for (const auto& row : BadObjects("any")) {
    if (row.field == "spec.schedule") {
      EXPECT_NE(problem(row.object), "") << row.name;
    }
  }
}

TEST_F(Crd, RefusesChangesThatCannotBeMeantAndAllowsOthers) {
  const auto ns = Plane().NewNamespace("change");
  Plane().Apply(SampleServer(ns));
  Plane().Apply(SampleTarget(ns));
  for (const auto& row : Changes()) {
    const auto ended =
        Plane().Kubectl({"patch", row.kind, row.object_name, "-n", ns, "--type=merge", "--dry-run=server", "-p", row.patch.dump()});
    EXPECT_EQ(ended.ok(), row.says.empty()) << row.name << ": " << ended.err;
    EXPECT_THAT(ended.err, HasSubstr(row.says)) << row.name;
  }
}

// What Git has and what the server stores differ by defaults only: applying again is no change.
TEST_F(Crd, ApplyingAgainChangesNothing) {
  const auto ns = Plane().NewNamespace("again");
  for (const auto& object : {SampleServer(ns), SampleTarget(ns)}) {
    const auto kind = object.at("kind").get<std::string>();
    Plane().Output({"apply", "-f", "-"}, object.dump());
    EXPECT_THAT(Plane().Output({"apply", "-f", "-"}, object.dump()), HasSubstr("unchanged")) << kind;
    EXPECT_TRUE(Plane().Kubectl({"diff", "-f", "-"}, object.dump()).ok()) << kind;
  }
}

TEST_F(Crd, StatusIsWrittenApart) {
  const auto ns = Plane().NewNamespace("status");
  Plane().Apply(SampleTarget(ns));
  const std::vector<std::string> patch{"patch", "bbt",          "web-01", "-n",
                                       ns,      "--type=merge", "-p",     R"({"status":{"consecutiveFailures":3}})"};
  Plane().Output(patch);
  EXPECT_FALSE(Plane().Get({"bbt", "web-01", "-n", ns}).value("status", Json::object()).contains("consecutiveFailures"));
  auto apart = patch;
  apart.emplace_back("--subresource=status");
  Plane().Output(apart);
  const auto stored = Plane().Get({"bbt", "web-01", "-n", ns});
  EXPECT_EQ(stored.at("status").at("consecutiveFailures"), 3);
  EXPECT_EQ(stored.at("metadata").at("generation"), 1);
}

// The first row of what kubectl prints, by column. Columns are apart by two spaces at least, words in them by one.
std::map<std::string, std::string> FirstRow(const std::string& table) {
  std::istringstream lines(table);
  std::string header, row;
  std::getline(lines, header);
  std::getline(lines, row);
  std::map<std::string, std::string> cells;
  for (std::size_t begin = 0; begin < header.size();) {
    const auto gap = std::min(header.find("  ", begin), header.size());
    const auto next = std::min(header.find_first_not_of(' ', gap), header.size());
    auto cell = begin < row.size() ? row.substr(begin, next == header.size() ? std::string::npos : next - begin) : "";
    cell.erase(cell.find_last_not_of(' ') + 1);
    cells[header.substr(begin, gap - begin)] = cell;
    begin = next;
  }
  return cells;
}

TEST_F(Crd, TargetsAreListedByWhatMatters) {
  const auto ns = Plane().NewNamespace("columns");
  Plane().Apply(SampleTarget(ns));
  // Before the operator has seen it there is nothing to tell.
  EXPECT_THAT(FirstRow(Plane().Output({"get", "bbt", "-n", ns})),
              AllOf(Contains(Pair("NAME", "web-01")), Contains(Pair("STATE", ""))));

  const auto status = Json::parse(R"({"status": {
    "state": "Idle", "effectiveSchedule": "17 2 * * *", "nextBackupTime": "2031-02-03T02:17:00Z",
    "lastBackup": {"phase": "Failed"}, "lastSuccessfulBackup": {"completionTime": "2020-01-01T00:00:00Z", "size": "1.2 GiB"},
    "repository": {"archives": 42},
    "conditions": [{"type": "Stalled", "status": "True", "reason": "No", "message": "not this one", "lastTransitionTime": "2020-01-01T00:00:00Z"},
                   {"type": "Ready", "status": "True", "reason": "Ok", "message": "all is well", "lastTransitionTime": "2020-01-01T00:00:00Z"}]}})");
  Plane().Output({"patch", "bbt", "web-01", "-n", ns, "--type=merge", "--subresource=status", "-p", status.dump()});
  const auto row = FirstRow(Plane().Output({"get", "bbt", "-n", ns}));
  EXPECT_THAT(row, AllOf(Contains(Pair("STATE", "Idle")), Contains(Pair("SCHEDULE", "17 2 * * *")),
                         Contains(Pair("LAST BACKUP", "Failed")), Contains(Pair("SIZE", "1.2 GiB")),
                         Contains(Pair("ARCHIVES", "42")), Contains(Pair("NEXT", "2031-02-03T02:17:00Z"))));
  // An age of years, whenever this runs.
  EXPECT_THAT(row, Contains(Pair("LAST SUCCESS", ::testing::MatchesRegex("[0-9]+y.*"))));
  EXPECT_THAT(row, Not(Contains(::testing::Key("MESSAGE"))));
  EXPECT_THAT(FirstRow(Plane().Output({"get", "bbt", "-n", ns, "-o", "wide"})),
              AllOf(Contains(Pair("SERVER", "vault")), Contains(Pair("MESSAGE", "all is well"))));
}

TEST_F(Crd, ServersAreListedByWhatMatters) {
  const auto ns = Plane().NewNamespace("columns");
  Plane().Apply(SampleServer(ns));
  const auto status = Json::parse(R"({"status": {"conditions": [
    {"type": "Ready", "status": "False", "reason": "NoSecret", "message": "m", "lastTransitionTime": "2020-01-01T00:00:00Z"}]}})");
  Plane().Output({"patch", "bs", "vault", "-n", ns, "--type=merge", "--subresource=status", "-p", status.dump()});
  EXPECT_THAT(FirstRow(Plane().Output({"get", "bs", "-n", ns, "-o", "wide"})),
              AllOf(Contains(Pair("HOST", "borg.example.org")), Contains(Pair("ROOT", "/home/backups")),
                    Contains(Pair("READY", "False")), Contains(Pair("REASON", "NoSecret"))));
}

TEST_F(Crd, ExamplesAreAccepted) {
  // In the order that a person applies them in: the first makes the namespace of the others.
  for (const std::string file : {"secrets.yaml", "server.yaml", "target.yaml"}) {
    const auto ended = Plane().Kubectl({"apply", "--server-side", "--validate=strict", "-f", kSource / "deploy/examples" / file});
    EXPECT_TRUE(ended.ok()) << file << ": " << ended.err;
  }
}

}  // namespace
}  // namespace borgop::api_tests
