#include "bench/controller/audit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>
#include <vector>

#include "engine/base/rfc3339.h"

namespace borgop::bench {
namespace {

using nlohmann::json;

constexpr std::size_t kPiece = 1U << 20U;

bool IsOfLease(const std::string& what) { return what.ends_with(" leases"); }

std::string WhatOf(const json& event) {
  const json object = event.value("objectRef", json::object());
  const std::string subresource = object.value("subresource", "");
  return event.value("verb", "") + ' ' + object.value("resource", "") + (subresource.empty() ? "" : '/' + subresource);
}

}  // namespace

Requests operator-(const Requests& after, const Requests& before) {
  Requests difference;
  for (const auto& [what, count] : after) {
    const auto earlier = before.find(what);
    if (const int more = count - (earlier == before.end() ? 0 : earlier->second); more != 0) difference[what] = more;
  }
  return difference;
}

RequestSums SumsOf(const Requests& requests) {
  RequestSums sums;
  for (const auto& [what, count] : requests) {
    int& sum = IsOfLease(what)              ? sums.leases
               : what.starts_with("get ")   ? sums.gets
               : what.starts_with("list ")  ? sums.lists
               : what.starts_with("watch ") ? sums.watches
                                            : sums.writes;
    sum += count;
  }
  return sums;
}

Audit::Audit(std::filesystem::path log, std::string user)
    : path_(std::move(log)), account_("\"user\":{\"username\":\"" + std::move(user) + '"') {
  Open();
}

void Audit::Open() {
  fd_ = UniqueFd(open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd_.get() < 0) throw std::runtime_error("cannot read " + path_.string());
}

const Requests& Audit::Read() {
  std::vector<char> piece(kPiece);
  for (;;) {
    const ssize_t n = read(fd_.get(), piece.data(), piece.size());
    if (n < 0) throw std::runtime_error("cannot read " + path_.string());
    if (n == 0) {
      struct stat opened {
      }, named{};
      if (fstat(fd_.get(), &opened) != 0 || stat(path_.c_str(), &named) != 0 || opened.st_ino == named.st_ino) return requests_;
      // The API server has begun a new one, so this one is whole.
      Open();
      continue;
    }
    pending_.append(piece.data(), static_cast<std::size_t>(n));
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = pending_.find('\n', begin)) != std::string::npos; begin = end + 1)
      Take(pending_.substr(begin, end - begin));
    pending_.erase(0, begin);
  }
}

void Audit::Take(const std::string& line) {
  if (line.find(account_) == std::string::npos) return;
  const json event = json::parse(line);
  const std::string what = WhatOf(event);
  const bool watch = what.starts_with("watch ");
  const std::string stage = event.value("stage", "");
  if (stage != (watch ? "ResponseStarted" : "ResponseComplete")) return;
  ++requests_[what];
  if (watch || IsOfLease(what)) return;
  if (const auto time = ParseRfc3339(event.value("stageTimestamp", "")))
    last_request_ = last_request_ ? std::max(*last_request_, *time) : *time;
}

}  // namespace borgop::bench
