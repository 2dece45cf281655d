#include "engine/bridge/bridge.h"

#include <vector>

#include "engine/bridge/half_close.h"

namespace borgop {
namespace {

// One SSH packet carries 32 KiB; a few of them a call is where larger buffers stop helping.
constexpr std::size_t kBuffer = std::size_t{128} * 1024;

class Bridge {
 public:
  Bridge(const Context& context, BridgeEnd client, BridgeEnd server, BridgeCounters& counters, WaitQueue& first_byte)
      : context_(context),
        upstream_{Direction::kAToB, client.from, server.to, counters.to_server, result_.client_error, result_.server_error},
        downstream_{Direction::kBToA, server.from, client.to, counters.to_client, result_.server_error, result_.client_error},
        stop_up_(context.stop),
        stop_down_(context.stop),
        first_byte_(first_byte) {}

  Task<BridgeResult> Run() {
    TaskGroup group(context_);
    group.Spawn(Carry(context_.WithStop(stop_up_), upstream_, stop_down_));
    group.Spawn(Carry(context_.WithStop(stop_down_), downstream_, stop_up_));
    co_await group.Join();
    co_return std::move(result_);
  }

 private:
  struct Half {
    Direction direction;
    Reader& source;
    Writer& sink;
    std::uint64_t& count;
    std::optional<Error>& source_error;
    std::optional<Error>& sink_error;
  };

  Task<void> Carry(Context context, Half& half, StopSource& stop_other) {
    const HalfEvent event = co_await Pump(context, half);
    const HalfActions actions = state_.On(half.direction, event);
    if (actions.stop_other) stop_other.Stop();
    if (actions.close_sink) {
      // Also when stopped: the other side should see an end rather than silence. A sink that takes nothing is given up.
      Context closing;
      closing.loop = context.loop;
      co_await half.sink.CloseWrite(closing.WithTimeout(std::chrono::seconds(5)));
    }
  }

  Task<HalfEvent> Pump(Context context, Half& half) {
    std::vector<char> buffer(kBuffer);
    while (true) {
      const Result<std::size_t> got = co_await half.source.Read(context, buffer);
      if (!got) {
        if (got.error().reason != Reason::kCancelled) half.source_error = got.error();
        co_return HalfEvent::kReadFailed;
      }
      if (*got == 0) co_return HalfEvent::kEnd;
      if (half.count == 0 && half.direction == Direction::kAToB) first_byte_.NotifyAll();
      half.count += *got;
      const Status written = co_await half.sink.Write(context, std::span<const char>(buffer.data(), *got));
      if (!written) {
        if (written.error().reason != Reason::kCancelled && !half.sink_error) half.sink_error = written.error();
        co_return HalfEvent::kWriteFailed;
      }
    }
  }

  Context context_;
  BridgeResult result_;
  Half upstream_, downstream_;
  StopSource stop_up_, stop_down_;
  HalfClose state_;
  WaitQueue& first_byte_;
};

}  // namespace

Task<BridgeResult> RunBridge(Context context, BridgeEnd client, BridgeEnd server, BridgeCounters& counters, WaitQueue& first_byte) {
  Bridge bridge(context, client, server, counters, first_byte);
  co_return co_await bridge.Run();
}

}  // namespace borgop
