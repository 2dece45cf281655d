// The pages that are made from the sources, and the plan's keys, say what the program does.
#include <gmock/gmock.h>

#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "tests/cli/program.h"

namespace borgop::clitest {
namespace {

TEST(Documents, AreThoseThatTheProgramPrints) {
  const auto printed = [](const lab::Ended& ended) {
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    return ended.out;
  };
  const auto page = [](const std::string& name) { return ReadFile(BORGOP_SOURCE_DIR "/docs/" + name + ".md"); };
  EXPECT_EQ(printed(RunEngine({"reference", "cli"})), page("cli")) << "refresh it with ./dev docs";
  EXPECT_EQ(printed(RunOperator({"reference"})), page("operator-cli")) << "refresh it with ./dev docs";
  const std::string errors = printed(RunEngine({"reference", "errors"})) + printed(RunOperator({"reference", "errors"}));
  EXPECT_EQ(errors, page("errors")) << "refresh it with ./dev docs";
}

TEST(Documents, HaveEveryFieldOfTheResources) {
  const lab::Ended fields = Shell(R"("$1/tools/crd_reference.py")", {BORGOP_SOURCE_DIR});
  ASSERT_EQ(fields.exit_code, 0) << fields.err;
  EXPECT_EQ(fields.out, ReadFile(BORGOP_SOURCE_DIR "/docs/fields.md")) << "refresh it with ./dev docs";
}

// A field that nobody described is not to be had.
TEST(Documents, AFieldWithoutADescriptionIsRefused) {
  const Workspace workspace;
  const lab::Ended fields = Shell(R"(mkdir -p "$1/tree/tools" "$1/tree/crds"; cd "$1/tree" && cp "$2/tools/crd_reference.py" tools/
sed '/description: Stay on the file system/d' "$2/crds/borg-operator.dev_borgbackuptargets.yaml" >crds/targets.yaml; tools/crd_reference.py)",
                                  {workspace.Path(""), BORGOP_SOURCE_DIR});
  EXPECT_EQ(fields.exit_code, 1);
  EXPECT_EQ(fields.err, "crd_reference.py: source.oneFileSystem has no description\n");
}

// The words in code in the first column of the tables below the heading of this name.
std::set<std::string> FirstColumn(const std::string& page, const std::string& heading) {
  const std::string begin = "\n## " + heading + "\n";
  const std::size_t from = page.find(begin);
  if (from == std::string::npos) return {};
  const std::string section = page.substr(from, page.find("\n## ", from + begin.size()) - from);
  std::set<std::string> words;
  const std::regex row("\n\\| (`[^|]*) \\|"), word("`([^`]+)`");
  for (std::sregex_iterator it(section.begin(), section.end(), row), end; it != end; ++it) {
    const std::string cell = (*it)[1];
    for (std::sregex_iterator found(cell.begin(), cell.end(), word); found != end; ++found) words.insert((*found)[1]);
  }
  return words;
}

TEST(Documents, SayWhatToDoAboutEveryReasonOfACondition) {
  const lab::Ended printed = RunOperator({"reference", "reasons"});
  ASSERT_EQ(printed.exit_code, 0) << printed.err;
  std::map<std::string, std::set<std::string>> reasons;
  std::istringstream lines(printed.out);
  for (std::string type, reason; lines >> type >> reason;) reasons[type].insert(reason);
  EXPECT_EQ(reasons.size(), 4U);
  const std::string page = ReadFile(BORGOP_SOURCE_DIR "/docs/troubleshooting.md");
  for (const auto& [type, known] : reasons) EXPECT_EQ(FirstColumn(page, type), known) << type;
}

TEST(Documents, HaveEveryState) {
  const std::string source = ReadFile(BORGOP_SOURCE_DIR "/controller/reconcile/conditions.cc");
  const std::size_t from = source.find("std::string StateOf(");
  ASSERT_NE(from, std::string::npos);
  const std::string body = source.substr(from, source.find("\n}\n", from) - from);
  std::set<std::string> states;
  const std::regex word("\"(\\w+)\"");
  for (std::sregex_iterator it(body.begin(), body.end(), word), end; it != end; ++it) states.insert((*it)[1]);
  EXPECT_EQ(FirstColumn(ReadFile(BORGOP_SOURCE_DIR "/docs/troubleshooting.md"), "Where to look"), states);
  const std::string fields = ReadFile(BORGOP_SOURCE_DIR "/docs/fields.md");
  const std::string described = fields.substr(fields.find("| `state` |"), 300);
  for (const std::string& state : states) EXPECT_THAT(described, testing::HasSubstr(state));
}

TEST(Documents, HaveEveryEvent) {
  std::set<std::string> told;
  const std::regex event(R"re((?:\{(?:true|false|warned), (?:warned \? )?|Make\([^;"]*)"([A-Z]\w+)"(?: : "([A-Z]\w+)")?)re");
  for (const char* file : {"decide", "status_events"}) {
    const std::string source = ReadFile(BORGOP_SOURCE_DIR "/controller/reconcile/" + std::string(file) + ".cc");
    for (std::sregex_iterator it(source.begin(), source.end(), event), end; it != end; ++it) {
      told.insert((*it)[1]);
      if ((*it)[2].matched) told.insert((*it)[2]);
    }
  }
  EXPECT_EQ(FirstColumn(ReadFile(BORGOP_SOURCE_DIR "/docs/troubleshooting.md"), "Events"), told);
}

// Flux leaves symbolic links out of what it takes from a repository, so these are copies.
TEST(Chart, HasTheDefinitionsAndRightsThatKubectlApplies) {
  const std::filesystem::path source = BORGOP_SOURCE_DIR, files = source / "helm/files";
  std::map<std::filesystem::path, std::filesystem::path> copies{
      {files / "cluster-rbac.yaml", source / "deploy/cluster-wide/rbac.yaml"},
      {files / "namespace-rbac.yaml", source / "deploy/one-namespace/rbac.yaml"},
      {files / "trigger-rbac.yaml", source / "deploy/namespace-schedule/rbac.yaml"}};
  for (const auto& file : std::filesystem::directory_iterator(source / "crds")) {
    if (file.path().extension() == ".yaml") copies[files / "crds" / file.path().filename()] = file.path();
  }
  EXPECT_EQ(copies.size(), 5U);
  for (const auto& [copy, from] : copies)
    EXPECT_EQ(ReadFile(copy.string()), ReadFile(from.string())) << copy << ": refresh it with ./dev docs";
  for (const char* folder : {"crds", "deploy", "helm"}) {
    for (const auto& file : std::filesystem::recursive_directory_iterator(source / folder))
      EXPECT_FALSE(file.is_symlink()) << file.path();
  }
}

TEST(Documents, NameEveryKeyOfThePlanAndNoOther) {
  std::set<std::string> documented, read;
  const std::string page = ReadFile(BORGOP_SOURCE_DIR "/docs/plan.md");
  const std::regex row("\n\\| `([A-Za-z]+)` \\|");
  for (std::sregex_iterator it(page.begin(), page.end(), row), end; it != end; ++it) documented.insert((*it)[1]);
  // Every key that the reader looks up or lists is a string of its source that is written in camel case.
  const std::string source = ReadFile(BORGOP_SOURCE_DIR "/engine/plan/yaml_reader.cc");
  const std::regex lists("\\{((?:\\s*\"[a-zA-Z]+\",?)+)\\}");
  const std::regex word("\"([a-zA-Z]+)\"");
  for (std::sregex_iterator it(source.begin(), source.end(), lists), end; it != end; ++it) {
    const std::string list = (*it)[1];
    for (std::sregex_iterator key(list.begin(), list.end(), word); key != end; ++key) read.insert((*key)[1]);
  }
  const std::regex endpoint("string_view key : \\{([^}]*)\\}");
  std::smatch match;
  ASSERT_TRUE(std::regex_search(source, match, endpoint));
  const std::string list = match[1];
  for (std::sregex_iterator key(list.begin(), list.end(), word), end; key != end; ++key) read.insert((*key)[1]);
  EXPECT_GT(read.size(), 40U);
  EXPECT_EQ(documented, read);
}

// tools/record.py, which made docs/demo.svg: from which line on, with which colours, and that it is XML whatever was shown.
TEST(Documents, ARecordingHasWhatWasShown) {
  const Workspace workspace;
  const auto record = [&](const std::string& arguments) {
    return Shell("cd \"$1\" && \"$2\"/tools/record.py " + arguments, {workspace.Path(""), BORGOP_SOURCE_DIR});
  };
  const lab::Ended drawn =
      record(R"(--from two --without left --columns 20 shown.svg sh -c 'echo one; printf "\033[1mtwo\033[0m <&> [%s]\n" "$TERM"
echo "left out"; echo "12345678901234567890 and more"' && python3 -c 'import xml.dom.minidom; print(*(text.toxml()
for text in xml.dom.minidom.parse("shown.svg").getElementsByTagName("text") if not text.getAttribute("class")), sep="\n")')");
  ASSERT_EQ(drawn.exit_code, 0) << drawn.err;
  EXPECT_THAT(drawn.out, testing::HasSubstr(R"(<tspan class="bold">two</tspan> &lt;&amp;&gt; [xterm]</text>)"));
  EXPECT_THAT(drawn.out, testing::HasSubstr(">1234567890123456789…</text>"));
  EXPECT_THAT(drawn.out, testing::Not(testing::AnyOf(testing::HasSubstr(">one</text>"), testing::HasSubstr(">left out<"))));
  EXPECT_EQ(record("none.svg sh -c 'echo bad; exit 3'").exit_code, 3);
  EXPECT_EQ(record("--from three none.svg echo one").exit_code, 1);
  EXPECT_NE(Shell("ls \"$1/none.svg\"", {workspace.Path("")}).exit_code, 0);
}

// ./dev lint has it look at all pages; here it is seen to find something.
TEST(Documents, LinksThatLeadNowhereAreFound) {
  const Workspace workspace;
  const lab::Ended ended =
      Shell(R"(mkdir -p "$1/tree/tools" "$1/tree/pages"; cd "$1/tree" && cp "$2"/tools/check_links.py "$2"/tools/sources.sh tools/
printf '# A page\n\n## What is `here`, and not\n\n## Twice\n\n## Twice\n' >pages/there.md
printf '[good](pages/there.md#what-is-here-and-not) [good](pages/there.md#twice-1) [good](#top) [good](https://example.org/none)
\n# Top\n\n`[code](none.md)`\n\n```\n[code](none.md)\n```\n
[bad](pages/none.md)\n[bad](pages/there.md#twice-2)\n<img src="pages/none.svg">\n' >page.md
printf '# docs/%s.md\n' gone >script.sh; tools/check_links.py)",
            {workspace.Path(""), BORGOP_SOURCE_DIR});
  EXPECT_EQ(ended.exit_code, 1) << ended.err;
  EXPECT_EQ(ended.out, R"(page.md:11: pages/none.md: there is no such file
page.md:12: pages/there.md#twice-2: pages/there.md has no such heading
page.md:13: pages/none.svg: there is no such file
script.sh:1: docs/)"
                       "gone.md: there is no such file\nonly 7 links were found\n");
}

}  // namespace
}  // namespace borgop::clitest
