// A machine in memory on which a keeper runs, and beside it whatever other scripts are started.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "tests/fakes/sent_script.h"

namespace borgop {

class FakeKeeper {
 public:
  // `answer` is what the keeper's script prints.
  explicit FakeKeeper(std::string answer) : answer_(std::move(answer)) {}

  FakeProgram Program() {
    return [this](Context context, FakeStdio& stdio, std::string command) { return Run(context, stdio, std::move(command)); };
  }

  std::string heard;                   // by the keeper
  bool obeys = true;                   // it ends when told so
  std::string last_words = "ended\n";  // when it is told to end
  std::vector<std::string> scripts;    // the others, which echo their input until it ends

 private:
  Task<ExitStatus> Run(Context context, FakeStdio& stdio, std::string command) {
    const SentScript sent = co_await ReadSentScript(context, stdio, command);
    const bool keeper = sent.text.starts_with("borg=");
    co_await stdio.out.Write(context, sent.MarkerLine());
    if (keeper) co_await stdio.out.Write(context, answer_);
    if (!keeper) scripts.push_back(sent.text);
    std::array<char, 256> buffer{};
    while (true) {
      const Result<std::size_t> got = co_await stdio.in.Read(context, buffer);
      if (!got || *got == 0) co_return ExitStatus{};
      if (!keeper) {
        co_await stdio.out.Write(context, std::span(buffer).first(*got));
        continue;
      }
      heard.append(buffer.data(), *got);
      if (obeys && heard.ends_with("e\n")) co_await stdio.out.Write(context, last_words);
    }
  }

  std::string answer_;
};

}  // namespace borgop
