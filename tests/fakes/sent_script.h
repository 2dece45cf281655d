// What a fake account reads of a script that StartScript (engine/remote/script.h) sends it.
#pragma once

#include <string>

#include "tests/fakes/fake_connection.h"

namespace borgop {

struct SentScript {
  std::string marker;  // to be printed on a line of its own before the script runs
  std::string text;    // the script itself
  bool whole = false;
  std::string MarkerLine() const { return "\n" + marker + "\n"; }
};

// Reads as much as `command` says, and nothing behind it; empty: it says nothing, or less came.
inline Task<std::string> ReadCounted(Context context, FakeStdio& stdio, std::string command) {
  static constexpr std::string_view kCount = "count=";
  const std::size_t at = command.find(kCount);
  if (at == std::string::npos) co_return std::string();
  std::string all(std::stoul(command.substr(at + kCount.size())), '\0');
  std::size_t size = 0;
  while (size < all.size()) {
    const Result<std::size_t> got = co_await stdio.in.Read(context, std::span(all).subspan(size));
    if (!got || *got == 0) co_return std::string();
    size += *got;
  }
  co_return all;
}

inline Task<SentScript> ReadSentScript(Context context, FakeStdio& stdio, std::string command) {
  SentScript sent;
  std::string outer = co_await ReadCounted(context, stdio, std::move(command));
  const std::string all = co_await ReadCounted(context, stdio, std::move(outer));
  static constexpr std::string_view kPrint = "printf '\\n%s\\n' ";
  const std::size_t end = all.find('\n');
  if (!all.starts_with(kPrint) || end == std::string::npos) co_return sent;
  sent.marker = all.substr(kPrint.size(), end - kPrint.size());
  sent.text = all.substr(end + 1);
  sent.whole = true;
  co_return sent;
}

}  // namespace borgop
