#include "engine/plan/other_form.h"

#include <gtest/gtest.h>

#include "engine/plan/toml_reader.h"
#include "engine/plan/yaml_reader.h"
#include "plan_fixture.h"

namespace borgop {
namespace {

TEST(OtherForm, GoesByTheFirstLine) {
  for (const char* text : {"[Borg]\n", "\xEF\xBB\xBF# c\r\n\r\n  [Borg] # x\r\n", "[[Servers]]", "[Borg.Server]", "RootDir = '/x'",
                           "Borg.RootDir='/x'"}) {
    EXPECT_TRUE(LooksLikeToml(text)) << text;
    EXPECT_FALSE(LooksLikeYaml(text)) << text;
  }
  for (const char* text : {"version: 1\n", "# c\nversion:\n", "---\nx", "%YAML 1.2\n", "{\"version\": 1}", "\"version\": 1"}) {
    EXPECT_TRUE(LooksLikeYaml(text)) << text;
    EXPECT_FALSE(LooksLikeToml(text)) << text;
  }
  for (const char* text : {"", "# only\n", "just text", "[a, b]", "- a: b", "a:b", "=", ":"}) {
    EXPECT_FALSE(LooksLikeToml(text)) << text;
    EXPECT_FALSE(LooksLikeYaml(text)) << text;
  }
}

TEST(OtherForm, EachReaderSaysSo) {
  EXPECT_EQ(test::YamlProblem(test::GoodToml()),
            "plan.yaml: looks like TOML, and a plan is YAML (give TOML on standard input, without --plan, or make a plan of it by "
            "`borg-engine convert`)");
  EXPECT_EQ(test::YamlProblem("RootDir = '/x'\n"), test::YamlProblem(test::GoodToml()));
  const std::string hint =
      "<stdin>: looks like a plan in YAML, and without --plan TOML is read (give a plan on standard input with `--plan -`)";
  EXPECT_EQ(ReadToml(test::GoodYaml(), "<stdin>").error().message, hint);
  EXPECT_EQ(ReadToml("{\"version\": 1}", "<stdin>").error().message, hint);
}

}  // namespace
}  // namespace borgop
