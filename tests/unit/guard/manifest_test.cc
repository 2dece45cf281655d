// What T puts as manifest passes when somebody has read it; and somebody who reads may be shown another one than the repository's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "session.h"

namespace borgop::guard {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Expectation Reviewing() {
  Expectation expectation = Expected();
  expectation.reviews_manifests = true;
  return expectation;
}
std::string PutManifest(std::uint64_t id, const std::string& data) {
  return Call(id, "put", {{"id", ManifestId()}, {"data", data}});
}
std::string Commit(std::uint64_t id) { return Call(id, "commit", CommitArguments()); }

TEST(ManifestTest, PassesOnceItWasRead) {
  // Large and small ones, and data before and after the id, go other ways through the reader of messages.
  for (const std::size_t size : {std::size_t{1}, std::size_t{9000}}) {
    const std::string data(size, 'm');
    for (const std::string& put : {PutManifest(3, data), Call(3, "put", {{"data", data}, {"id", ManifestId()}})}) {
      for (std::size_t piece = 1; piece <= 100; ++piece) {
        PlayedBridge bridge(Reviewing());
        Open(bridge);
        bridge.review = [&](const std::string&) {
          EXPECT_EQ(bridge.to_server, "") << "it passed before";
          return true;
        };
        bridge.Client(put + Commit(4), piece);
        ASSERT_FALSE(bridge.error);
        ASSERT_THAT(bridge.reviewed, ElementsAre(data)) << size << ' ' << piece;
        ASSERT_EQ(bridge.to_server, put + Commit(4));
      }
    }
  }
}

TEST(ManifestTest, RefusedNothingOfItPassesNorAnythingAfterIt) {
  for (std::size_t piece = 1; piece <= 100; ++piece) {
    PlayedBridge bridge(Reviewing());
    Open(bridge);
    bridge.review = [](const std::string&) { return false; };
    bridge.Client(PutManifest(3, std::string(9000, 'm')) + PutManifest(4, "n") + Commit(5), piece);
    ASSERT_EQ(bridge.to_server, "") << piece;
    EXPECT_EQ(bridge.reviewed.size(), 1U);
    ASSERT_TRUE(bridge.guard.Accusation());
    EXPECT_EQ(bridge.guard.Accusation()->reason, Reason::kTargetMisbehaved);
    EXPECT_THAT(bridge.guard.Accusation()->message, HasSubstr("its list of archives"));
  }
}

TEST(ManifestTest, EachOneIsRead) {
  PlayedBridge bridge(Reviewing());
  Open(bridge);
  bridge.review = [](const std::string& manifest) { return manifest != "third"; };
  bridge.Client(PutManifest(3, "first") + Commit(4) + PutManifest(5, "second") + Commit(6) + PutManifest(7, "third") + Commit(8));
  EXPECT_EQ(bridge.to_server, PutManifest(3, "first") + Commit(4) + PutManifest(5, "second") + Commit(6));
  EXPECT_THAT(bridge.reviewed, ElementsAre("first", "second", "third"));
}

TEST(ManifestTest, OtherObjectsAreNotRead) {
  PlayedBridge bridge(Reviewing());
  Open(bridge);
  bridge.Client(Call(3, "put", {{"id", Id('x')}, {"data", std::string(9000, 'd')}}) + Call(4, "get", {{"id", ManifestId()}}));
  EXPECT_THAT(bridge.reviewed, IsEmpty());
  EXPECT_THAT(bridge.to_server, HasSubstr("get"));
}

// Somebody who carries bytes and knows no reviews goes on reading.
TEST(ManifestTest, WithNobodyToReadItItIsRefused) {
  Guard guard(Reviewing());
  for (const std::string& message : {OldCall(1, "negotiate", {Version()}), Call(2, "open", OpenArguments())})
    ASSERT_EQ(guard.FromClient(message)->verdict, Guard::Verdict::kPass);
  ASSERT_EQ(guard.FromClient(PutManifest(3, "m"))->verdict, Guard::Verdict::kReview);
  EXPECT_EQ(guard.FromClient(Commit(4))->verdict, Guard::Verdict::kRefuse);
  EXPECT_EQ(guard.FromClient(Commit(5))->verdict, Guard::Verdict::kRefuse);
}

TEST(ManifestTest, SettledOnceBHasAnsweredAllBeforeIt) {
  Guard guard(Reviewing());
  ASSERT_EQ(guard.FromClient(OldCall(1, "negotiate", {Version()}))->verdict, Guard::Verdict::kPass);
  ASSERT_EQ(guard.FromClient(Call(2, "open", OpenArguments()))->verdict, Guard::Verdict::kPass);
  ASSERT_EQ(guard.FromClient(PutManifest(3, "m"))->verdict, Guard::Verdict::kReview);
  EXPECT_FALSE(guard.settled());
  ASSERT_TRUE(guard.FromServer(OldReply(1, None(), Version())));
  EXPECT_FALSE(guard.settled());
  ASSERT_TRUE(guard.FromServer(Reply(2, Id('R'))));
  EXPECT_TRUE(guard.settled());
  EXPECT_FALSE(guard.FromServer(Reply(3, None()))) << "an answer to what B has not seen";
}

Expectation Showing(const std::string& manifest) {
  Expectation expectation = Expected();
  expectation.client = Client::kTrusted;
  expectation.shown_manifest = manifest;
  return expectation;
}

TEST(ManifestTest, AnotherOneIsShownInItsPlace) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{9000}}) {
    for (std::size_t piece = 1; piece <= 100; ++piece) {
      PlayedBridge bridge(Showing("shown"));
      Open(bridge);
      const std::string gets = Call(3, "get", {{"id", Id('x')}}) + Call(4, "get", {{"id", ManifestId()}}) + Call(5, "load_key", {});
      bridge.Client(gets);
      EXPECT_EQ(bridge.to_server, gets) << "B is asked all the same";
      bridge.Server(Reply(3, "object") + Reply(4, std::string(size, 'm')) + Reply(5, "key"), piece);
      ASSERT_FALSE(bridge.error);
      ASSERT_EQ(bridge.to_client, Reply(3, "object") + Reply(4, "shown") + Reply(5, "key")) << size << ' ' << piece;
    }
  }
}

TEST(ManifestTest, WhereThereIsNoneNoneIsShown) {
  PlayedBridge bridge(Showing("shown"));
  Open(bridge);
  bridge.Client(Call(3, "get", {{"id", ManifestId()}}));
  bridge.Server(ReplyException(3, "ObjectNotFound"));
  EXPECT_EQ(bridge.to_client, ReplyException(3, "ObjectNotFound"));
}

}  // namespace
}  // namespace borgop::guard
