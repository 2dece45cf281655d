#include "engine/run/exchange.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace borgop {
namespace {

constexpr std::size_t kOutputLimit = kMaxListOutput + 1;  // one more than is accepted, so that a cut is noticed
constexpr std::chrono::seconds kDrain{30};                // for the last bytes once the client has ended
constexpr std::chrono::seconds kEnd{10};                  // for a client that was asked to end
constexpr std::chrono::seconds kLook{5};                  // how often silence is looked at

class Exchange {
 public:
  Exchange(const Context& context, BorgProcess& client, BridgeEntrance& entrance, RemoteProcess& server, guard::Guard& guard,
           const Secret& passphrase, ExchangeOptions options)
      : stop_(context.stop),
        outer_(context),
        context_(context.WithStop(stop_)),
        client_(client),
        entrance_(entrance),
        server_(server),
        guard_(guard),
        passphrase_(passphrase),
        options_(std::move(options)),
        client_log_([this](const LogEvent& event) {
          if (options_.on_event) options_.on_event(event, result_.counters);
        }),
        bridge_stop_(&stop_),
        server_stop_(&stop_),
        patience_stop_(&stop_) {}

  Task<ExchangeResult> Run() {
    TaskGroup group(context_);
    group.Spawn(SendPassphrase(group.context()));
    group.Spawn(Carry(group.context()));
    group.Spawn(Listen(group.context().WithStop(server_stop_), server_.err(), server_log_));
    group.Spawn(LosePatience(group.context()));
    co_await AwaitClient();
    patience_stop_.Stop();
    co_await group.Join();
    client_log_.Finish();
    server_log_.Finish();
    result_.messages = client_log_.messages();
    result_.server_messages = server_log_.messages();
    if (const Wake wake = outer_.Interrupted(); wake != Wake::kNotified) {
      result_.interrupted = InterruptedError(wake, "borg was running");
    }
    co_return std::move(result_);
  }

 private:
  Task<void> SendPassphrase(Context context) {
    // A client that does not want it has closed its input; it says why itself.
    const Status sent = co_await client_.in().Write(context, passphrase_.Reveal());
    if (sent) {
      static constexpr std::array<char, 1> kNewline{'\n'};
      co_await client_.in().Write(context, kNewline);
    }
    co_await client_.in().CloseWrite(context);
  }

  Task<void> Listen(Context context, Reader& from, LogReader& log) {
    std::array<char, std::size_t{16} * 1024> buffer{};
    while (true) {
      const Result<std::size_t> got = co_await from.Read(context, buffer);
      if (!got || *got == 0) co_return;
      said_ += *got;
      log.Feed(std::string_view(buffer.data(), *got));
    }
  }

  Task<void> PassOutputOn(Context context) {
    std::vector<char> buffer(std::size_t{64} * 1024);
    while (true) {
      const Result<std::size_t> got = co_await client_.out().Read(context, buffer);
      if (!got || *got == 0) co_return;
      said_ += *got;
      const Status taken = co_await options_.output->Write(context, std::span<const char>(buffer.data(), *got));
      if (taken) continue;
      if (context.Interrupted() == Wake::kNotified) result_.output_error = taken.error();
      stop_.Stop();
      co_return;
    }
  }

  Task<void> ReadOutput(Context context) {
    if (options_.output != nullptr) {
      co_await PassOutputOn(context);
      co_return;
    }
    const Result<std::string> output = co_await ReadAll(context, client_.out(), kOutputLimit);
    if (output) result_.output = *output;
  }

  Task<void> AwaitClient() {
    TaskGroup streams(context_);
    streams.Spawn(ReadOutput(streams.context()));
    streams.Spawn(Listen(streams.context(), client_.err(), client_log_));
    co_await streams.Join();
    const Result<Exit> exit = co_await client_.Wait(context_);
    if (exit) result_.exit = *exit;
    client_ended_ = true;
    // Nobody will connect any more; and one who has, has said all.
    if (result_.counters.to_server == 0) bridge_stop_.Stop();
    client_end_.NotifyAll();
  }

  Task<void> Carry(Context context) {
    TaskGroup ending(context);
    const Context bridging = context.WithStop(bridge_stop_);
    const Result<BridgeEnd> end = co_await entrance_.Open(bridging);
    if (end) {
      TaskGroup group(context);
      group.Spawn(StopAfterClient(group.context()));
      const BridgeEnd server{server_.out(), server_.in()};
      result_.bridge = co_await RunBridge(bridging, *end, server, &guard_, result_.counters, first_byte_, options_.review);
      group.Stop();
      co_await group.Join();
      ending.Spawn(LetClientEnd(ending.context().WithStop(bridge_stop_), end->from));
    } else if (end.error().reason != Reason::kCancelled) {
      result_.bridge.client_error = end.error();
    }
    co_await server_.in().CloseWrite(context);
    const Context last = context.WithTimeout(kDrain);
    co_await ReadAll(last, server_.out(), 0);
    const Result<ExitStatus> exit = co_await server_.WaitExit(last);
    if (exit) result_.server_exit = *exit;
    co_await server_.Close(last);
    if (!exit) server_stop_.Stop();  // one that does not end has said enough
    co_await ending.Join();
  }

  // A client that is blocked in sending does not see that the server is gone: what it still sends is taken, and goes nowhere. One
  // that does not end by that is asked to.
  Task<void> LetClientEnd(Context context, Reader& from) {
    for (const bool asked : {false, true}) {
      if (client_ended_) co_return;
      if (asked) co_await client_.Terminate(context.WithTimeout(kEnd));
      const Result<std::string> rest = co_await ReadAll(context.WithTimeout(asked ? kEnd : kDrain), from, 0);
      if (rest || rest.error().reason != Reason::kDeadlineExceeded) co_return;
    }
    if (!client_ended_) stop_.Stop();
  }

  // The bridge ends by itself when the client closes its side; a process that kept it open would hold the run for ever.
  Task<void> StopAfterClient(Context context) {
    while (!client_ended_) {
      const Wake wake = co_await client_end_.Wait(context);
      if (wake != Wake::kNotified) co_return;
    }
    const Wake wake = co_await Sleep(context, kDrain);
    if (wake == Wake::kTimedOut) bridge_stop_.Stop();
  }

  Task<void> LosePatience(Context context) {
    const Context patience = context.WithStop(patience_stop_);
    const Wake wake = co_await first_byte_.Wait(patience.WithTimeout(options_.unused_limit));
    if (wake == Wake::kNotified) {
      result_.used = true;
      co_await entrance_.Used(context);
      co_await Watch(patience);
    } else if (wake == Wake::kTimedOut && context.Interrupted() == Wake::kNotified) {
      result_.never_connected = true;
      co_await GiveUp(patience);
    }
  }

  // Whether anything still moves.
  Task<void> Watch(Context patience) {
    std::uint64_t seen = 0;
    MonotonicTime moved = patience.loop->Now();
    while (true) {
      const Wake wake = co_await Sleep(patience, kLook);
      if (wake != Wake::kTimedOut || patience.Interrupted() != Wake::kNotified) co_return;
      const bool answered = result_.counters.to_client != 0;
      const std::uint64_t now = answered ? result_.counters.to_client + result_.counters.to_server + said_ : 0;
      if (now != seen) moved = patience.loop->Now();
      seen = now;
      if (patience.loop->Now() - moved > (answered ? options_.stall_limit : options_.unused_limit)) {
        (answered ? result_.stalled : result_.never_answered) = true;
        co_await GiveUp(patience);
        co_return;
      }
    }
  }

  // A client that does not end by being asked to is left to whoever owns it.
  Task<void> GiveUp(Context patience) {
    co_await client_.Terminate(patience.WithTimeout(kEnd));
    const Wake late = co_await Sleep(patience, kEnd);
    if (late == Wake::kTimedOut) stop_.Stop();
  }

  StopSource stop_;
  Context outer_, context_;
  BorgProcess& client_;
  BridgeEntrance& entrance_;
  RemoteProcess& server_;
  guard::Guard& guard_;
  const Secret& passphrase_;
  ExchangeOptions options_;
  ExchangeResult result_;
  LogReader client_log_, server_log_;
  StopSource bridge_stop_, server_stop_, patience_stop_;
  WaitQueue first_byte_, client_end_;
  std::uint64_t said_ = 0;  // bytes of both logs
  bool client_ended_ = false;
};

// Whether the client failed because it lost the server, which then knows the reason better.
bool SaysConnectionClosed(const Messages& messages) {
  return messages.msgid.starts_with("ConnectionClosed") || messages.connection_lost;
}

}  // namespace

Task<ExchangeResult> RunExchange(Context context, BorgProcess& client, BridgeEntrance& entrance, RemoteProcess& server,
                                 guard::Guard& guard, const Secret& passphrase, ExchangeOptions options) {
  Exchange exchange(context, client, entrance, server, guard, passphrase, std::move(options));
  co_return co_await exchange.Run();
}

Result<Completion> JudgeExchange(Step step, std::string_view where, std::string_view server, const ExchangeResult& result) {
  if (result.bridge.refused) return Fail(*result.bridge.refused);
  if (result.interrupted) return Fail(*result.interrupted);
  if (result.output_error) return Fail(*result.output_error);
  Result<Completion> client = Fail(Reason::kConnectionLost, "borg " + std::string(where) + " was lost before it ended");
  if (result.exit) client = Judge(step, where, *result.exit, result.messages);
  if (client) return client;
  if (result.never_answered) {
    return Fail(Reason::kNoProgress, "borg serve " + std::string(server) + " did not answer borg " + std::string(where),
                "See what keeps borg there from starting: the account's shell start-up files, or a file system that hangs.");
  }
  if (result.stalled) {
    return Fail(Reason::kNoProgress,
                "borg " + std::string(ToString(step)) + ' ' + std::string(where) + " and borg serve " + std::string(server) +
                    " have not said a word for a long time",
                "See what they wait for (a stopped process, a file system that hangs), then run again.");
  }
  const bool lost = !result.exit || SaysConnectionClosed(result.messages) || client.error().reason == Reason::kConnectionLost;
  const bool broke = lost || result.bridge.server_error;
  if (broke && result.server_exit && !result.server_exit->ok()) {
    Exit exit;
    exit.status = result.server_exit->status;
    exit.signal = result.server_exit->signal;
    const Result<Completion> serve = Judge(step, server, exit, result.server_messages);
    if (!serve) return Fail(serve.error());
  }
  if (result.bridge.server_error) return Fail(*result.bridge.server_error);
  // One that failed by itself knows why; that its side of the bridge broke is a consequence.
  if (result.bridge.client_error && lost) return Fail(*result.bridge.client_error);
  if (result.never_connected) {
    return Fail(Reason::kSocketUnused, "borg " + std::string(where) + " did not connect to its socket in time");
  }
  if (lost && result.server_exit && result.server_exit->ok() && result.exit) {
    // The server was there and ended well: what failed is the way to it, on the client's side of the bridge.
    const std::vector<std::string>& said = result.messages.warnings;
    return Fail(Reason::kConnectionLost, "borg " + std::string(ToString(step)) + ' ' + std::string(where) +
                                             " lost its way to the repository server" + (said.empty() ? "" : ": " + said.back()));
  }
  return client;
}

}  // namespace borgop
