// A channel of a Session (session.h): its three streams and its end.
#pragma once

#include "engine/ssh/session.h"

namespace borgop {

class SessionChannel final : public Channel {
 public:
  SessionChannel(Session& session, LIBSSH2_CHANNEL* raw)
      : session_(session), raw_(raw), out_(*this, 0), err_(*this, SSH_EXTENDED_DATA_STDERR), in_(*this) {}
  Reader& out() override { return out_; }
  Reader& err() override { return err_; }
  Writer& in() override { return in_; }
  Task<Result<ExitStatus>> WaitExit(Context context) override;
  Task<Status> Close(Context context) override;

 private:
  class Output final : public Reader {
   public:
    Output(SessionChannel& channel, int stream) : channel_(channel), stream_(stream) {}
    Task<Result<std::size_t>> Read(Context context, std::span<char> into) override;

   private:
    SessionChannel& channel_;
    int stream_;
  };
  class Input final : public Writer {
   public:
    explicit Input(SessionChannel& channel) : channel_(channel) {}
    Task<Status> Write(Context context, std::span<const char> bytes) override;
    Task<Status> CloseWrite(Context context) override;

   private:
    SessionChannel& channel_;
    bool closed_ = false;
  };

  // Whether how the command ended has come. libssh2 has 0 for a status of 0 and for none: such an end shows when the channel is closed.
  bool Ended() const;

  Session& session_;
  LIBSSH2_CHANNEL* raw_;  // freed by Close, or with the session
  Output out_, err_;
  Input in_;
};

// Carries a session over a channel of another (a jump host). `outer` must outlive it.
class ChannelCarrier final : public Carrier {
 public:
  ChannelCarrier(Session& outer, LIBSSH2_CHANNEL* raw, CarrierUser& user);
  ~ChannelCarrier() override;
  ssize_t Receive(char* into, std::size_t size) override;
  ssize_t Send(const char* bytes, std::size_t size) override;
  bool RoomForSmallPacket() override;
  int fd() const override { return outer_.carrier_->fd(); }
  void Shut() override;

 private:
  ssize_t Errno(ssize_t code);
  Session& outer_;
  LIBSSH2_CHANNEL* raw_;
  bool shut_ = false;
};

}  // namespace borgop
