#include "engine/guard/held_objects.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <span>
#include <utility>

namespace borgop::guard {
namespace {

constexpr std::size_t kMark = 512;          // numbers between two marks: 4 KiB
constexpr std::size_t kMergeBuffer = 8192;  // of a block that is merged, and of what comes of it

std::uint64_t Fingerprint(const ObjectId& id) {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, id.data(), sizeof bytes);
  return bytes;
}

// A part of a file, read from its beginning to its end.
class Run {
 public:
  Run(const NumberFile& file, std::uint64_t begin, std::uint64_t end) : file_(&file), next_(begin), end_(end) {}

  // Whether there is one more, which is then at().
  Result<bool> Advance() {
    if (++at_ < buffer_.size()) return true;
    if (next_ == end_) return false;
    buffer_.resize(std::min<std::uint64_t>(kMergeBuffer, end_ - next_));
    const Status read = file_->Read(next_, buffer_);
    if (!read) return Fail(read.error());
    next_ += buffer_.size();
    at_ = 0;
    return true;
  }
  std::uint64_t at() const { return buffer_[at_]; }

 private:
  const NumberFile* file_;
  std::uint64_t next_, end_;
  std::vector<std::uint64_t> buffer_;
  std::size_t at_ = 0;
};

}  // namespace

Status HeldObjects::Add(const std::vector<ObjectId>& page) {
  if (page.size() > kPage || page.size() > max_ - size_)
    return Fail(Reason::kBorgOutputInvalid, "borg serve lists more objects than a repository can have here");
  for (const ObjectId& id : page) {
    Status kept = Keep(Fingerprint(id));
    if (!kept) return kept;
  }
  size_ += page.size();
  if (!page.empty()) last_ = page.back();
  if (page.size() == kPage) return {};
  complete_ = true;
  if (file_) {
    Status spilt = Spill();
    return spilt ? Merge() : spilt;
  }
  std::sort(block_.begin(), block_.end());
  return {};
}

Status HeldObjects::Keep(std::uint64_t fingerprint) {
  if (block_.size() == in_memory_) {
    Status spilt = Spill();
    if (!spilt) return spilt;
  }
  // By itself a vector would grow past what is ever in it.
  if (block_.size() == block_.capacity()) block_.reserve(std::min(in_memory_, std::max<std::size_t>(kPage, 2 * block_.size())));
  block_.push_back(fingerprint);
  return {};
}

Status HeldObjects::Spill() {
  if (!file_) {
    Result<NumberFile> made = NumberFile::Make();
    if (!made) return Fail(made.error());
    file_ = std::make_shared<NumberFile>(std::move(*made));
  }
  std::sort(block_.begin(), block_.end());
  Status written = file_->Append(block_);
  block_.clear();
  return written;
}

Status HeldObjects::Merge() {
  block_ = {};
  Result<NumberFile> merged = NumberFile::Make();
  if (!merged) return Fail(merged.error());
  std::vector<Run> runs;
  for (std::uint64_t begin = 0; begin < file_->size(); begin += in_memory_)
    runs.emplace_back(*file_, begin, std::min(begin + in_memory_, file_->size()));
  // The smallest that each run has left, and whose it is.
  std::vector<std::pair<std::uint64_t, Run*>> heads;
  const auto feed = [&](Run& run) -> Status {
    const Result<bool> more = run.Advance();
    if (!more) return Fail(more.error());
    if (*more) {
      heads.emplace_back(run.at(), &run);
      std::push_heap(heads.begin(), heads.end(), std::greater<>());
    }
    return {};
  };
  for (Run& run : runs) {
    Status fed = feed(run);
    if (!fed) return fed;
  }
  std::vector<std::uint64_t> out;
  out.reserve(kMergeBuffer);
  while (!heads.empty()) {
    std::pop_heap(heads.begin(), heads.end(), std::greater<>());
    const auto [number, run] = heads.back();
    heads.pop_back();
    if ((merged->size() + out.size()) % kMark == 0) marks_.push_back(number);
    out.push_back(number);
    Status done = feed(*run);
    if (done && (out.size() == kMergeBuffer || heads.empty())) {
      done = merged->Append(out);
      out.clear();
    }
    if (!done) return done;
  }
  *file_ = std::move(*merged);
  return {};
}

Result<bool> HeldObjects::Holds(const ObjectId& id) const {
  const std::uint64_t fingerprint = Fingerprint(id);
  if (!file_) return std::binary_search(block_.begin(), block_.end(), fingerprint);
  const auto after = std::upper_bound(marks_.begin(), marks_.end(), fingerprint);
  if (after == marks_.begin()) return false;
  const std::uint64_t first = static_cast<std::uint64_t>(after - marks_.begin() - 1) * kMark;
  std::array<std::uint64_t, kMark> numbers{};
  const std::span<std::uint64_t> some = std::span(numbers).first(std::min<std::uint64_t>(kMark, file_->size() - first));
  const Status read = file_->Read(first, some);
  if (!read) return Fail(read.error());
  return std::binary_search(some.begin(), some.end(), fingerprint);
}

}  // namespace borgop::guard
