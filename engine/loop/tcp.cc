#include "engine/loop/tcp.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "engine/loop/fd_stream.h"
#include "engine/loop/resolver.h"

namespace borgop {
namespace {

constexpr std::chrono::milliseconds kLeastShare{2000};

struct Attempt {
  UniqueFd fd;
  Error error;
};

Task<Attempt> ConnectOne(Context context, const Address& address) {
  Attempt attempt;
  attempt.fd.reset(socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  int code = 0;
  if (!attempt.fd || connect(attempt.fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0)
    code = errno;
  if (code == EINPROGRESS) {
    FdStream waiting(*context.loop, UniqueFd(dup(attempt.fd.get())), address.text);
    const Status ready = co_await waiting.WaitWritable(context);
    if (!ready) {
      attempt.fd.reset();
      attempt.error = ready.error();
      if (attempt.error.reason == Reason::kDeadlineExceeded)
        attempt.error = {Reason::kConnectTimeout, address.text + ": no answer", {}};
      co_return attempt;
    }
    socklen_t size = sizeof code;
    getsockopt(attempt.fd.get(), SOL_SOCKET, SO_ERROR, &code, &size);
  }
  if (code != 0) {
    attempt.fd.reset();
    attempt.error = {Reason::kConnectFailed, address.text + ": " + std::strerror(code), {}};
    co_return attempt;
  }
  const int on = 1;
  setsockopt(attempt.fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  co_return attempt;
}

}  // namespace

Task<Result<UniqueFd>> ConnectTcp(Context context, std::string host, std::uint16_t port) {
  const Result<std::vector<Address>> addresses = co_await Resolve(context, host, port);
  if (!addresses) co_return Fail(addresses.error());
  Error failure{Reason::kNameNotResolved, host + " has no address", {}};
  std::string tried;
  for (std::size_t i = 0; i < addresses->size(); ++i) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::min(context.deadline, context.loop->Now() + std::chrono::hours(1)) - context.loop->Now());
    const auto share = std::max(kLeastShare, left / static_cast<std::int64_t>(addresses->size() - i));
    Attempt attempt = co_await ConnectOne(context.WithTimeout(share), addresses->at(i));
    if (attempt.fd) co_return std::move(attempt.fd);
    if (attempt.error.reason == Reason::kCancelled) co_return Fail(std::move(attempt.error));
    tried += (tried.empty() ? "" : "; ") + attempt.error.message;
    failure = std::move(attempt.error);
  }
  failure.message =
      "cannot connect to " + host + " port " + std::to_string(port) + " (" + (tried.empty() ? failure.message : tried) + ")";
  co_return Fail(std::move(failure));
}

}  // namespace borgop
