// Runs POSIX sh scripts on a machine whose login shell may be anything.
//
// sshd hands a command to the login shell as text, and sh, fish, csh, rc and elvish agree on little. So the command is always the
// same few words, which all of them read alike, and what matters follows on its standard input: `dd` reads exactly the script
// (sh itself would read ahead), sh runs it, and whatever the script starts reads on from there. Nothing of the script is ever parsed
// by the login shell, shown in a process list, or limited by its idea of text.
//
// A login shell may also talk before it runs anything (a .bashrc that echoes): the script begins by printing a marker with a random
// part, and everything before it is dropped. Or it leaves something in the background that holds the streams open: the sh that
// sshd waits for starts another one for the script, and its own status, which tells the end then, is never 0 (connection.h).
//
// Threading: the loop's thread. Ownership: a RemoteProcess must not outlive its Connection.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "engine/ssh/connection.h"

namespace borgop {

// A reader that gives back what was read too far, then goes on with the stream below.
class PrefixedReader final : public Reader {
 public:
  PrefixedReader(std::string prefix, Reader& rest) : prefix_(std::move(prefix)), rest_(rest) {}
  Task<Result<std::size_t>> Read(Context context, std::span<char> into) override;

 private:
  std::string prefix_;
  Reader& rest_;
};

class RemoteProcess {
 public:
  // `out` and `err` are what has been read of those streams already and is still to be given.
  RemoteProcess(std::unique_ptr<Channel> channel, std::string out, std::string err)
      : channel_(std::move(channel)), out_(std::move(out), channel_->out()), err_(std::move(err), channel_->err()) {}
  Reader& out() { return out_; }
  Reader& err() { return err_; }
  Writer& in() { return channel_->in(); }
  // A script that was ended by a signal ends with 128 + its number, as the sh says that waited for it (POSIX, XCU 2.8.2).
  Task<Result<ExitStatus>> WaitExit(Context context);
  Task<Status> Close(Context context) { return channel_->Close(context); }

 private:
  std::unique_ptr<Channel> channel_;
  PrefixedReader out_, err_;
};

// What starts a script: a command line, and what has to be written to its standard input in front of whatever the script reads
// itself. Exposed for the tests that run it through every shell. In the script, $BORG_ENGINE_SESSION is the process id of the
// account's session (sshd).
struct Bootstrap {
  explicit Bootstrap(std::string_view script);
  std::string command;
  std::string input;
};

// Shell text for scripts that wait for something: the function `nap` sleeps for a tenth of a second and adds 1 to $n; where sleep
// takes whole seconds only, it sleeps for one and adds 10.
inline constexpr std::string_view kNap = "nap() { sleep 0.1 2>/dev/null || { sleep 1; n=$((n + 9)); }; n=$((n + 1)); }\n";

// Starts `script`. Errors: kShellUnusable when the account does not run sh and dd (a forced command, no such programs, a login shell
// that refuses), with what it printed; kChannelRefused; those of a broken connection.
Task<Result<std::unique_ptr<RemoteProcess>>> StartScript(Context context, Connection& connection, std::string script,
                                                         std::uint32_t window);

struct ScriptResult {
  ExitStatus exit;
  std::string out, err;
};

// Runs `script` to its end, without input; of each stream at most `output_limit` bytes are kept. Errors: those of StartScript.
Task<Result<ScriptResult>> RunScript(Context context, Connection& connection, std::string script, std::size_t output_limit);

}  // namespace borgop
