#include "engine/ssh/carrier.h"

#include <sys/socket.h>

#include <cerrno>

namespace borgop {

ssize_t SocketCarrier::Receive(char* into, std::size_t size) {
  if (shut_) return -ECONNRESET;
  const ssize_t got = recv(fd_.get(), into, size, 0);
  return got < 0 ? -errno : got;
}

ssize_t SocketCarrier::Send(const char* bytes, std::size_t size) {
  if (shut_) return -ECONNRESET;
  const ssize_t put = send(fd_.get(), bytes, size, MSG_NOSIGNAL);
  return put < 0 ? -errno : put;
}

bool SocketCarrier::RoomForSmallPacket() {
  if (shut_) return false;
  // Linux reports a socket writable only while a good part of its buffer is free, so a small packet fits whole.
  pollfd entry{fd_.get(), POLLOUT, 0};
  return poll(&entry, 1, 0) == 1 && (entry.revents & POLLOUT) != 0;
}

void SocketCarrier::Shut() {
  if (!shut_) shutdown(fd_.get(), SHUT_RDWR);
  shut_ = true;
}

short SocketCarrier::Interest() {
  if (shut_) return 0;
  return static_cast<short>((user_.WantsIn() ? POLLIN : 0) | (user_.WantsOut() ? POLLOUT : 0));
}

void SocketCarrier::OnReady(short) { user_.OnCarrierReady(); }

}  // namespace borgop
