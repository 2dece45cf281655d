// Which ends of a bridge to close when: pure.
//
// A bridge joins two byte streams, A and B, each of which can end in one direction and go on in the other. As in OpenSSH's nchan.c:
//
//     A ---- a_to_b ----> B        an end of A's output becomes an end of B's input, once all bytes are through;
//     A <--- b_to_a ----- B        a side that fails takes the other direction with it: nothing more can be made of it.
//
// A writer that fails (the reader at that side has gone) stops its own direction only: what that side still says is carried on, as
// borg's last message often comes after it stopped reading.
#pragma once

#include <cstdint>

namespace borgop {

enum class Direction : std::uint8_t { kAToB, kBToA };

enum class HalfEvent : std::uint8_t {
  kEnd,          // the source has no more bytes
  kReadFailed,   // the source is broken
  kWriteFailed,  // the sink takes no more
};

struct HalfActions {
  bool close_sink = false;  // tell this direction's sink that nothing more comes
  bool stop_other = false;  // end the other direction now
  bool operator==(const HalfActions&) const = default;
};

class HalfClose {
 public:
  // What to do when `direction` has ended by `event`; each direction ends once, later calls do nothing.
  HalfActions On(Direction direction, HalfEvent event);
  bool done() const { return ended_[0] && ended_[1]; }

 private:
  bool ended_[2] = {false, false};
};

}  // namespace borgop
