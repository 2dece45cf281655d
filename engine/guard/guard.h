// The guard of one session of borg with B (a backup, a restore, or C's own: Client): it reads all that T and B say to each other and tells which bytes may pass.
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
//     kAsk      keep them; as long as guard.Decide() says kAsk too: write guard.Question() to B, and read from B until
//               guard.waiting() is over; then act by what it decides: kPass or kRefuse
//     kReview   keep them: with what was kept they are one message, a put of a manifest (ManifestIn). Read from B until settled() and let somebody
//               read it; then act by what Reviewed() says: kPass or kRefuse
//     kRefuse   drop what was kept and them; from now on nothing passes
//     kOwn      (FromServer) drop the same: it answers the guard's own question
//     kReplace  drop the same, and write Replacement() instead
//
// A `put` to an id that the repository already holds would replace what older archives need. Only B knows what it holds; so before the first
// object is put, the guard has B list them all. T holds the repository's lock then, and nothing of what it puts has passed: later nothing is
// asked any more.
//
// What `borg init` asks for is said in other words (init_steps.h). Where it finishes what another one began, B has to list no object
// before anything else than `open` passes: borg init has the lock then.
//
// Threading: one thread. Errors: the session must end, and every later call fails likewise; nothing that was kept may pass.
// kBorgOutputInvalid: this is not borg's protocol; kRepositoryTampered: B is not what it was; those of HeldObjects.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/guard/held_objects.h"
#include "engine/guard/message_reader.h"
#include "engine/guard/monitor.h"

namespace borgop::guard {

class Guard {
 public:
  enum class Verdict : std::uint8_t { kHold, kPass, kAsk, kReview, kRefuse, kOwn, kReplace };
  struct Step {
    std::size_t size = 0;  // of the bytes given: at least one was read
    Verdict verdict = Verdict::kHold;
    bool operator==(const Step&) const = default;
  };

  explicit Guard(Expectation expectation, HeldObjects held = HeldObjects())
      : shown_manifest_(expectation.shown_manifest),
        init_(expectation.init, Monitor::kInitCommit),
        monitor_(std::move(expectation)),
        held_(std::move(held)) {}

  // The next bytes of T, at least one; not while a question is open.
  Result<Step> FromClient(std::string_view bytes);
  // Of B.
  Result<Step> FromServer(std::string_view bytes);

  // What kAsk is about.
  const ObjectId& asked() const { return monitor_.asked(); }
  // After kAsk: kPass, kRefuse, or kAsk while not all is known.
  Verdict Decide();
  // Bytes for B, which have to go out between two messages: those of T that the guard keeps are the beginning of one.
  std::string Question();
  // Until the question is answered.
  bool waiting() const { return waiting_; }

  // After kReview.
  Verdict Reviewed(bool good);
  bool settled() const { return monitor_.settled(); }
  // With kReplace: a whole message.
  const std::string& Replacement() const { return replacement_; }

  const HeldObjects& held() const { return held_; }
  // After kRefuse: what T is accused of, or why nobody knows what B holds.
  Error WhyRefused() const;
  // What T is accused of; empty: nothing.
  std::optional<Error> Accusation() const;
  const Refusals& refusals() const { return monitor_.refusals(); }
  const Pins& pins() const { return monitor_.pins(); }
  std::uint64_t new_bytes() const { return monitor_.new_bytes(); }

 private:
  Status OnOwn(const Answer& answer);
  void Replace();
  // Of the bytes just read, by the verdict on their message.
  Verdict OfClient() const;
  Verdict OfServer() const;

  std::optional<std::string> shown_manifest_;
  InitSteps init_;
  std::optional<InitSteps::Words> instead_;  // of the message told last, once it passes
  std::string replacement_;
  Monitor monitor_;
  MessageReader client_{"borg on the target", kRequestLimits};
  MessageReader server_{"borg serve", kAnswerLimits};
  std::optional<Error> error_;
  Verdict client_verdict_ = Verdict::kHold;  // on the message told last: it holds for the rest of it
  Verdict server_verdict_ = Verdict::kHold;
  HeldObjects held_;
  bool waiting_ = false;
  std::uint64_t questions_ = 0;
};

}  // namespace borgop::guard
