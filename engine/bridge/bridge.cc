#include "engine/bridge/bridge.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/bridge/half_close.h"
#include "engine/guard/rpc.h"

namespace borgop {
namespace {

// One SSH packet carries 32 KiB; a few of them a call is where larger buffers stop helping.
constexpr std::size_t kBuffer = std::size_t{128} * 1024;

class Bridge {
 public:
  Bridge(const Context& context, BridgeEnd client, BridgeEnd server, guard::Guard* guard, BridgeCounters& counters,
         WaitQueue& first_byte, ManifestReview review)
      : context_(context),
        guard_(guard),
        review_(std::move(review)),
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
    std::string kept = {};  // read, and not decided by the guard
  };

  Task<void> Carry(Context context, Half& half, StopSource& stop_other) {
    const HalfEvent event = co_await Pump(context, half);
    if (half.direction == Direction::kAToB) upstream_ended_ = event == HalfEvent::kEnd;
    if (half.direction == Direction::kBToA) {
      downstream_ended_ = true;
      answered_.NotifyAll();
    }
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
      const std::string_view bytes(buffer.data(), *got);
      std::optional<HalfEvent> end;
      if (guard_ == nullptr) {
        end = co_await Send(context, half, bytes);
      } else {
        end = co_await Sift(context, half, bytes);
      }
      if (end) co_return *end;
    }
  }

  // What the guard passes is written, in as few pieces as its verdicts allow; what it holds is kept until more is known.
  //
  // Of half.kept and `bytes` in a row, what is before bytes[passed] has passed and is not written; if nothing of `bytes` has, all of it is
  // kept.
  Task<std::optional<HalfEvent>> Sift(Context context, Half& half, std::string_view bytes) {
    using Verdict = guard::Guard::Verdict;
    std::size_t passed = 0, read = 0;
    while (read < bytes.size()) {
      const Result<guard::Guard::Step> step =
          half.direction == Direction::kAToB ? guard_->FromClient(bytes.substr(read)) : guard_->FromServer(bytes.substr(read));
      if (!step && AreLastWords(half, step.error())) co_return HalfEvent::kEnd;
      if (!step) co_return Refuse(step.error());
      read += step->size;
      Verdict verdict = step->verdict;
      if (verdict == Verdict::kAsk || verdict == Verdict::kReview || verdict == Verdict::kOwn || verdict == Verdict::kReplace) {
        // A question goes out between two messages, and its answer stands between two; what is read as a whole is a message.
        const std::optional<HalfEvent> end = co_await SendPassed(context, half, bytes.substr(0, passed));
        if (end) co_return end;
        bytes.remove_prefix(passed);
        read -= passed;
        passed = 0;
      }
      if (verdict == Verdict::kAsk) {
        const std::optional<HalfEvent> end = co_await FindOut(context, half);
        if (end) co_return end;
        verdict = guard_->Decide();
      }
      if (verdict == Verdict::kReview) {
        const Result<bool> good = co_await Review(context, half.kept + std::string(bytes.substr(0, read)));
        if (!good) co_return Refuse(good.error());
        verdict = guard_->Reviewed(*good);
      }
      if (verdict == Verdict::kRefuse) co_return Refuse(guard_->WhyRefused());
      if (verdict == Verdict::kPass) passed = read;
      if (verdict == Verdict::kOwn || verdict == Verdict::kReplace) {
        half.kept.clear();
        bytes.remove_prefix(std::exchange(read, 0));
      }
      if (verdict == Verdict::kReplace) {
        const std::optional<HalfEvent> end = co_await Send(context, half, guard_->Replacement());
        if (end) co_return end;
      }
      if (half.direction == Direction::kBToA) answered_.NotifyAll();
    }
    const std::optional<HalfEvent> end = co_await SendPassed(context, half, bytes.substr(0, passed));
    if (!end) half.kept += bytes.substr(passed);
    co_return end;
  }

  // borg serve prints a plain sentence once its input has ended before a repository was opened (remote.py, serve). Nobody reads it any more.
  bool AreLastWords(const Half& half, const Error& error) const {
    return half.direction == Direction::kBToA && upstream_ended_ && error.reason == Reason::kBorgOutputInvalid;
  }

  Task<std::optional<HalfEvent>> SendPassed(Context context, Half& half, std::string_view bytes) {
    if (bytes.empty()) co_return std::nullopt;
    if (!half.kept.empty()) {
      const std::optional<HalfEvent> end = co_await Send(context, half, half.kept);
      if (end) co_return end;
      half.kept = std::string();  // it may have been large
    }
    co_return co_await Send(context, half, bytes);
  }

  Task<std::optional<HalfEvent>> Send(Context context, Half& half, std::string_view bytes) {
    const Status written = co_await half.sink.Write(context, bytes);
    if (written) co_return std::nullopt;
    if (written.error().reason != Reason::kCancelled && !half.sink_error) half.sink_error = written.error();
    co_return HalfEvent::kWriteFailed;
  }

  // Asks B until the guard can decide.
  Task<std::optional<HalfEvent>> FindOut(Context context, Half& half) {
    while (guard_->Decide() == guard::Guard::Verdict::kAsk) {
      const std::string question = guard_->Question();
      const std::optional<HalfEvent> end = co_await Send(context, half, question);
      if (end) co_return end;
      while (guard_->waiting()) {
        if (downstream_ended_) co_return HalfEvent::kWriteFailed;
        const Wake wake = co_await answered_.Wait(context);
        if (wake != Wake::kNotified) co_return HalfEvent::kReadFailed;
      }
    }
    co_return std::nullopt;
  }

  // Whether the manifest that T puts in this message may pass. Not before B has done all that T asked so far: who reads a repository in the
  // middle of a commit sees neither what was nor what will be.
  Task<Result<bool>> Review(Context context, std::string message) {
    while (!guard_->settled()) {
      if (downstream_ended_) co_return Fail(Reason::kConnectionLost, "borg serve ended before it had answered");
      const Wake wake = co_await answered_.Wait(context);
      if (wake != Wake::kNotified) co_return Fail(InterruptedError(wake, "borg was running"));
    }
    Result<std::string> manifest = guard::DataIn(message);
    if (!manifest) co_return Fail(manifest.error());
    message = std::string();
    if (!review_) co_return false;
    co_return co_await review_(context, *std::move(manifest));
  }

  HalfEvent Refuse(const Error& error) {
    if (!result_.refused) result_.refused = error;
    return HalfEvent::kReadFailed;
  }

  Context context_;
  guard::Guard* guard_;
  ManifestReview review_;
  BridgeResult result_;
  Half upstream_, downstream_;
  StopSource stop_up_, stop_down_;
  HalfClose state_;
  WaitQueue& first_byte_;
  WaitQueue answered_;           // something of what B was asked, or it never will be
  bool upstream_ended_ = false;  // in order
  bool downstream_ended_ = false;
};

}  // namespace

Task<BridgeResult> RunBridge(Context context, BridgeEnd client, BridgeEnd server, guard::Guard* guard, BridgeCounters& counters,
                             WaitQueue& first_byte, ManifestReview review) {
  Bridge bridge(context, client, server, guard, counters, first_byte, std::move(review));
  co_return co_await bridge.Run();
}

}  // namespace borgop
