// Secrets are in no environment, no command line, no file and no log, on any machine, at any time of a run.
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include "engine/borg/shell_quote.h"
#include "tests/engine/engine_fixture.h"
#include "tests/fakes/temporary_directory.h"

namespace borgop::lab {
namespace {

std::string RandomWord() {
  std::random_device random;
  std::string word = "secret-";
  for (int i = 0; i < 24; ++i) word += static_cast<char>('a' + random() % 26);
  return word;
}

// A line from the middle of a private key: the first ones are the same for all keys, the last one is short.
std::string PartOfKey(const std::string& key) {
  std::size_t begin = key.find('\n') + 1;
  begin = key.find('\n', begin) + 1;
  return key.substr(begin, key.find('\n', begin) - begin);
}

class SecretsTest : public EngineTest {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    if (IsSkipped()) return;
    passphrase_ = RandomWord();
    key_passphrase_ = RandomWord();
    encrypted_key_ = EncryptedWith(key_passphrase_);
    secrets_ = {passphrase_, PartOfKey(lab_.ClientKey("rsa")), PartOfKey(encrypted_key_), key_passphrase_};
  }

  // A client's key under a passphrase that nothing else on this machine has in its command line.
  std::string EncryptedWith(const std::string& passphrase) const {
    const std::string file = lab_.state() / "encrypted-once-more";
    const std::string key = lab_.ClientKey("encrypted");
    const auto ended = RunToEnd(
        {.argv = {"sh", "-c",
                  "umask 77 && cat >\"$1\" && ssh-keygen -q -p -f \"$1\" -P \"$2\" -N \"$3\" >&2 && cat \"$1\" && rm \"$1\"", "sh",
                  file, std::string(kEncryptedKeyPassphrase), passphrase},
         .input = key});
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_NE(ended.out, key);
    return ended.out;
  }

  std::string SecretIn(const std::string& text) const {
    for (std::size_t i = 0; i < secrets_.size(); ++i) {
      if (text.find(secrets_[i]) != std::string::npos) return "secret " + std::to_string(i);
    }
    return {};
  }

  // Whatever of the secrets can be seen in processes and files right now.
  std::set<std::string> Look() const {
    std::set<std::string> found;
    const auto note = [&](const std::string& where, const std::string& text) {
      if (const std::string secret = SecretIn(text); !secret.empty()) found.insert(secret + " in " + where);
    };
    for (const auto* host : {&t_, &b_}) {
      for (const ProcessInfo& info : host->Processes()) {
        note("environ on " + host->name(), info.environ);
        note("cmdline on " + host->name(), info.cmdline);
      }
    }
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {  // C's processes are this machine's
      note("environ on C", ReadReadable(entry.path() / "environ"));
      note("cmdline on C", ReadReadable(entry.path() / "cmdline"));
    }
    return found;
  }

  // `more` are directories on C that the run is given, with nothing in them beforehand.
  std::set<std::string> LookInFiles(const std::string& more = {}) const {
    std::set<std::string> found;
    std::string patterns;
    for (const std::string& secret : secrets_) patterns += secret + "\n";
    for (const auto* host : {&t_, &b_}) {
      const auto ended =
          host->Run("grep -rlaFf - /tmp /var/tmp /var/log /home /root /run /dev/shm " + ShellQuote(dir()), {.input = patterns});
      if (!ended.out.empty()) found.insert("on " + host->name() + ": " + ended.out);
    }
    // On C the lab keeps the keys themselves, in its own directory.
    const auto ended =
        RunToEnd({.argv = {"sh", "-c",
                           "grep -rlaFf - /dev/shm " + std::filesystem::temp_directory_path().string() + "/borgop-engine-test.* " +
                               std::filesystem::temp_directory_path().string() + "/borg-engine* " + more},
                  .input = patterns});
    if (!ended.out.empty()) found.insert("on C: " + ended.out);
    return found;
  }

  std::string passphrase_, key_passphrase_, encrypted_key_;
  std::vector<std::string> secrets_;
};

// The local borg: a child of the engine.
std::set<std::string> CoreLimitsOfBorgHere(pid_t engine) {
  std::set<std::string> limits;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    if (ReadReadable(entry.path() / "status").find("\nPPid:\t" + std::to_string(engine) + "\n") == std::string::npos) continue;
    std::string cmdline = ReadReadable(entry.path() / "cmdline");
    std::replace(cmdline.begin(), cmdline.end(), '\0', ' ');
    if (cmdline.find("--log-json") == std::string::npos) continue;
    std::istringstream lines(ReadReadable(entry.path() / "limits"));
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("Max core file size")) limits.insert(line);
    }
  }
  return limits;
}

TEST_F(SecretsTest, TheScannerSeesWhatItIsToSee) {
  auto on_c = lab_.StartInClient({.argv = {"sleep", "60"}, .env = {{"BORG_PASSPHRASE", passphrase_}}});
  auto on_t = t_.Start({"env", "BORG_PASSPHRASE=" + passphrase_, "sleep", "60"});
  auto on_b = b_.Start({"sh", "-c", "sleep 60; : " + secrets_[1]});
  auto key_on_c = lab_.StartInClient({.argv = {"sh", "-c", "sleep 60; : " + key_passphrase_}});
  std::set<std::string> found;
  on_b.WaitUntil(
      [&] {
        found = Look();
        return found.contains("secret 0 in environ on C") && found.contains("secret 0 in environ on T") &&
               found.contains("secret 1 in cmdline on B") && found.contains("secret 3 in cmdline on C");
      },
      std::chrono::seconds(20));
  EXPECT_TRUE(found.contains("secret 0 in environ on C"));
  EXPECT_TRUE(found.contains("secret 0 in environ on T"));
  EXPECT_TRUE(found.contains("secret 1 in cmdline on B"));
  EXPECT_TRUE(found.contains("secret 3 in cmdline on C"));
  EXPECT_EQ(LookInFiles().size(), 0U);
  t_.WriteFile("/var/tmp/leak", "x" + passphrase_ + "y");
  EXPECT_EQ(LookInFiles().size(), 1U);
  t_.WriteFile("/var/tmp/leak", "x" + key_passphrase_ + "y");
  EXPECT_EQ(LookInFiles().size(), 1U);
  t_.Output("rm /var/tmp/leak");
}

TEST_F(SecretsTest, NothingIsSeenFromTheFirstMomentToTheLast) {
  for (const auto* host : {&t_, &b_}) host->RestartSshd({"LogLevel=DEBUG3"});
  AddData(60);
  Plan plan = MakePlan();
  Target& target = plan.targets[0];
  target.connection = lab_.Endpoint(t_, "encrypted");
  target.connection.private_key = Secret(encrypted_key_);
  target.connection.key_passphrase = Secret(key_passphrase_);
  plan.server.connection = lab_.Endpoint(b_, "rsa");
  target.repository.passphrase = Secret(passphrase_);
  target.maintenance.check = CheckMode::kFull;
  target.maintenance.compact = true;
  target.retention.keep_last = 2;
  target.limits.upload_rate_kib = 10'000;
  const std::string termination_log = lab_.state() / "termination.log";
  auto process = Start(plan, {"--log-level", "debug", "--termination-log", termination_log});
  std::set<std::string> found;
  int looks = 0;
  std::string engine_limits;
  std::set<std::string> core_limits, core_limits_here;
  while (process.Running()) {
    found.merge(Look());
    if (++looks % 10 == 0) found.merge(LookInFiles());
    for (const auto* host : {&t_, &b_}) {
      for (const pid_t pid : Find(*host, "borg ")) {
        const auto limits = host->Run("grep 'core file size' /proc/" + std::to_string(pid) + "/limits");
        if (limits.ok()) core_limits.insert(host->name() + ": " + limits.out);
      }
    }
    core_limits_here.merge(CoreLimitsOfBorgHere(process.pid()));
    const std::string limits = ReadReadable("/proc/" + std::to_string(process.pid()) + "/limits");
    if (!limits.empty() && engine_limits.empty() && process.Err().find("\"phase\":\"inspect\"") != std::string::npos)
      engine_limits = limits;
  }
  const auto result = Finish(process, kLimit);
  ExpectCompleted(result);
  EXPECT_GT(looks, 20);
  EXPECT_THAT(found, testing::IsEmpty());
  EXPECT_THAT(LookInFiles(), testing::IsEmpty());
  EXPECT_EQ(SecretIn(result.ended.out), "");
  EXPECT_EQ(SecretIn(result.ended.err), "");
  const std::string summary = ReadReadable(termination_log);
  EXPECT_FALSE(summary.empty());
  EXPECT_EQ(SecretIn(summary), "");
  for (const auto* host : {&t_, &b_}) EXPECT_EQ(SecretIn(host->SshdLog()), "");
  // Soft and hard limit.
  EXPECT_NE(engine_limits.find("Max core file size        0                    0 "), std::string::npos) << engine_limits;
  const std::string none = "Max core file size        0                    0                    bytes     \n";
  EXPECT_THAT(core_limits, testing::ElementsAre("B: " + none, "T: " + none));
  EXPECT_THAT(core_limits_here, testing::ElementsAre(none.substr(0, none.size() - 1)));
  ExpectNothingLeft();
}

// What a run leaves on C: the ledger, the copy of the repository's key, and whatever it may want in a home.
TEST_F(SecretsTest, NothingIsInTheStateAndTheHome) {
  const TemporaryDirectory folder;
  const std::string state = folder.At("state"), home = folder.At("home"), more = ShellQuote(folder.path());
  std::filesystem::create_directory(home);
  Plan plan = MakePlan();
  Target& target = plan.targets[0];
  target.connection = lab_.Endpoint(t_, "encrypted");
  target.connection.private_key = Secret(encrypted_key_);
  target.connection.key_passphrase = Secret(key_passphrase_);
  plan.server.connection = lab_.Endpoint(b_, "rsa");
  target.repository.passphrase = Secret(passphrase_);
  target.repository.key_file = folder.At("repository.key");
  target.retention.keep_last = 1;
  target.maintenance = {.check = CheckMode::kFull, .compact = true};
  std::set<std::string> found;
  for (int run = 0; run < 2; ++run) {  // the second one prunes, and knows what was there
    auto process =
        StartVerb(plan, {"run", "--plan", "-", "--log-format", "json", "--log-level", "debug", "--state", state}, {{"HOME", home}});
    while (process.Running()) found.merge(LookInFiles(more));
    ExpectCompleted(Finish(process, kLimit));
  }
  found.merge(LookInFiles(more));
  EXPECT_THAT(found, testing::IsEmpty());
  EXPECT_TRUE(std::filesystem::exists(state + "/target0.json"));
  EXPECT_TRUE(std::filesystem::exists(target.repository.key_file));
  EXPECT_TRUE(std::filesystem::is_empty(home)) << RunToEnd({.argv = {"find", home}}).out;
  for (const std::string& directory : {state, home}) {  // it would be seen there
    std::filesystem::create_directory(directory + "/deep");
    std::ofstream(directory + "/deep/leak") << "x" << passphrase_;
    EXPECT_EQ(LookInFiles(more).size(), 1U);
    std::filesystem::remove_all(directory + "/deep");
  }
}

// An account on C cannot read the memory of an engine of its own that runs there: /proc/PID belongs to root where a process is not
// dumpable, and no debugger gets in.
TEST_F(SecretsTest, TheEngineCannotBeDumped) {
  const auto ends_up_owned_by = [&](std::vector<std::string> argv, uid_t uid) {
    const std::string program = argv[0];
    argv.insert(argv.begin(), {"setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"});
    auto process = lab_.StartInClient({.argv = argv, .keep_stdin_open = true});  // it waits for its input
    const std::string proc = "/proc/" + std::to_string(process.pid());
    return process.WaitUntil(
        [&] {
          struct stat about {};
          return ReadReadable(proc + "/status").find("Uid:\t65534") != std::string::npos &&
                 ReadReadable(proc + "/cmdline").starts_with(program) && stat((proc + "/environ").c_str(), &about) == 0 &&
                 about.st_uid == uid;
        },
        std::chrono::seconds(20));
  };
  // The engine may lie where only root gets at it.
  const std::string copy = "/dev/shm/borg-engine-" + RandomWord();
  std::filesystem::copy_file(BORGOP_ENGINE, copy);
  std::filesystem::permissions(copy, std::filesystem::perms(0755));
  EXPECT_TRUE(ends_up_owned_by({copy, "run"}, 0));
  std::filesystem::remove(copy);
  EXPECT_TRUE(ends_up_owned_by({"cat"}, 65534));
}

}  // namespace
}  // namespace borgop::lab
