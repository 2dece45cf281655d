// A session up to where borg works with its repository.
#pragma once

#include <gtest/gtest.h>

#include "played_bridge.h"
#include "spoken.h"

namespace borgop::guard {

inline void Open(PlayedBridge& bridge, char repository = 'R') {
  bridge.Client(OldCall(1, "negotiate", {Version()}));
  bridge.Server(OldReply(1, None(), Version()));
  bridge.Client(Call(2, "open", OpenArguments()));
  bridge.Server(Reply(2, Id(repository)));
  ASSERT_FALSE(bridge.error) << bridge.error->message;
  ASSERT_TRUE(bridge.guard.refusals().empty());
  bridge.to_server.clear();
  bridge.to_client.clear();
}

inline Expectation Expected(Pins pins = {}) { return {kPath, pins, std::nullopt}; }

}  // namespace borgop::guard
