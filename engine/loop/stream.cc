#include "engine/loop/stream.h"

#include <algorithm>
#include <vector>

namespace borgop {

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
