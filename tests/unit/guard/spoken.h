// Messages as borg writes them, and others.
#pragma once

#include <cstdint>
#include <msgpack.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "engine/guard/object_id.h"

namespace borgop::guard {

struct None {};
struct Version {};  // {"client_version": (1, 2, 4)}
struct Binary {
  std::string bytes;
};  // as msgpack of today writes bytes
struct Numbers {
  std::size_t count = 0;
};  // that many
using Spoken = std::variant<None, bool, std::uint64_t, std::int64_t, double, std::string, Binary, Version, Numbers>;
using Named = std::vector<std::pair<std::string, Spoken>>;

class Speech {
 public:
  Speech& Map(std::uint32_t size) { return packer_.pack_map(size), *this; }
  Speech& Array(std::uint32_t size) { return packer_.pack_array(size), *this; }
  Speech& Text(std::string_view text) {
    packer_.pack_str(static_cast<std::uint32_t>(text.size()));
    packer_.pack_str_body(text.data(), static_cast<std::uint32_t>(text.size()));
    return *this;
  }
  Speech& Say(const Spoken& value) {
    std::visit([this](const auto& v) { One(v); }, value);
    return *this;
  }
  std::string bytes() const { return {buffer_.data(), buffer_.size()}; }

 private:
  void One(None /*value*/) { packer_.pack_nil(); }
  void One(const std::string& text) { Text(text); }
  void One(const Binary& binary) {
    packer_.pack_bin(static_cast<std::uint32_t>(binary.bytes.size()));
    packer_.pack_bin_body(binary.bytes.data(), static_cast<std::uint32_t>(binary.bytes.size()));
  }
  void One(Version /*value*/) {
    Map(1).Text("client_version").Array(4);
    for (const int part : {1, 2, 4, -1}) packer_.pack(part);
  }
  void One(Numbers numbers) {
    Array(static_cast<std::uint32_t>(numbers.count));
    for (std::size_t i = 0; i < numbers.count; ++i) packer_.pack(1);
  }
  template <typename T>
  void One(const T& number) {
    packer_.pack(number);
  }

  msgpack::sbuffer buffer_;
  msgpack::packer<msgpack::sbuffer> packer_{buffer_};
};

inline std::string Call(std::uint64_t id, std::string_view method, const Named& arguments) {
  Speech speech;
  speech.Map(3).Text("i").Say(id).Text("m").Text(method).Text("a").Map(static_cast<std::uint32_t>(arguments.size()));
  for (const auto& [name, value] : arguments) speech.Text(name).Say(value);
  return speech.bytes();
}
inline std::string OldCall(std::uint64_t id, std::string_view method, const std::vector<Spoken>& arguments) {
  Speech speech;
  speech.Array(4).Say(std::uint64_t{1}).Say(id).Text(method).Array(static_cast<std::uint32_t>(arguments.size()));
  for (const Spoken& value : arguments) speech.Say(value);
  return speech.bytes();
}
inline std::string Reply(std::uint64_t id, const Spoken& result) {
  return Speech().Map(2).Text("i").Say(id).Text("r").Say(result).bytes();
}
inline std::string ReplyIds(std::uint64_t id, const std::vector<std::string>& ids) {
  Speech speech;
  speech.Map(2).Text("i").Say(id).Text("r").Array(static_cast<std::uint32_t>(ids.size()));
  for (const std::string& object : ids) speech.Text(object);
  return speech.bytes();
}
inline std::string OldReply(std::uint64_t id, const Spoken& exception, const Spoken& result) {
  return Speech().Array(4).Say(std::uint64_t{1}).Say(id).Say(exception).Say(result).bytes();
}
inline std::string ReplyException(std::uint64_t id, const std::string& name) {
  return Speech().Map(3).Text("i").Say(id).Text("exception_class").Text(name).Text("exception_args").Array(0).bytes();
}

inline std::string Id(char filled) { return std::string(32, filled); }
inline std::string ManifestId() { return Id('\0'); }
inline ObjectId Object(char filled) { return *ObjectIdOf(Id(filled)); }

inline const std::string kPath = "/home/backups/web";
inline Named OpenArguments() {
  return {{"path", kPath},     {"create", false},      {"lock_wait", std::uint64_t{600}}, {"lock", true},
          {"exclusive", true}, {"append_only", false}, {"make_parent_dirs", false}};
}
inline Named CommitArguments() {
  return {{"save_space", false}, {"compact", false}, {"threshold", 0.1}, {"cleanup_commits", false}};
}
// `arguments` with one set, or added.
inline Named With(Named arguments, const std::string& name, Spoken value) {
  for (auto& [had, old] : arguments) {
    if (had != name) continue;
    old = std::move(value);
    return arguments;
  }
  arguments.emplace_back(name, std::move(value));
  return arguments;
}
inline Named Without(Named arguments, const std::string& name) {
  std::erase_if(arguments, [&](const auto& argument) { return argument.first == name; });
  return arguments;
}

}  // namespace borgop::guard
