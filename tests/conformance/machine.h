// The machines that the conformance suite reaches through the Connection seam: in memory, by SSH, and by SSH over a jump host.
//
// What they are asked to run is in fixed words (see Commands), which the one in memory plays and sh on a real one runs.
#pragma once

#include <memory>
#include <string>

#include "engine/ssh/dial.h"
#include "tests/fakes/fake_connection.h"

namespace borgop {

enum class MachineKind { kMemory, kDirect, kJump };
std::string ToString(MachineKind kind);

// A command line for each of them.
namespace commands {
std::string Exit(int status);        // ends with that status
std::string Killed();                // ends by SIGKILL
std::string Cat();                   // echoes its input
std::string Both();                  // its input to stdout and, byte by byte the same, to stderr
std::string Emit(std::size_t size);  // prints that many zero bytes
std::string SwallowThenSay();        // reads its input to the end, then prints "got all"
std::string Endless();               // prints until nobody reads
std::string Deaf();                  // neither reads nor writes, for as long as the connection lasts
std::string CloseInput();            // ends its input, then waits as Deaf
}  // namespace commands

// Connected and logged in. For kDirect and kJump to the lab's T, from where C stands.
Task<Result<std::unique_ptr<Connection>>> Reach(Context context, MachineKind kind, SessionTimes times = {});

// From now on this thread's connections start at C. Does nothing where the lab is not isolated.
void StandAtClient();

}  // namespace borgop
