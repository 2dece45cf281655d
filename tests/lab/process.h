// A child process of a test: its output can be read at any time, and it never outlives the test.
//
// stdout and stderr go to anonymous memory files, so that a child never blocks on a test that does not read. Without
// `keep_stdin_open`, stdin is such a file as well, holding `input`.
//
// Threading: one thread. Ownership: the destructor kills the child (and what it started in its process group) and reaps it; should the
// test itself be killed, the kernel kills the child. Errors: std::system_error where the kernel refuses.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/unique_fd.h"

namespace borgop::lab {

struct Command {
  std::vector<std::string> argv;
  std::string input = {};
  std::vector<std::pair<std::string, std::string>> env = {};  // added to, or replacing, the test's own
  bool keep_stdin_open = false;                               // stdin is a pipe: WriteInput, CloseInput
};

struct Ended {
  int exit_code = -1;  // -1: ended by `signal`
  int signal = 0;
  std::string out = {}, err = {};
  bool ok() const { return exit_code == 0; }
};

class Process {
 public:
  explicit Process(const Command& command);
  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  pid_t pid() const { return pid_; }
  bool Running();
  // What has been written so far.
  std::string Out() const;
  std::string Err() const;
  void Signal(int signal) const;
  // A pause for as long as the child runs and `done` does not hold; false if `timeout` passed first or the child ended without it.
  template <typename Condition>
  bool WaitUntil(Condition done, std::chrono::milliseconds timeout) {
    const auto end = std::chrono::steady_clock::now() + timeout;
    while (!done()) {
      if (!Running() || std::chrono::steady_clock::now() > end) return done();
      Pause(std::chrono::milliseconds(10));
    }
    return true;
  }
  bool WaitForErr(std::string_view text, std::chrono::milliseconds timeout) {
    return WaitUntil([&] { return Err().find(text) != std::string::npos; }, timeout);
  }
  // Nothing if it still runs after `timeout`.
  std::optional<Ended> Wait(std::chrono::milliseconds timeout);
  void WriteInput(std::string_view bytes) const;
  void CloseInput() { input_.reset(); }

 private:
  void Pause(std::chrono::milliseconds timeout) const;
  void Reap(bool block);

  pid_t pid_ = -1;
  UniqueFd pidfd_, out_, err_, input_;
  std::optional<int> status_;
};

// What a file holds, as far as it can be read: files of a process below /proc cannot once it has ended.
std::string ReadReadable(const std::filesystem::path& path);

// Runs it to its end, killed after `timeout` (then `signal` is SIGKILL).
Ended RunToEnd(const Command& command, std::chrono::milliseconds timeout = std::chrono::seconds(60));

}  // namespace borgop::lab
