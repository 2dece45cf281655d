#include "engine/loop/stream.h"

#include <algorithm>
#include <vector>

namespace borgop {
namespace {
// One SSH packet carries 32 KiB; a few of them a call is where larger buffers stop helping.
constexpr std::size_t kCopyBuffer = std::size_t{128} * 1024;
}  // namespace

Task<Status> Copy(Context context, Reader& from, Writer& to, std::uint64_t* moved) {
  std::vector<char> buffer(kCopyBuffer);
  while (true) {
    const Result<std::size_t> got = co_await from.Read(context, buffer);
    if (!got) co_return Fail(got.error());
    if (*got == 0) co_return Status{};
    const Status written = co_await to.Write(context, std::span<const char>(buffer.data(), *got));
    if (!written) co_return written;
    if (moved != nullptr) *moved += *got;
  }
}

Task<Result<std::string>> ReadAll(Context context, Reader& from, std::size_t limit) {
  std::string all;
  std::vector<char> buffer(std::size_t{16} * 1024);
  while (true) {
    const Result<std::size_t> got = co_await from.Read(context, buffer);
    if (!got) co_return Fail(got.error());
    if (*got == 0) co_return all;
    all.append(buffer.data(), std::min(*got, limit - std::min(limit, all.size())));
  }
}

}  // namespace borgop
