#include "engine/restore/file_hash.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "engine/base/hex.h"
#include "engine/base/unique_fd.h"
#include "engine/report/printable.h"

namespace borgop {

Task<Result<std::string>> Sha256OfFile(Context context, std::string path) {
  const auto cannot = [&path](const char* why) {
    return Fail(Reason::kVerifyFailed, "cannot read back " + Printable(path, 300) + ": " + why);
  };
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file) co_return cannot(std::strerror(errno));
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  if (digest == nullptr || EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr) != 1) co_return cannot("no SHA-256");
  std::vector<char> buffer(std::size_t{256} * 1024);
  while (true) {
    const ssize_t got = read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) co_return cannot(std::strerror(errno));
    if (got == 0) break;
    EVP_DigestUpdate(digest.get(), buffer.data(), static_cast<std::size_t>(got));
    co_await context.loop->GiveWay();
    if (const Wake wake = context.Interrupted(); wake != Wake::kNotified)
      co_return Fail(InterruptedError(wake, "files were compared"));
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned int size = 0;
  EVP_DigestFinal_ex(digest.get(), bytes.data(), &size);
  co_return Hex(std::span(bytes).first(size));
}

}  // namespace borgop
