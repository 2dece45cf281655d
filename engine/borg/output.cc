#include "engine/borg/output.h"

#include <optional>
#include <utility>

#include "engine/base/hex.h"
#include "engine/borg/foreign_json.h"
#include "engine/report/printable.h"

namespace borgop {
namespace {

constexpr std::size_t kMaxName = 4096;
constexpr std::size_t kMaxTime = 64;

tl::unexpected<Error> Invalid(std::string_view command, const std::string& what) {
  return Fail(Reason::kBorgOutputInvalid, "borg " + std::string(command) + " printed output that is not understood: " + what);
}

Result<nlohmann::json> ObjectIn(std::string_view command, std::string_view text, std::size_t max_bytes) {
  if (text.size() > max_bytes) return Invalid(command, "it is longer than " + std::to_string(max_bytes) + " bytes");
  std::size_t begin = text.starts_with('{') ? 0 : text.find("\n{");
  if (begin == std::string_view::npos) {
    const bool blank = text.find_first_not_of(" \t\r\n") == std::string_view::npos;
    return Invalid(command, blank ? "it is empty" : "it holds no JSON object: " + Printable(text, 200));
  }
  if (text[begin] == '\n') ++begin;
  std::optional<nlohmann::json> object = ParseForeignObject(text.substr(begin), max_bytes);
  if (!object) return Invalid(command, "the JSON is malformed: " + Printable(text.substr(begin), 200));
  return *std::move(object);
}

std::optional<std::string> IdOf(const nlohmann::json& object) {
  std::optional<std::string> id = TextOf(object, "id");
  if (!id || !IsHex(*id, kSha256Digits)) return std::nullopt;
  return id;
}

std::optional<std::string> ShortTextOf(const nlohmann::json& object, const char* name, std::size_t max_bytes) {
  std::optional<std::string> text = TextOf(object, name);
  if (text && (text->empty() || text->size() > max_bytes)) return std::nullopt;
  return text;
}

}  // namespace

Result<CreateResult> ParseCreate(std::string_view text) {
  const Result<nlohmann::json> object = ObjectIn("create", text, kMaxCreateOutput);
  if (!object) return Fail(object.error());
  const nlohmann::json* archive = Member(*object, "archive");
  const nlohmann::json* repository = Member(*object, "repository");
  if (archive == nullptr || repository == nullptr) return Invalid("create", "archive or repository is missing");
  const nlohmann::json* stats = Member(*archive, "stats");
  if (stats == nullptr) return Invalid("create", "archive.stats is missing");

  auto repository_id = IdOf(*repository);
  auto id = IdOf(*archive);
  if (!repository_id || !id) return Invalid("create", "an id is missing or is not 64 hexadecimal digits");
  auto name = ShortTextOf(*archive, "name", kMaxName);
  auto start = ShortTextOf(*archive, "start", kMaxTime);
  auto end = ShortTextOf(*archive, "end", kMaxTime);
  if (!name || !start || !end) return Invalid("create", "archive.name, start or end is missing or too long");
  const auto original = CountOf(*stats, "original_size");
  const auto compressed = CountOf(*stats, "compressed_size");
  const auto deduplicated = CountOf(*stats, "deduplicated_size");
  const auto nfiles = CountOf(*stats, "nfiles");
  // A small archive can free more than it adds: borg then prints a negative deduplicated_size.
  if (!original || !compressed || !nfiles || Member(*stats, "deduplicated_size") == nullptr ||
      !Member(*stats, "deduplicated_size")->is_number_integer()) {
    return Invalid("create", "a number of archive.stats is missing");
  }
  CreateResult result;
  result.archive = {*std::move(id), *std::move(name), *std::move(start),        *std::move(end),
                    *original,      *compressed,      deduplicated.value_or(0), *nfiles};
  result.repository_id = *std::move(repository_id);
  const nlohmann::json* cache = Member(*object, "cache");
  if (const nlohmann::json* all = cache == nullptr ? nullptr : Member(*cache, "stats")) {
    result.repository_original_size = CountOf(*all, "total_size");
    result.repository_deduplicated_size = CountOf(*all, "unique_csize");
  }
  return result;
}

Result<Listing> ParseList(std::string_view text) {
  if (text.size() > kMaxListOutput)
    return Fail(
        Reason::kBorgOutputInvalid,
        "the repository has more archives than are read: borg lists them in more than " + std::to_string(kMaxListOutput) + " bytes",
        "Look at borg list there, by hand, and delete what nobody wants; where it is not clear who made them, take the append-only "
        "repository back to before.");
  const Result<nlohmann::json> object = ObjectIn("list", text, kMaxListOutput);
  if (!object) return Fail(object.error());
  const nlohmann::json* archives = Member(*object, "archives");
  const nlohmann::json* repository = Member(*object, "repository");
  if (archives == nullptr || !archives->is_array() || repository == nullptr)
    return Invalid("list", "archives or repository is missing");
  Listing listing;
  auto repository_id = IdOf(*repository);
  if (!repository_id) return Invalid("list", "repository.id is missing or is not 64 hexadecimal digits");
  listing.repository_id = *std::move(repository_id);
  if (const nlohmann::json* encryption = Member(*object, "encryption")) {
    listing.encryption = ShortTextOf(*encryption, "mode", kMaxTime).value_or(std::string());
  }
  listing.archives.reserve(archives->size());
  for (const nlohmann::json& entry : *archives) {
    auto id = IdOf(entry);
    auto name = ShortTextOf(entry, "name", kMaxName);
    auto start = ShortTextOf(entry, "start", kMaxTime);
    if (!id || !name || !start) {
      const std::size_t number = listing.archives.size() + listing.unfinished.size() + 1;
      return Invalid("list", "archive number " + std::to_string(number) + " lacks a valid id, name or start");
    }
    // As borg's own list tells them (1.2.4 and 1.4.5, manifest.py).
    const bool unfinished = name->find(".checkpoint") != std::string::npos;
    (unfinished ? listing.unfinished : listing.archives).push_back({*std::move(id), *std::move(name), *std::move(start)});
  }
  return listing;
}

std::vector<const ListedArchive*> Listing::All() const {
  std::vector<const ListedArchive*> all;
  for (const std::vector<ListedArchive>* part : {&archives, &unfinished}) {
    for (const ListedArchive& archive : *part) all.push_back(&archive);
  }
  return all;
}

}  // namespace borgop
