#include "engine/loop/resolver.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "engine/base/unique_fd.h"
#include "engine/loop/fd_stream.h"

namespace borgop {
namespace {

// Shared with the thread, which may outlive the one who asked.
struct Lookup {
  std::string host, service;
  int code = 0;
  std::vector<Address> addresses;
  std::atomic<bool> finished{false};  // what stands above is written before, and read after
  UniqueFd done{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
};

std::string Numeric(const sockaddr* address, socklen_t size) {
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> service{};
  if (getnameinfo(address, size, host.data(), host.size(), service.data(), service.size(), NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "?";
  }
  const std::string name = host.data();
  return (address->sa_family == AF_INET6 ? "[" + name + "]" : name) + ":" + service.data();
}

void LookUp(Lookup& lookup) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  lookup.code = getaddrinfo(lookup.host.c_str(), lookup.service.c_str(), &hints, &list);
  if (lookup.code != 0) return;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    Address address;
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    address.size = entry->ai_addrlen;
    address.text = Numeric(entry->ai_addr, entry->ai_addrlen);
    const bool known = std::any_of(lookup.addresses.begin(), lookup.addresses.end(),
                                   [&](const Address& other) { return other.text == address.text; });
    if (!known) lookup.addresses.push_back(std::move(address));
  }
  freeaddrinfo(list);
}

}  // namespace

Task<Result<std::vector<Address>>> Resolve(Context context, std::string host, std::uint16_t port) {
  auto lookup = std::make_shared<Lookup>();
  lookup->host = host;
  lookup->service = std::to_string(port);
  FdStream done(*context.loop, UniqueFd(dup(lookup->done.get())), "the name service");
  try {
    std::thread([lookup] {
      LookUp(*lookup);
      lookup->finished.store(true, std::memory_order_release);
      const std::uint64_t one = 1;
      [[maybe_unused]] const ssize_t put = write(lookup->done.get(), &one, sizeof one);
    }).detach();
  } catch (const std::system_error& error) {
    co_return Fail(Reason::kInternal, std::string("no thread for the name service: ") + error.what());
  }
  const Status ready = co_await done.WaitReadable(context);
  if (!ready && ready.error().reason == Reason::kDeadlineExceeded) {
    co_return Fail(Reason::kNameNotResolved, "the name service did not answer in time for " + host);
  }
  if (!ready) co_return Fail(ready.error());
  if (!lookup->finished.load(std::memory_order_acquire)) co_return Fail(Reason::kInternal, "a look-up ended before its end");
  if (lookup->code != 0) {
    co_return Fail(Reason::kNameNotResolved, "cannot resolve " + host + ": " + gai_strerror(lookup->code));
  }
  co_return std::move(lookup->addresses);
}

}  // namespace borgop
