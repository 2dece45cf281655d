#include "engine/ssh/dial.h"

#include <optional>
#include <random>
#include <utility>

#include "engine/loop/tcp.h"
#include "engine/ssh/retry.h"

namespace borgop {
namespace {

constexpr std::size_t kLoginsAtOnce = 5;

// In [0, 1).
double RandomFraction() {
  static std::minstd_rand random{std::random_device{}()};
  return std::uniform_real_distribution<double>(0.0, 1.0)(random);
}

Task<Result<std::unique_ptr<Session>>> OpenTransport(Context context, const SshEndpoint& endpoint, std::string name,
                                                     DialOptions options) {
  if (endpoint.jump_host) {
    Result<std::unique_ptr<Session>> via =
        co_await Dial(context, *endpoint.jump_host, "the jump host " + Describe(*endpoint.jump_host) + " before " + name, options);
    if (!via) co_return Fail(via.error());
    const std::string silent = (*via)->name() + " got no answer from " + Describe(endpoint) + ", where " + name + " should be";
    Result<std::unique_ptr<Session>> session =
        co_await Session::OverJump(context.WithTimeout(options.connect_timeout), std::move(*via), endpoint.host, endpoint.port,
                                   std::move(name), options.times);
    const bool timed_out = !session && session.error().reason == Reason::kDeadlineExceeded;
    if (timed_out && context.Interrupted() == Wake::kNotified) co_return Fail(Reason::kConnectTimeout, silent);
    co_return session;
  }
  Result<UniqueFd> socket = co_await ConnectTcp(context.WithTimeout(options.connect_timeout), endpoint.host, endpoint.port);
  if (!socket) {
    Error error = socket.error();
    error.message = name + ": " + error.message;
    co_return Fail(std::move(error));
  }
  co_return Session::OverSocket(*context.loop, std::move(*socket), std::move(name), options.times);
}

Task<Result<std::unique_ptr<Session>>> DialOnce(Context context, const SshEndpoint& endpoint, const std::string& name,
                                                const std::vector<PinnedKey>& pins, DialOptions options) {
  AsyncLock::Guard turn;
  if (options.limiter != nullptr) {
    Result<AsyncLock::Guard> acquired = co_await options.limiter->For(endpoint).Acquire(context, "waiting for a turn to log in");
    if (!acquired) co_return Fail(acquired.error());
    turn = std::move(*acquired);
  }
  Result<std::unique_ptr<Session>> session = co_await OpenTransport(context, endpoint, name, options);
  if (!session) co_return Fail(session.error());
  const Context login = context.WithTimeout(options.login_timeout);
  Status done = co_await (*session)->Handshake(login, pins);
  if (done) done = co_await (*session)->Authenticate(login, endpoint);
  if (done) co_return std::move(*session);
  Error error = done.error();
  if (error.reason == Reason::kDeadlineExceeded && context.Interrupted() == Wake::kNotified) {
    error = {Reason::kConnectTimeout, name + " did not finish the login in time: " + error.message, {}};
  }
  co_return Fail(std::move(error));
}

}  // namespace

AsyncLock& LoginLimiter::For(const SshEndpoint& endpoint) {
  std::unique_ptr<AsyncLock>& lock = locks_[Describe(endpoint)];
  if (!lock) lock = std::make_unique<AsyncLock>(kLoginsAtOnce);
  return *lock;
}

std::string Describe(const SshEndpoint& endpoint) { return endpoint.host + " port " + std::to_string(endpoint.port); }

Task<Result<std::unique_ptr<Session>>> Dial(Context context, const SshEndpoint& endpoint, std::string name, DialOptions options) {
  const Result<std::vector<PinnedKey>> pins = KeysFor(endpoint.known_hosts, endpoint.host, endpoint.port);
  if (!pins) co_return Fail(pins.error());
  for (int attempt = 1;; ++attempt) {
    Result<std::unique_ptr<Session>> session = co_await DialOnce(context, endpoint, name, *pins, options);
    if (session) co_return session;
    const std::optional<std::chrono::milliseconds> delay = RetryDelay(session.error(), attempt, RandomFraction());
    if (!delay) co_return session;
    const Wake wake = co_await Sleep(context, *delay);
    if (wake == Wake::kStopped || context.Interrupted() != Wake::kNotified) co_return session;
  }
}

}  // namespace borgop
