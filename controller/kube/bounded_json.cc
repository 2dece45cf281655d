#include "controller/kube/bounded_json.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace borgop::kube {
namespace {

using nlohmann::json;

// Builds the document while it is read, and gives up where it nests too deep.
class Builder : public nlohmann::json_sax<json> {
 public:
  Builder(json& document, const std::vector<FieldPath>& without) : document_(document), without_(without) {}

  bool null() override { return Put(nullptr); }
  bool boolean(bool value) override { return Put(value); }
  bool number_integer(number_integer_t value) override { return Put(value); }
  bool number_unsigned(number_unsigned_t value) override { return Put(value); }
  bool number_float(number_float_t value, const string_t&) override { return Put(value); }
  // Copied, as what the parser hands out has room for the longest text so far.
  bool string(string_t& value) override { return Put(json(std::as_const(value))); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return Open(json::object()); }
  bool start_array(std::size_t) override { return Open(json::array()); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool key(string_t& key) override {
    if (dropped_ > 0) return true;
    drop_next_ = IsDropped(key);
    key_ = key;
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

 private:
  struct Level {
    json* at;
    std::string key;  // under which it is; empty in an array
    bool is_root;     // of an object of the API
  };

  // A document is an object, a list of some, or an event with one.
  bool IsRoot() const {
    if (levels_.empty()) return true;
    return levels_.size() == 2 ? levels_[1].key == "items" : levels_.size() == 1 && key_ == "object";
  }
  bool IsDropped(const std::string& key) const {
    return std::ranges::any_of(without_, [&](const FieldPath& path) {
      if (key != path.back() || levels_.size() < path.size()) return false;
      const std::size_t root = levels_.size() - path.size();
      if (!levels_[root].is_root) return false;
      for (std::size_t i = 0; i + 1 < path.size(); ++i) {
        if (levels_[root + 1 + i].key != path[i]) return false;
      }
      return true;
    });
  }

  bool Put(json value) {
    if (dropped_ == 0 && !std::exchange(drop_next_, false)) Add(std::move(value));
    return true;
  }
  bool Open(json container) {
    if (levels_.size() + dropped_ >= kMaxJsonDepth) return false;
    if (dropped_ > 0 || std::exchange(drop_next_, false)) {
      ++dropped_;
      return true;
    }
    const bool is_root = IsRoot();
    std::string key = !levels_.empty() && levels_.back().at->is_object() ? key_ : std::string();
    json* const added = Add(std::move(container));
    levels_.push_back({added, std::move(key), is_root});
    return true;
  }
  bool Close() {
    if (dropped_ > 0) {
      --dropped_;
    } else {
      levels_.pop_back();
    }
    return true;
  }
  json* Add(json value) {
    if (levels_.empty()) {
      document_ = std::move(value);
      return &document_;
    }
    json& parent = *levels_.back().at;
    if (parent.is_array()) return &parent.emplace_back(std::move(value));
    return &(parent[key_] = std::move(value));
  }

  json& document_;
  const std::vector<FieldPath>& without_;
  std::vector<Level> levels_;
  std::string key_;
  std::size_t dropped_ = 0;  // levels below, and with, what is dropped
  bool drop_next_ = false;
};

std::optional<json> Parse(std::string_view text, const std::vector<FieldPath>& without) {
  json document;
  Builder builder(document, without);
  if (!json::sax_parse(text, &builder)) return std::nullopt;
  return document;
}

}  // namespace

std::optional<json> ParseBoundedJson(std::string_view text) { return Parse(text, {}); }
std::optional<json> ParseApiObject(std::string_view text, const std::vector<FieldPath>& without) {
  std::vector<FieldPath> all = without;
  all.push_back({"metadata", "managedFields"});
  return Parse(text, all);
}

const nlohmann::json* Find(const nlohmann::json& object, std::initializer_list<std::string_view> path) {
  const nlohmann::json* at = &object;
  for (const std::string_view key : path) {
    if (!at->is_object()) return nullptr;
    const auto found = at->find(key);
    if (found == at->end()) return nullptr;
    at = &*found;
  }
  return at;
}

std::string TextAt(const nlohmann::json& object, std::initializer_list<std::string_view> path) {
  const nlohmann::json* found = Find(object, path);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

std::string TextAt(const nlohmann::json& object, std::string_view key) { return TextAt(object, {key}); }

}  // namespace borgop::kube
