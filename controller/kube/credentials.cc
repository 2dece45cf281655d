#include "controller/kube/credentials.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "engine/base/unique_fd.h"

namespace borgop::kube {
namespace {

constexpr std::size_t kMaxFile = std::size_t{1} << 20;

std::string_view TrimmedToken(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

}  // namespace

Result<Secret> ReadSecretFile(const std::string& path) {
  const auto fail = [&] { return Fail(ApiError::Code::kConfig, path + ": " + std::strerror(errno)); };
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail();
  std::string bytes(kMaxFile + 1, '\0');  // at once, so that growing leaves no copies behind
  std::size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t count = read(fd.get(), bytes.data() + size, bytes.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const auto failure = fail();
      Wipe(bytes);
      return failure;
    }
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  if (size > kMaxFile) {
    Wipe(bytes);
    return Fail(ApiError::Code::kConfig, path + ": larger than 1 MiB");
  }
  Secret content(std::string_view(bytes).substr(0, size));
  Wipe(bytes);
  return content;
}

TokenFileCredentials::TokenFileCredentials(std::string path, Clock& clock) : path_(std::move(path)), clock_(clock) {}

Result<std::shared_ptr<const Credential>> TokenFileCredentials::Get(const Patience&) {
  const std::lock_guard lock(mutex_);
  const MonotonicTime now = clock_.Now();
  if (current_ && read_at_ && now - *read_at_ < kReread) return current_;
  const Result<Secret> file = ReadSecretFile(path_);
  const std::string_view token = file ? TrimmedToken(file->Reveal()) : std::string_view();
  if (token.empty()) {
    if (current_) return current_;
    return Fail(file ? ApiError{ApiError::Code::kConfig, 0, {}, path_ + ": holds no token"} : file.error());
  }
  read_at_ = now;
  if (!current_ || current_->token.Reveal() != token)
    current_ = std::make_shared<const Credential>(Credential{Secret(token), {}, {}, std::nullopt});
  return current_;
}

void TokenFileCredentials::Reject(const std::shared_ptr<const Credential>& used) {
  const std::lock_guard lock(mutex_);
  if (used == current_) read_at_.reset();
}

}  // namespace borgop::kube
