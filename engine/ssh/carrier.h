// What carries the bytes of one SSH session: a TCP socket, or a channel of another session (a jump host).
//
// Calls are non-blocking and speak errno, as libssh2's callbacks want it. Threading: the loop's thread.
#pragma once

#include <sys/types.h>

#include <cstddef>

#include "engine/base/unique_fd.h"
#include "engine/loop/event_loop.h"

namespace borgop {

// The session above a carrier.
class CarrierUser {
 public:
  // Directions in which the session waits right now.
  virtual bool WantsIn() const = 0;
  virtual bool WantsOut() const = 0;
  // Something may have changed: try again.
  virtual void OnCarrierReady() = 0;

 protected:
  ~CarrierUser() = default;
};

class Carrier {
 public:
  virtual ~Carrier() = default;
  // Bytes, 0 at the end, or a negative errno (-EAGAIN: wait).
  virtual ssize_t Receive(char* into, std::size_t size) = 0;
  virtual ssize_t Send(const char* bytes, std::size_t size) = 0;
  // True when a packet of a few hundred bytes would be taken whole now.
  virtual bool RoomForSmallPacket() = 0;
  // Any descriptor of the connection; libssh2 wants one although it never touches it here.
  virtual int fd() const = 0;
  // From now on Receive and Send fail.
  virtual void Shut() = 0;
};

class SocketCarrier final : public Carrier, private Pollable {
 public:
  SocketCarrier(EventLoop& loop, UniqueFd fd, CarrierUser& user) : Pollable(loop), fd_(std::move(fd)), user_(user) {}
  ssize_t Receive(char* into, std::size_t size) override;
  ssize_t Send(const char* bytes, std::size_t size) override;
  bool RoomForSmallPacket() override;
  int fd() const override { return fd_.get(); }
  void Shut() override;

 private:
  short Interest() override;
  void OnReady(short events) override;

  UniqueFd fd_;
  CarrierUser& user_;
  bool shut_ = false;
};

}  // namespace borgop
