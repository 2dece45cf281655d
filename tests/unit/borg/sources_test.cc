// Source paths with bytes that are not UTF-8: what borg is told. What it makes of that: sources_walk_test.cc.
#include "engine/borg/sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <initializer_list>

#include "engine/base/utf8.h"
#include "engine/borg/log_reader.h"
#include "subprocess.h"

namespace borgop {
namespace {

using testing::ElementsAreArray;

struct Told {
  const char* name;
  std::vector<std::string> paths, excludes;
  std::vector<std::string> options, roots;
};

const Told kTold[] = {
    {"Utf8Stays",
     {"/etc/", "/srv/h\xc3\xa9"},
     {"*.tmp", "pf:/x"},
     {"--exclude=*.tmp", "--exclude=pf:/x"},
     {"/etc/", "/srv/h\xc3\xa9"}},
    {"NearestAbove",
     {"/data//caf\xe9/"},
     {"*.tmp", "pf:/x", "pp:/\xff"},
     {R"(--pattern=- re:\Adata\Z)", "--exclude=*.tmp", R"(--exclude=re:\Ax\Z)", R"(--exclude=re:\A\udcff(?:/|\Z))",
      R"(--pattern=+ re:\Adata\/caf\udce9(?:/|\Z))", R"(--pattern=! re:\Adata/)"},
     {"/data"}},
    {"DeepBelow",
     {"/a/\xff/b/\xfe"},
     {},
     {R"(--pattern=- re:\Aa\/\udcff\/b\Z)", R"(--pattern=- re:\Aa\/\udcff\Z)", R"(--pattern=- re:\Aa\Z)",
      R"(--pattern=+ re:\Aa\/\udcff\/b\/\udcfe(?:/|\Z))", R"(--pattern=! re:\Aa/)"},
     {"/a"}},
    {"BelowTheRootDirectory",
     {"/\xff", "/etc"},
     {},
     {R"(--pattern=- re:\A\Z)", R"(--pattern=+ re:\A\udcff(?:/|\Z))", R"(--pattern=+ re:\Aetc(?:/|\Z))", R"(--pattern=! re:\A)"},
     {"/etc", "/"}},
    {"Relative",
     {"\xff", "x/\xfe", "../up"},
     {},
     {R"(--pattern=- re:\A\.\Z)", R"(--pattern=- re:\Ax\Z)", R"(--pattern=+ re:\A\udcff(?:/|\Z))",
      R"(--pattern=+ re:\Ax\/\udcfe(?:/|\Z))", R"(--pattern=+ re:\A\.\.\/up(?:/|\Z))", R"(--pattern=! re:\A)",
      R"(--pattern=! re:\Ax/)"},
     {"../up", "x", "."}},
    {"Utf8BesideAndElsewhere",
     {"/data/x", "/\xff/in", "/data/\xff", "/srv/../data/y/", "/srv"},
     {},
     {R"(--pattern=- re:\A\udcff\Z)", R"(--pattern=- re:\A\Z)", R"(--pattern=- re:\Adata\Z)",
      R"(--pattern=+ re:\A\udcff\/in(?:/|\Z))", R"(--pattern=+ re:\Adata\/\udcff(?:/|\Z))", R"(--pattern=+ re:\Adata\/x(?:/|\Z))",
      R"(--pattern=+ re:\Adata\/y(?:/|\Z))", R"(--pattern=+ re:\Asrv(?:/|\Z))", R"(--pattern=! re:\A)",
      R"(--pattern=! re:\Adata/)"},
     {"/data/x", "/srv/../data/y/", "/srv", "/data", "/"}},
    {"WithinAnother", {"/data/\xff", "/x/../data"}, {"pf:/y"}, {R"(--exclude=re:\Ay\Z)"}, {"/x/../data"}},
    {"WithinTheRootDirectory", {"/\xff", "/"}, {}, {}, {"/"}},
    {"WithinOneOfItsKind",
     {"/data/\xff/x", "/data/\xff", "/data/\xff/"},
     {},
     {R"(--pattern=- re:\Adata\Z)", R"(--pattern=+ re:\Adata\/\udcff(?:/|\Z))", R"(--pattern=! re:\Adata/)"},
     {"/data"}},
};

Source SourceOf(std::vector<std::string> paths, std::vector<std::string> excludes) {
  Source source;
  source.paths = std::move(paths);
  source.excludes = std::move(excludes);
  return source;
}

TEST(SourcesTest, AreTold) {
  for (const Told& row : kTold) {
    SCOPED_TRACE(row.name);
    const SpokenSources spoken = SpeakSources(SourceOf(row.paths, row.excludes));
    EXPECT_THAT(spoken.options, ElementsAreArray(row.options));
    EXPECT_THAT(spoken.roots, ElementsAreArray(row.roots));
    EXPECT_EQ(spoken.checks.empty(), row.name == std::string("Utf8Stays"));
    for (const auto* words : {&spoken.options, &spoken.roots}) {
      for (const std::string& word : *words) EXPECT_TRUE(IsUtf8(word)) << word;
    }
  }
}

// What a script on T says of paths before borg runs, in any sh.
class SourcesChecksTest : public testing::TestWithParam<std::vector<std::string>> {};

TEST_P(SourcesChecksTest, SayWhatBorgWouldPassOver) {
  if (!HasProgram(GetParam().front())) GTEST_SKIP() << GetParam().front() << " is not installed";
  std::string directory = testing::TempDir() + "borg-checks-XXXXXX";
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  const std::string tree =
      "cd '" + directory + "' && mkdir real 'caf\xe9' && : >'real/it'\\''s \xff' && ln -s real way && ln -s none 'dangling\xff'";
  ASSERT_EQ(RunProgram({"sh", "-c", tree}).status, 0);
  struct Row {
    std::string path;
    bool one_file_system;
    const char* says;  // empty: nothing
    std::string before = {};
  };
  for (const Row& row : std::initializer_list<Row>{
           {"caf\xe9", false, ""},
           {"caf\xe9", true, ""},
           {"real/it's \xff", true, ""},
           {"dangling\xff", true, ""},
           {"none\xff", true, "[Errno 2] No such file or directory"},
           {"none/\xff", false, "[Errno 2] No such file or directory"},
           {"-none\xff", false, "[Errno 2] No such file or directory"},
           {"way/it's \xff", false, "way is a symbolic link"},
           // Where nothing tells devices apart.
           {"caf\xe9", true, "is on another file system", "stat() { return 1; }\n"},
       }) {
    for (const bool absolute : {false, true}) {
      SCOPED_TRACE(row.path);
      Source source = SourceOf({absolute ? directory + "/" + row.path : row.path}, {});
      source.one_file_system = row.one_file_system;
      std::vector<std::string> argv = GetParam();
      argv.insert(argv.end(), {"-c", "cd '" + directory + "'\nexec 2>&1\n" + row.before + SpeakSources(source).checks});
      const std::string out = RunProgram(argv).out;
      EXPECT_EQ(out.find(row.says) != std::string::npos, true) << out;
      EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), *row.says == '\0' ? 0 : 1) << out;
      LogReader reader;
      reader.Feed(out);
      EXPECT_EQ(reader.messages().script_warned, *row.says != '\0') << out;
    }
  }
  RunProgram({"rm", "-r", directory});
}

INSTANTIATE_TEST_SUITE_P(Shells, SourcesChecksTest,
                         testing::Values(std::vector<std::string>{"dash"}, std::vector<std::string>{"bash", "--posix"},
                                         std::vector<std::string>{"busybox", "sh"}, std::vector<std::string>{"ksh93"},
                                         std::vector<std::string>{"mksh"}, std::vector<std::string>{"posh"}),
                         [](const auto& row) { return row.param.front(); });

}  // namespace
}  // namespace borgop
