// Honest sessions of real borgs, recorded between client and server, pass whole: recording_relay.py stands in for ssh.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "played_bridge.h"
#include "tests/fakes/temporary_directory.h"
#include "tests/lab/process.h"

namespace borgop::guard {
namespace {

struct Borgs {
  std::string name, client, server;
};

// Clients of each version with servers of each, or only of their own.
std::vector<Borgs> Pairs(bool mixed) {
  std::vector<std::pair<std::string, std::string>> found;
  for (const auto& [name, path] : {std::pair{"System", "/usr/bin/borg"}, {"Borg12", OLDER_BORG}, {"Borg14", OTHER_BORG}})
    if (std::filesystem::exists(path)) found.emplace_back(name, path);
  std::vector<Borgs> pairs;
  for (const auto& [client, client_path] : found)
    for (const auto& [server, server_path] : found)
      if (mixed || client == server) pairs.push_back({client + "To" + server, client_path, server_path});
  if (pairs.empty()) pairs.push_back({"None", "", ""});
  return pairs;
}

struct Piece {
  bool from_client = false;
  std::string bytes;
};

std::vector<Piece> ReadRecording(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string all((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::vector<Piece> pieces;
  for (std::size_t at = 0; at + 5 <= all.size();) {
    std::size_t size = 0;
    for (std::size_t i = 1; i <= 4; ++i) size = size << 8U | static_cast<unsigned char>(all[at + i]);
    pieces.push_back({all[at] == 'C', all.substr(at + 5, size)});
    at += 5 + size;
  }
  return pieces;
}

// GoogleTest shows a parameter that way.
void PrintTo(const Borgs& borgs, std::ostream* out) { *out << borgs.name; }

class RecordingTest : public testing::TestWithParam<Borgs> {
 protected:
  void SetUp() override {
    if (GetParam().client.empty()) GTEST_SKIP() << "no borg here";
    std::filesystem::create_directory(dir_.At("src"));
    for (int i = 0; i < 5; ++i) Write("small" + std::to_string(i), 3000);
    Write("large", 6 << 20);
    ASSERT_TRUE(Run(GetParam().server, {"init", "-e", "repokey", Repository()}));
    pins_ = {};
  }

  std::string Repository() const { return dir_.At("repository"); }
  std::string Url() const { return "ssh://borg-server" + Repository(); }

  // Bytes that do not compress, and are new each time.
  void Write(const std::string& name, std::size_t size) {
    std::string content(size, '\0');
    for (char& c : content) c = static_cast<char>(random_ = random_ * 6364136223846793005U + 1442695040888963407U, random_ >> 56U);
    dir_.Write("src/" + name, content);
  }

  bool Run(const std::string& borg, std::vector<std::string> arguments, int exit_code = 0) {
    lab::Command command;
    command.argv = std::move(arguments);
    command.argv.insert(command.argv.begin(), borg);
    command.env = {{"BORG_BASE_DIR", dir_.At("home")},
                   {"BORG_PASSPHRASE", "open sesame"},
                   {"BORG_NEW_PASSPHRASE", "open sesame"},
                   {"BORG_RELOCATED_REPO_ACCESS_IS_OK", "yes"},
                   {"BORG_RSH", std::string(RECORDING_RELAY) + " " + dir_.At("recording") + " " + GetParam().server}};
    std::filesystem::remove(dir_.At("recording"));
    const lab::Ended ended = lab::RunToEnd(command, std::chrono::seconds(120));
    EXPECT_EQ(ended.exit_code, exit_code) << ended.err;
    return ended.exit_code == exit_code;
  }

  // A backup by the client, and what the guard says about it. The objects that the repository holds are those put before.
  void Create(const std::string& archive, std::vector<std::string> options = {}, int exit_code = 0) {
    std::vector<std::string> arguments = {"create"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    arguments.insert(arguments.end(), {Url() + "::" + archive, dir_.At("src")});
    ASSERT_TRUE(Run(GetParam().client, arguments, exit_code));
    recording_ = ReadRecording(dir_.At("recording"));
    const std::set<ObjectId> before = held_;
    bool first = true;
    for (const std::size_t size : {std::string::npos, std::size_t{4093}, std::size_t{61}}) {
      PlayedBridge bridge({Repository(), pins_, std::nullopt});
      bridge.held = before;
      std::string client, server;
      for (const Piece& piece : recording_) {
        (piece.from_client ? client : server) += piece.bytes;
        piece.from_client ? bridge.Client(piece.bytes, size) : bridge.Server(piece.bytes, size);
      }
      ASSERT_FALSE(bridge.error) << bridge.error->message;
      ASSERT_FALSE(bridge.guard.Accusation()) << bridge.guard.Accusation()->message;
      ASSERT_GT(client.size(), 100U);
      EXPECT_TRUE(bridge.to_server == client);
      EXPECT_TRUE(bridge.to_client == server);
      EXPECT_LT(bridge.most_kept, std::size_t{16} << 10U);
      EXPECT_TRUE(bridge.guard.pins().repository);
      EXPECT_TRUE(bridge.guard.pins().key);
      if (first) asked_ = bridge.asked.size();
      first = false;
      held_.insert(bridge.asked.begin(), bridge.asked.end());
      after_ = bridge.guard.pins();
    }
    pins_ = after_;
  }

  std::size_t Calls(std::string_view method) const {
    std::string client;
    for (const Piece& piece : recording_)
      if (piece.from_client) client += piece.bytes;
    // As borg writes it: the key "m", then a short string.
    std::string call = "\xa1m";
    call += static_cast<char>(0xa0U | method.size());
    call += method;
    std::size_t calls = 0;
    for (std::size_t at = client.find(call); at != std::string::npos; at = client.find(call, at + 1)) ++calls;
    return calls;
  }

  TemporaryDirectory dir_;
  std::uint64_t random_ = 1;
  Pins pins_, after_;
  std::set<ObjectId> held_;
  std::vector<Piece> recording_;
  std::size_t asked_ = 0;
};

class HonestTest : public RecordingTest {};

TEST_P(HonestTest, SessionsPass) {
  // Checkpoints are made between chunks, and where those end else depends on the repository's key.
  Create("first", {"--checkpoint-interval", "1", "--upload-ratelimit", "700", "--chunker-params", "fixed,524288"});
  EXPECT_GT(asked_, 6U);
  EXPECT_GT(Calls("commit"), 1U) << "no checkpoint was made";
  EXPECT_GT(Calls("delete"), 0U);
  const std::optional<std::uint64_t> nonce = pins_.nonce;
  ASSERT_TRUE(nonce);

  Create("nothing-new");
  EXPECT_GT(*pins_.nonce, *nonce);

  Write("one-more", 3000);
  std::filesystem::remove_all(dir_.At("home/.cache"));
  Create("without-cache");
  EXPECT_EQ(Calls("__len__"), 1U);

  Create("without-cache", {}, 2);  // the name is taken
  EXPECT_EQ(Calls("rollback"), 1U);
}

// The "can" beside it: the same bytes against another repository, nonce or path do not pass.
TEST_P(RecordingTest, WhatIsExpectedDecides) {
  Create("first");
  struct Row {
    const char* name;
    Expectation expectation;
    Reason reason;
  };
  Pins other = pins_, ahead = pins_, another_key = pins_;
  other.repository = kManifestId;
  another_key.key = KeyPrint{};
  ahead.nonce = *ahead.nonce + 1;
  for (const Row& row : {Row{"Path", {Repository() + "2", pins_, std::nullopt}, Reason::kTargetMisbehaved},
                         Row{"Repository", {Repository(), other, std::nullopt}, Reason::kRepositoryTampered},
                         Row{"Nonce", {Repository(), ahead, std::nullopt}, Reason::kRepositoryTampered},
                         Row{"Key", {Repository(), another_key, std::nullopt}, Reason::kRepositoryTampered},
                         Row{"Size", {Repository(), {}, 1000}, Reason::kTargetMisbehaved}}) {
    SCOPED_TRACE(row.name);
    PlayedBridge bridge(row.expectation);
    for (const Piece& piece : recording_) piece.from_client ? bridge.Client(piece.bytes) : bridge.Server(piece.bytes);
    const std::optional<Error> found = bridge.guard.Accusation() ? bridge.guard.Accusation() : bridge.error;
    ASSERT_TRUE(found);
    EXPECT_EQ(found->reason, row.reason);
  }
}

TEST_P(RecordingTest, OtherCommandsAreRefused) {
  Create("first");
  struct Row {
    const char* name;
    std::vector<std::string> arguments;
    const char* method;
  };
  for (const Row& row : {Row{"Delete", {"delete", Url() + "::first"}, "delete"}, Row{"Compact", {"compact", Url()}, "commit"},
                         Row{"Check", {"check", "--repository-only", Url()}, "check"},
                         Row{"ChangePassphrase", {"key", "change-passphrase", Url()}, "open"}}) {
    SCOPED_TRACE(row.name);
    ASSERT_TRUE(Run(GetParam().client, row.arguments));
    PlayedBridge bridge({Repository(), {}, std::nullopt});
    bridge.held = held_;
    for (const Piece& piece : ReadRecording(dir_.At("recording")))
      piece.from_client ? bridge.Client(piece.bytes) : bridge.Server(piece.bytes);
    ASSERT_FALSE(bridge.guard.refusals().empty());
    EXPECT_EQ(bridge.guard.refusals().kinds()[0].method, row.method) << bridge.guard.refusals().kinds()[0].reason;
  }
}

INSTANTIATE_TEST_SUITE_P(Borgs, HonestTest, testing::ValuesIn(Pairs(true)), [](const auto& param) { return param.param.name; });
INSTANTIATE_TEST_SUITE_P(Borgs, RecordingTest, testing::ValuesIn(Pairs(false)), [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace borgop::guard
