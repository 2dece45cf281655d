#include <nlohmann/json.hpp>
#include <set>

#include "engine/base/rfc3339.h"
#include "engine/report/printable.h"
#include "engine/retention/ledger.h"
#include "engine/retention/ledger_changes.h"

namespace borgop {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxDepth = 3;  // the object, its list, an archive
constexpr int kVersion = 1;

tl::unexpected<Error> Invalid(const std::string& what) {
  return Fail(Reason::kLedgerInvalid, "the ledger cannot be read: " + what);
}

// What a parsed JSON value does not show: keys that stand twice in an object, and nesting, which is bounded before anything is built. Not
// by a callback of the parser: with one it looks at the whole list again after each of its objects (nlohmann/json 3.11).
class Strictness : public nlohmann::json_sax<Json> {
 public:
  bool too_deep() const { return too_deep_; }
  bool repeated() const { return repeated_; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return Open(); }
  bool start_array(std::size_t) override { return Open(); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool key(string_t& key) override {
    repeated_ |= !keys_.back().insert(key).second;
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

 private:
  bool Open() {
    too_deep_ = keys_.size() >= kMaxDepth;
    keys_.emplace_back();
    return !too_deep_;
  }
  bool Close() {
    keys_.pop_back();
    return true;
  }

  std::vector<std::set<std::string>> keys_;  // of each object, or list, that is open
  bool too_deep_ = false, repeated_ = false;
};

// One object. The first problem of a whole reading is kept.
class Object {
 public:
  Object(const Json& object, std::string path, std::string& problem) : object_(object), path_(std::move(path)), problem_(problem) {}

  void Problem(const std::string& what) const {
    if (problem_.empty()) problem_ = path_ + what;
  }
  void OnlyHas(std::initializer_list<std::string_view> known) const {
    for (const auto& [key, value] : object_.items()) {
      if (std::find(known.begin(), known.end(), key) == known.end())
        Problem("the key \"" + Printable(key, 100) + "\" is not known");
    }
  }
  const Json* Find(const char* key) const {
    const auto found = object_.find(key);
    return found == object_.end() ? nullptr : &*found;
  }
  const Json* Required(const char* key) const {
    const Json* value = Find(key);
    if (value == nullptr) Problem(std::string(key) + " is missing");
    return value;
  }
  std::string Text(const char* key) const {
    const Json* value = Required(key);
    if (value == nullptr) return {};
    if (value->is_string()) return value->get<std::string>();
    Problem(std::string(key) + " is not a text");
    return {};
  }
  std::string OptionalText(const char* key) const { return Find(key) == nullptr ? std::string() : Text(key); }
  std::optional<std::uint64_t> OptionalNumber(const char* key) const {
    const Json* value = Find(key);
    if (value == nullptr) return std::nullopt;
    if (value->is_number_unsigned()) return value->get<std::uint64_t>();
    Problem(std::string(key) + " is not a whole number from 0");
    return std::nullopt;
  }
  LedgerTime Time(const char* key) const {
    const auto time = ParseRfc3339(Text(key));
    if (!time) Problem(std::string(key) + " is not a time in RFC 3339");
    return std::chrono::floor<std::chrono::milliseconds>(time.value_or(std::chrono::system_clock::time_point()));
  }
  bool Flag(const char* key) const {
    const Json* value = Find(key);
    if (value == nullptr) return false;
    if (value->is_boolean()) return value->get<bool>();
    Problem(std::string(key) + " is neither true nor false");
    return false;
  }

 private:
  const Json& object_;
  std::string path_;
  std::string& problem_;
};

LedgerArchive ReadArchive(const Object& in) {
  in.OnlyHas({"id", "name", "seen", "adopted", "dropped"});
  LedgerArchive archive{in.Text("id"), in.Text("name"), in.Time("seen"), in.Flag("adopted"), std::nullopt};
  if (in.Find("dropped") != nullptr) archive.dropped = in.Time("dropped");
  return archive;
}

std::string TimeText(LedgerTime time) { return FormatRfc3339(time, 3); }

Json ArchiveJson(const LedgerArchive& archive) {
  Json json = {{"id", archive.id}, {"name", archive.name}, {"seen", TimeText(archive.seen)}};
  if (archive.adopted) json["adopted"] = true;
  if (archive.dropped) json["dropped"] = TimeText(*archive.dropped);
  return json;
}

Result<Json> Parse(std::string_view text) {
  if (text.size() > kMaxLedgerBytes) return Invalid("it is longer than " + std::to_string(kMaxLedgerBytes) + " bytes");
  Strictness strictness;
  Json::sax_parse(text, &strictness);
  if (strictness.too_deep()) return Invalid("it is nested too deeply");
  Json root = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) return Invalid("it is no JSON object");
  if (strictness.repeated()) return Invalid("a key stands twice in an object");
  return root;
}

Result<Ledger> ReadLedgerObject(const Json& root, std::initializer_list<std::string_view> keys) {
  std::string problem;
  const Object top(root, "", problem);
  top.OnlyHas(keys);
  if (const Json* version = top.Required("version"); version != nullptr && *version != kVersion)
    top.Problem("version is " + Printable(version->dump(-1, ' ', true, Json::error_handler_t::replace), 100) +
                ", and only 1 is known");
  Ledger ledger;
  ledger.repository_id = top.Text("repositoryID");
  ledger.encryption = top.OptionalText("encryption");
  ledger.nonce = top.OptionalNumber("nonce");
  ledger.key = top.OptionalText("key");
  const Json* archives = top.Required("archives");
  if (archives != nullptr && !archives->is_array()) top.Problem("archives is not a list");
  if (!problem.empty()) return Invalid(problem);
  if (archives->size() > kMaxLedgerArchives) return Invalid("it has more than " + std::to_string(kMaxLedgerArchives) + " archives");
  ledger.archives.reserve(archives->size());
  for (const Json& entry : *archives) {
    const std::string path = "archives[" + std::to_string(ledger.archives.size()) + "]: ";
    if (!entry.is_object()) return Invalid(path + "is not an object");
    ledger.archives.push_back(ReadArchive(Object(entry, path, problem)));
    if (!problem.empty()) return Invalid(problem);
  }
  if (problem = LedgerProblem(ledger); !problem.empty()) return Invalid(problem);
  return ledger;
}

Result<Json> HeadJson(const Ledger& ledger) {
  if (const std::string problem = LedgerProblem(ledger); !problem.empty())
    return Fail(Reason::kLedgerInvalid, "the ledger cannot be written: " + problem);
  Json head = {{"version", kVersion}, {"repositoryID", ledger.repository_id}};
  if (!ledger.encryption.empty()) head["encryption"] = ledger.encryption;
  if (ledger.nonce) head["nonce"] = *ledger.nonce;
  if (!ledger.key.empty()) head["key"] = ledger.key;
  return head;
}

}  // namespace

Result<Ledger> ReadLedger(std::string_view text) {
  const Result<Json> root = Parse(text);
  if (!root) return Fail(root.error());
  return ReadLedgerObject(*root, {"version", "repositoryID", "encryption", "nonce", "key", "archives"});
}

Result<std::string> WriteLedger(const Ledger& ledger) {
  const Result<Json> head = HeadJson(ledger);
  if (!head) return Fail(head.error());
  std::string text = head->dump();
  text.pop_back();
  text += R"(,"archives":[)";
  const char* separator = "\n";
  for (const LedgerArchive& archive : ledger.archives) {
    text += separator + ArchiveJson(archive).dump();
    separator = ",\n";
  }
  return text + "]}\n";
}

Result<LedgerChanges> ReadLedgerChanges(std::string_view text) {
  const Result<Json> root = Parse(text);
  if (!root) return Fail(root.error());
  Result<Ledger> now =
      ReadLedgerObject(*root, {"version", "repositoryID", "encryption", "nonce", "key", "archives", "forgotten", "replaces"});
  if (!now) return Fail(now.error());
  LedgerChanges changes;
  changes.now = *std::move(now);
  std::string problem;
  const Object top(*root, "", problem);
  changes.replaces = top.OptionalText("replaces");
  if (!problem.empty()) return Invalid(problem);
  if (!changes.replaces.empty() && !IsLedgerId(changes.replaces)) return Invalid("replaces is not 64 hexadecimal digits");
  const Json* forgotten = top.Find("forgotten");
  if (forgotten == nullptr) return changes;
  if (!forgotten->is_array()) return Invalid("forgotten is not a list");
  if (forgotten->size() > kMaxLedgerArchives) return Invalid("forgotten has more entries than a ledger");
  for (const Json& id : *forgotten) {
    if (!id.is_string() || !IsLedgerId(id.get_ref<const std::string&>()))
      return Invalid("forgotten has an entry that is not 64 hexadecimal digits");
    changes.forgotten.push_back(id.get<std::string>());
  }
  return changes;
}

Result<std::string> WriteLedgerChanges(const LedgerChanges& changes) {
  Result<Json> json = HeadJson(changes.now);
  if (!json) return Fail(json.error());
  (*json)["archives"] = Json::array();
  for (const LedgerArchive& archive : changes.now.archives) (*json)["archives"].push_back(ArchiveJson(archive));
  if (!changes.forgotten.empty()) (*json)["forgotten"] = changes.forgotten;
  if (!changes.replaces.empty()) (*json)["replaces"] = changes.replaces;
  return json->dump();
}

}  // namespace borgop
