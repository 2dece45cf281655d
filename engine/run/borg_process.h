// A running borg client, wherever it runs: on T through a channel, on C as a child.
//
// Threading: the loop's thread.
#pragma once

#include <memory>

#include "engine/borg/outcome.h"
#include "engine/loop/subprocess.h"
#include "engine/remote/keeper.h"

namespace borgop {

class BorgProcess {
 public:
  virtual ~BorgProcess() = default;
  virtual Writer& in() = 0;
  virtual Reader& out() = 0;
  virtual Reader& err() = 0;
  // How it ended. To be called once out() and err() have been read to their ends.
  virtual Task<Result<Exit>> Wait(Context context) = 0;
  // Asks it to end (SIGTERM): borg then gives its locks back.
  virtual Task<void> Terminate(Context context) = 0;
};

// On T. `name` is what it is registered as with the keeper.
class RemoteBorg final : public BorgProcess {
 public:
  RemoteBorg(std::unique_ptr<RemoteProcess> process, Keeper& keeper, std::string name)
      : process_(std::move(process)), keeper_(keeper), name_(std::move(name)) {}
  Writer& in() override { return process_->in(); }
  Reader& out() override { return process_->out(); }
  Reader& err() override { return process_->err(); }
  Task<Result<Exit>> Wait(Context context) override;
  Task<void> Terminate(Context context) override;

 private:
  std::unique_ptr<RemoteProcess> process_;
  Keeper& keeper_;
  std::string name_;
};

// On C.
class LocalBorg final : public BorgProcess {
 public:
  explicit LocalBorg(std::unique_ptr<Subprocess> process) : process_(std::move(process)) {}
  Writer& in() override { return process_->in(); }
  Reader& out() override { return process_->out(); }
  Reader& err() override { return process_->err(); }
  Task<Result<Exit>> Wait(Context context) override;
  Task<void> Terminate(Context context) override;

 private:
  std::unique_ptr<Subprocess> process_;
};

}  // namespace borgop
