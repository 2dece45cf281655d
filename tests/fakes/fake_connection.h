// A Connection in memory: what it "runs" are coroutines that the test gives. The conformance suite holds it against the real one.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/ssh/connection.h"
#include "tests/fakes/memory_pipe.h"

namespace borgop {

// A remote program: it reads and writes its streams and returns how it ended.
struct FakeStdio {
  MemoryPipe in{256 * 1024};
  MemoryPipe out;
  MemoryPipe err{256 * 1024};
  explicit FakeStdio(std::size_t window) : out(window) {}
};
// Writes what comes in to `out`, and to `err` too, until the input ends.
Task<void> Repeat(Context context, FakeStdio& stdio, bool to_err);
using FakeProgram = std::function<Task<ExitStatus>(Context, FakeStdio&, std::string)>;

class FakeConnection final : public Connection {
 public:
  // `program` is called for every command.
  FakeConnection(EventLoop& loop, FakeProgram program) : loop_(loop), program_(std::move(program)), stop_(nullptr) {
    Context context;
    context.loop = &loop_;
    group_ = std::make_unique<TaskGroup>(context.WithStop(stop_));
  }

  const std::string& name() const override { return name_; }
  const std::optional<Error>& failure() const override { return failure_; }
  Task<Result<std::unique_ptr<Channel>>> Exec(Context context, std::string command, std::uint32_t window) override;
  void Abort(Error error) override;
  Task<void> Disconnect(Context context) override;
  const std::vector<std::string>& commands() const { return commands_; }

 private:
  friend class FakeChannel;
  struct Process {
    explicit Process(std::size_t window) : stdio(window) {}
    FakeStdio stdio;
    std::optional<ExitStatus> exit;
    WaitQueue ended;
  };

  Task<void> RunProgram(Context context, std::shared_ptr<Process> process, std::string command);

  EventLoop& loop_;
  FakeProgram program_;
  std::string name_ = "the fake machine";
  std::optional<Error> failure_;
  std::vector<std::string> commands_;
  std::vector<std::shared_ptr<Process>> processes_;
  StopSource stop_;
  std::unique_ptr<TaskGroup> group_;
};

}  // namespace borgop
