// The guard of one session of `borg create`: it reads all that T and B say to each other and tells which bytes may pass.
//
//     T ---- FromClient ----> B        passes once the message that the bytes belong to is allowed;
//     T <--- FromServer ----- B        passes once the answer is known to be T's and not to betray B.
//
// Who carries the bytes does for each direction: keep the bytes that the guard has read and not passed, and act by the verdict on
// them and those just read. A put's data passes as it comes, as long as it is last in its message. It is not where borg waits for the
// answer, as for the manifest: that is kept to its end. At most one message is kept, of kRequestLimits or kAnswerLimits.
//
//     Result<Guard::Step> step = guard.FromClient(bytes);      // read bytes.substr(0, step->size), go on with what is left
//     kHold     keep them
//     kPass     write what was kept and then them
//     kAsk      keep them, find out whether B holds guard.asked(), and act by guard.Held(...): kPass or kRefuse
//     kRefuse   drop what was kept and them; from now on nothing passes
//     kOwn      (FromServer) drop the same: it answers the engine's own request
//
// To find out, the engine may send B a request of its own while T's waits, and says so by OwnRequest; or it knows already.
//
// Threading: one thread. Errors: the session must end, and every later call fails likewise; nothing that was kept may pass.
// kBorgOutputInvalid: this is not borg's protocol; kRepositoryTampered: B is not what it was.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/base/result.h"
#include "engine/guard/message_reader.h"
#include "engine/guard/monitor.h"

namespace borgop::guard {

class Guard {
 public:
  enum class Verdict : std::uint8_t { kHold, kPass, kAsk, kRefuse, kOwn };
  struct Step {
    std::size_t size = 0;  // of the bytes given: at least one was read
    Verdict verdict = Verdict::kHold;
    bool operator==(const Step&) const = default;
  };

  explicit Guard(Expectation expectation) : monitor_(std::move(expectation)) {}

  // The next bytes of T, at least one; not while a question is open.
  Result<Step> FromClient(std::string_view bytes);
  // Of B.
  Result<Step> FromServer(std::string_view bytes);

  const ObjectId& asked() const { return monitor_.asked(); }
  Verdict Held(bool held);
  // A number for a request that the engine sends to B itself, in map form; only where T's bytes end between two messages.
  std::uint64_t OwnRequest();
  // Of the answer that kOwn was said of, until FromServer is called again.
  const Answer& answer() const { return answer_; }

  // What T is accused of; empty: nothing.
  std::optional<Error> Accusation() const;
  const Refusals& refusals() const { return monitor_.refusals(); }
  const Pins& pins() const { return monitor_.pins(); }
  std::uint64_t new_bytes() const { return monitor_.new_bytes(); }

 private:
  Monitor monitor_;
  MessageReader client_{"borg on the target", kRequestLimits};
  MessageReader server_{"borg serve", kAnswerLimits};
  std::optional<Error> error_;
  Verdict client_verdict_ = Verdict::kHold;  // on the message told last: it holds for the rest of it
  Verdict server_verdict_ = Verdict::kHold;
  Answer answer_;
  std::uint64_t own_requests_ = 0;
};

}  // namespace borgop::guard
