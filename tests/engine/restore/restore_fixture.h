// What tests of `borg-engine restore` and `verify` share: a backup of a source with names of every kind, and a directory here for what comes back.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/engine/engine_fixture.h"

namespace borgop::lab {

class RestoreTest : public EngineTest {
 protected:
  // "sp ace", "new\nline", "-dash", "bytes\xff", "[a,b]", "star*", "q?" and a link, below source()/odd; then backs up.
  void BackUp(const Plan& plan) const {
    t_.Output("cd '" + source() +
                  "' && mkdir odd && cd odd && for n in 'sp ace' 'new\nline' -dash \"$(printf 'bytes\\377')\" '[a,b]' 'star*' "
                  "'q?' '{now}'; do printf %s \"$n\" >\"./$n\"; done && ln -s /etc link && ln 'sp ace' hard && mkdir -m 750 mode "
                  "&& chmod 600 -- -dash",
              {.user = "backup"});
    ExpectCompleted(RunEngine(plan));
  }
  std::vector<std::string> Args(const std::string& verb, std::vector<std::string> args) const {
    args.insert(args.begin(), {verb, "--plan", "-", "--log-format", "json"});
    return args;
  }
  Ended Verb(const std::string& verb, const Plan& plan, const std::vector<std::string>& args) const {
    auto process = StartVerb(plan, Args(verb, args));
    auto ended = process.Wait(std::chrono::seconds(60));
    if (!ended) ADD_FAILURE() << verb << " has not ended\n" << process.Err();
    return ended ? *std::move(ended) : Ended{};
  }
  Ended Restore(const Plan& plan, const std::vector<std::string>& args) const { return Verb("restore", plan, args); }
  // With --json; what main returned has to be `exit_code`.
  Json RestoreJson(const Plan& plan, std::vector<std::string> args, int exit_code) const {
    args.insert(args.begin(), "--json");
    const Ended ended = Restore(plan, args);
    EXPECT_EQ(ended.exit_code, exit_code) << ended.out << ended.err;
    Json report = Json::parse(ended.out, nullptr, false);
    return report.is_object() ? report : Json::object();
  }
  static std::string ReasonOf(const Json& report) { return report.value("error", Json::object()).value("reason", ""); }
  static std::string MessageOf(const Json& report) { return report.value("error", Json::object()).value("message", ""); }
  // A tree as one text: names, kinds, modes, contents; as root.
  static std::string TreeCommand(const std::string& directory) {
    return "cd '" + directory +
           "' && find . ! -type d -print0 | LC_ALL=C sort -z | xargs -0 sh -c 'for f do printf \"%s \" \"$f\"; "
           "stat -c \"%F %a %Y\" -- \"$f\"; [ -L \"$f\" ] && readlink -- \"$f\" || cat -- \"$f\"; done' sh | od -c";
  }
  std::string TreeThere(const std::string& directory) const { return t_.Output(TreeCommand(directory)); }
  std::string TreeHere(const std::string& directory) const { return c_.Output(TreeCommand(directory)); }
};

}  // namespace borgop::lab
