// An init that was cut is finished where nothing is in the repository, and nowhere else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "session.h"

namespace borgop::guard {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

Expectation Of(InitKind kind) {
  Expectation expectation = Expected();
  expectation.client = Client::kTrusted;
  expectation.init = kind;
  return expectation;
}
Expectation Finishing() { return Of(InitKind::kFinishes); }

constexpr std::uint64_t kCommit = Monitor::kInitCommit;  // the guard's own

std::string OpenSaying(bool create) {
  return Call(2, "open",
              {{"path", kPath}, {"create", create}, {"lock_wait", std::uint64_t{5}}, {"exclusive", true}, {"append_only", false}});
}
std::string SaveKey(std::uint64_t id) { return Call(id, "save_key", {{"keydata", "a key"}}); }

void Negotiate(PlayedBridge& bridge) {
  bridge.Client(OldCall(1, "negotiate", {Version()}));
  bridge.Server(OldReply(1, None(), Version()));
  bridge.to_server.clear();
}

TEST(InitTest, OpensWhatIsThereAndGoesOnOnceItIsKnownToBeEmpty) {
  const std::string rest = SaveKey(3) + Call(4, "load_key", {});
  for (std::size_t piece = 1; piece <= 100; ++piece) {
    PlayedBridge bridge(Finishing());
    Negotiate(bridge);
    bridge.Client(OpenSaying(true), piece);
    ASSERT_EQ(bridge.to_server, OpenSaying(false)) << piece;
    bridge.Server(Reply(2, Id('R')));
    bridge.to_server.clear();
    bridge.Client(rest, piece);
    ASSERT_FALSE(bridge.error);
    ASSERT_EQ(bridge.to_server, rest) << piece;
    EXPECT_THAT(bridge.questions, SizeIs(1));
  }
}

// A put alone would leave what nobody can go on from.
TEST(InitTest, TheManifestIsPutAndCommittedAtOnce) {
  const std::string put = Call(4, "put", {{"id", ManifestId()}, {"data", "m"}, {"wait", true}});
  for (const InitKind kind : {InitKind::kMakes, InitKind::kFinishes}) {
    for (const bool key : {true, false}) {  // without one, put is what comes first
      for (std::size_t piece = 1; piece <= 100; ++piece) {
        PlayedBridge bridge(Of(kind));
        Negotiate(bridge);
        bridge.Client(OpenSaying(true), piece);
        ASSERT_EQ(bridge.to_server, OpenSaying(kind == InitKind::kMakes));
        bridge.Server(Reply(2, Id('R')));
        if (key) {
          bridge.Client(SaveKey(3));
          bridge.Server(Reply(3, None()));
        }
        bridge.to_server.clear();
        bridge.to_client.clear();
        bridge.Client(put, piece);
        ASSERT_EQ(bridge.to_server, put + Call(kCommit, "commit", {{"compact", false}})) << piece;
        bridge.Server(Reply(4, None()) + Reply(kCommit, None()), piece);
        ASSERT_EQ(bridge.to_client, Reply(4, None())) << "borg has asked for no commit yet";
        bridge.to_server.clear();
        bridge.Client(Call(5, "commit", {{"compact", false}, {"save_space", false}}), piece);
        ASSERT_EQ(bridge.to_server, Call(5, "rollback", {}));
        bridge.Server(Reply(5, None()), piece);
        ASSERT_FALSE(bridge.error) << bridge.error->message;
        ASSERT_EQ(bridge.to_client, Reply(4, None()) + Reply(5, None()));
      }
    }
  }
}

TEST(InitTest, ACommitThatFailsIsSaid) {
  PlayedBridge bridge(Of(InitKind::kMakes));
  Negotiate(bridge);
  bridge.Client(OpenSaying(true));
  bridge.Server(Reply(2, Id('R')));
  bridge.Client(Call(3, "put", {{"id", ManifestId()}, {"data", "m"}}));
  bridge.Server(Reply(3, None()) + ReplyException(kCommit, "InsufficientFreeSpaceError"));
  ASSERT_TRUE(bridge.error);
  EXPECT_EQ(bridge.error->reason, Reason::kInitFailed);
  EXPECT_THAT(bridge.error->message, HasSubstr("InsufficientFreeSpaceError"));
}

TEST(InitTest, OtherCommandsSayWhatTheySay) {
  PlayedBridge bridge(Of(InitKind::kNone));
  Negotiate(bridge);
  const std::string all =
      OpenSaying(true) + Call(3, "put", {{"id", ManifestId()}, {"data", "m"}}) + Call(4, "commit", {{"compact", false}});
  bridge.Client(all);
  EXPECT_EQ(bridge.to_server, all);
}

TEST(InitTest, NothingPassesWhereTheRepositoryHoldsAnything) {
  for (const char* method : {"save_key", "put", "destroy", "commit", "unheard_of"}) {
    PlayedBridge bridge(Finishing());
    bridge.held.insert(*ObjectIdOf(Id('a')));
    Negotiate(bridge);
    bridge.Client(OpenSaying(true));
    bridge.Server(Reply(2, Id('R')));
    bridge.to_server.clear();
    bridge.Client(Call(3, method, {}));
    EXPECT_EQ(bridge.to_server, "") << method;
    EXPECT_EQ(bridge.guard.WhyRefused().reason, Reason::kManifestMissing);
    EXPECT_THAT(bridge.guard.WhyRefused().message, HasSubstr("is not empty"));
  }
}

TEST(InitTest, WhatCannotBeSaidAgainEndsTheSession) {
  PlayedBridge bridge(Finishing());
  Negotiate(bridge);
  bridge.Client(Call(2, "open", {{"path", kPath}, {"create", true}, {"lock_wait", 0.5}}));
  ASSERT_TRUE(bridge.error);
  EXPECT_EQ(bridge.to_server, "");
}

}  // namespace
}  // namespace borgop::guard
