#include "tests/fakes/fake_connection.h"

#include <array>
#include <utility>

namespace borgop {

class FakeChannel final : public Channel {
 public:
  FakeChannel(FakeConnection& connection, std::shared_ptr<FakeConnection::Process> process)
      : connection_(connection), process_(std::move(process)) {}
  Reader& out() override { return process_->stdio.out; }
  Reader& err() override { return process_->stdio.err; }
  Writer& in() override { return process_->stdio.in; }
  Task<Result<ExitStatus>> WaitExit(Context context) override {
    while (!process_->exit) {
      if (connection_.failure_) co_return Fail(*connection_.failure_);
      const Wake wake = co_await process_->ended.Wait(context);
      if (wake != Wake::kNotified) co_return Fail(InterruptedError(wake, "waiting for a command to end"));
    }
    co_return *process_->exit;
  }
  Task<Status> Close(Context) override {
    // As sshd does it: the program's pipes close, what it does about that is its own affair.
    process_->stdio.in.Close();
    process_->stdio.out.CloseRead();
    process_->stdio.err.CloseRead();
    co_return Status{};
  }

 private:
  FakeConnection& connection_;
  std::shared_ptr<FakeConnection::Process> process_;
};

Task<void> Repeat(Context context, FakeStdio& stdio, bool to_err) {
  std::array<char, 4096> buffer{};
  while (true) {
    const Result<std::size_t> got = co_await stdio.in.Read(context, buffer);
    if (!got || *got == 0) co_return;
    const Status written = co_await stdio.out.Write(context, std::span(buffer).first(*got));
    if (!written) co_return;
    if (!to_err) continue;
    const Status repeated = co_await stdio.err.Write(context, std::span(buffer).first(*got));
    if (!repeated) co_return;
  }
}

Task<Result<std::unique_ptr<Channel>>> FakeConnection::Exec(Context context, std::string command, std::uint32_t window) {
  if (failure_) co_return Fail(*failure_);
  if (const Wake wake = context.Interrupted(); wake != Wake::kNotified)
    co_return Fail(InterruptedError(wake, "starting a command"));
  commands_.push_back(command);
  auto process = std::make_shared<Process>(window);
  processes_.push_back(process);
  group_->Spawn(RunProgram(group_->context(), process, std::move(command)));
  co_return std::unique_ptr<Channel>(std::make_unique<FakeChannel>(*this, process));
}

Task<void> FakeConnection::RunProgram(Context context, std::shared_ptr<Process> process, std::string command) {
  const ExitStatus exit = co_await program_(context, process->stdio, std::move(command));
  process->exit = exit;
  process->stdio.in.CloseRead();
  process->stdio.out.Close();
  process->stdio.err.Close();
  process->ended.NotifyAll();
}

void FakeConnection::Abort(Error error) {
  if (failure_) return;
  failure_ = std::move(error);
  for (const auto& process : processes_) {
    process->stdio.in.Break(*failure_);
    process->stdio.out.Break(*failure_);
    process->stdio.err.Break(*failure_);
    process->ended.NotifyAll();
  }
}

Task<void> FakeConnection::Disconnect(Context) {
  Abort({Reason::kConnectionLost, "the connection to " + name_ + " has been closed", {}});
  group_->Stop();
  co_await group_->Join();
}

}  // namespace borgop
