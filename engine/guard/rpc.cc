#include "engine/guard/rpc.h"

#include <algorithm>
#include <array>
#include <exception>
#include <msgpack.hpp>
#include <span>

#include "engine/guard/message_reader.h"

namespace borgop::guard {
namespace {

// remote.py, compatMap: the order of arguments given by position.
struct Positions {
  std::string_view method;
  std::array<std::string_view, 6> names;  // up to the first empty one
};
constexpr auto kPositions = std::to_array<Positions>({
    {"negotiate", {"client_data"}},
    {"open", {"path", "create", "lock_wait", "lock", "exclusive", "append_only"}},
    {"get", {"id"}},
    {"put", {"id", "data"}},
    {"delete", {"id"}},
    {"commit", {"save_space"}},
    {"commit_nonce_reservation", {"next_unreserved", "start_nonce"}},
});

tl::unexpected<Error> Unknown(const char* what) {
  return Fail(Reason::kBorgOutputInvalid, std::string("a message of borg's protocol has ") + what);
}

// The whole head as one value, whose strings point into it.
Result<msgpack::object_handle> Decode(std::string_view head) {
  try {
    std::size_t offset = 0;
    msgpack::object_handle handle =
        msgpack::unpack(head.data(), head.size(), offset, [](auto, std::size_t, void*) { return true; });
    if (offset == head.size()) return handle;
  } catch (const std::exception&) {  // MessageReader has seen to it that there is no reason for one
  }
  return Unknown("an unreadable value");
}

Value ValueOf(const msgpack::object& object) {
  Value value;
  value.kind = Value::Kind::kOther;
  switch (object.type) {
    case msgpack::type::NIL: value.kind = Value::Kind::kNone; break;
    case msgpack::type::BOOLEAN:
      value.kind = Value::Kind::kBool;
      value.boolean = object.via.boolean;
      break;
    case msgpack::type::POSITIVE_INTEGER:
      value.kind = Value::Kind::kUnsigned;
      value.number = object.via.u64;
      break;
    case msgpack::type::STR:
    case msgpack::type::BIN:
      value.kind = Value::Kind::kBytes;
      value.bytes = object.type == msgpack::type::STR ? std::string_view(object.via.str.ptr, object.via.str.size)
                                                      : std::string_view(object.via.bin.ptr, object.via.bin.size);
      value.size = value.bytes.size();
      break;
    case msgpack::type::EXT:  // MessageReader's mark
      value.kind = Value::Kind::kLongBytes;
      for (std::uint32_t i = 0; i < object.via.ext.size; ++i)
        value.size = value.size << 8U | static_cast<unsigned char>(object.via.ext.data()[i]);
      break;
    case msgpack::type::MAP: value.kind = Value::Kind::kMap; break;
    default: break;
  }
  return value;
}

std::optional<std::string_view> BytesOf(const msgpack::object& object) {
  const Value value = ValueOf(object);
  if (value.kind != Value::Kind::kBytes) return std::nullopt;
  return value.bytes;
}

std::optional<std::uint64_t> NumberOf(const msgpack::object& object) {
  if (object.type != msgpack::type::POSITIVE_INTEGER) return std::nullopt;
  return object.via.u64;
}

std::span<const msgpack::object> Members(const msgpack::object& array) { return {array.via.array.ptr, array.via.array.size}; }
std::span<const msgpack::object_kv> Pairs(const msgpack::object& map) { return {map.via.map.ptr, map.via.map.size}; }

// What stands at `key`; nullptr: nothing, or more than one.
const msgpack::object* At(const msgpack::object& map, std::string_view key) {
  const msgpack::object* found = nullptr;
  for (const msgpack::object_kv& pair : Pairs(map)) {
    if (BytesOf(pair.key) != key) continue;
    if (found != nullptr) return nullptr;
    found = &pair.val;
  }
  return found;
}

Status ReadNamed(const msgpack::object& arguments, Request& request) {
  if (arguments.type != msgpack::type::MAP) return Unknown("arguments without names");
  for (const msgpack::object_kv& pair : Pairs(arguments)) {
    const std::optional<std::string_view> name = BytesOf(pair.key);
    if (!name || name->empty()) return Unknown("an argument without a name");
    if (request.Find(*name) != nullptr) return Unknown("an argument twice");
    request.arguments.push_back({*name, ValueOf(pair.val)});
  }
  return {};
}

Status ReadPositional(const msgpack::object& arguments, Request& request) {
  if (arguments.type != msgpack::type::ARRAY) return Unknown("arguments that are no list");
  for (const msgpack::object& value : Members(arguments)) request.arguments.push_back({{}, ValueOf(value)});
  for (const Positions& row : kPositions) {
    const auto end = std::find(row.names.begin(), row.names.end(), std::string_view());
    if (row.method != request.method || static_cast<std::size_t>(end - row.names.begin()) != request.arguments.size()) continue;
    for (std::size_t i = 0; i < request.arguments.size(); ++i) request.arguments[i].name = row.names.at(i);
  }
  return {};
}

}  // namespace

const Value* Request::Find(std::string_view name) const {
  for (const Argument& argument : arguments)
    if (argument.name == name) return &argument.value;
  return nullptr;
}

Result<Request> DecodeRequest(std::string_view head) {
  const Result<msgpack::object_handle> handle = Decode(head);
  if (!handle) return Fail(handle.error());
  const msgpack::object& message = handle->get();
  const bool named = message.type == msgpack::type::MAP;
  const msgpack::object *id = nullptr, *method = nullptr, *arguments = nullptr;
  if (named && message.via.map.size == 3) {
    id = At(message, "i");
    method = At(message, "m");
    arguments = At(message, "a");
  } else if (message.type == msgpack::type::ARRAY && message.via.array.size == 4) {
    const std::span<const msgpack::object> members = Members(message);
    if (NumberOf(members[0]) == std::uint64_t{1}) {
      id = &members[1];
      method = &members[2];
      arguments = &members[3];
    }
  }
  if (id == nullptr || method == nullptr || arguments == nullptr) return Unknown("another form than a request");
  const std::optional<std::uint64_t> number = NumberOf(*id);
  const std::optional<std::string_view> name = BytesOf(*method);
  if (!number || !name) return Unknown("a request's number or method of another type");
  Request request;
  request.id = *number;
  request.method = *name;
  const Status good = named ? ReadNamed(*arguments, request) : ReadPositional(*arguments, request);
  if (!good) return Fail(good.error());
  return request;
}

Result<Answer> DecodeAnswer(std::string_view head) {
  const Result<msgpack::object_handle> handle = Decode(head);
  if (!handle) return Fail(handle.error());
  const msgpack::object& message = handle->get();
  const msgpack::object *id = nullptr, *exception = nullptr, *result = nullptr;
  if (message.type == msgpack::type::MAP) {
    id = At(message, "i");
    exception = At(message, "exception_class");
    result = At(message, "r");
    // An exception has seven keys (remote.py, serve). One that comes twice could be read in two ways.
    if (message.via.map.size > 16) return Unknown("too many keys");
    for (const msgpack::object_kv& pair : Pairs(message)) {
      const std::optional<std::string_view> key = BytesOf(pair.key);
      if (!key || At(message, *key) == nullptr) return Unknown("a key twice, or none");
    }
    if ((exception == nullptr) == (result == nullptr)) return Unknown("neither a result nor an exception, or both");
  } else if (message.type == msgpack::type::ARRAY && message.via.array.size == 4) {
    const std::span<const msgpack::object> members = Members(message);
    id = &members[1];
    if (members[2].type != msgpack::type::NIL) exception = &members[2];
    result = &members[3];
  }
  const std::optional<std::uint64_t> number = id == nullptr ? std::nullopt : NumberOf(*id);
  if (!number) return Unknown("another form than an answer");
  Answer answer;
  answer.id = *number;
  if (exception == nullptr) {
    answer.result = ValueOf(*result);
  } else {
    answer.exception = BytesOf(*exception);
    if (!answer.exception || answer.exception->empty()) return Unknown("an exception without a name");
  }
  return answer;
}

Result<std::string> DataIn(std::string_view put) {
  const Result<Request> request = DecodeRequest(put);
  if (!request) return Fail(request.error());
  const Value* data = request->Find("data");
  if (data == nullptr || data->kind != Value::Kind::kBytes) return Unknown("an object without its data");
  return std::string(data->bytes);
}

namespace {

// Strings of the old kind: borg takes no other for bytes.
class Packer {
 public:
  void Map(std::uint32_t pairs) { packer_.pack_map(pairs); }
  void Number(std::uint64_t number) { packer_.pack_uint64(number); }
  void Bool(bool value) { value ? packer_.pack_true() : packer_.pack_false(); }
  void None() { packer_.pack_nil(); }
  void Text(std::string_view text) {
    packer_.pack_str(static_cast<std::uint32_t>(text.size()));
    packer_.pack_str_body(text.data(), static_cast<std::uint32_t>(text.size()));
  }
  std::string Packed() const { return {buffer_.data(), buffer_.size()}; }

 private:
  msgpack::sbuffer buffer_;
  msgpack::packer<msgpack::sbuffer> packer_{buffer_};
};

}  // namespace

std::string EncodeAnswer(std::uint64_t id, std::string_view object) {
  Packer packer;
  packer.Map(2);
  packer.Text("i");
  packer.Number(id);
  packer.Text("r");
  packer.Text(object);
  return packer.Packed();
}

Result<std::string> EncodeRequest(const Request& request) {
  Packer packer;
  packer.Map(3);
  packer.Text("i");
  packer.Number(request.id);
  packer.Text("m");
  packer.Text(request.method);
  packer.Text("a");
  packer.Map(static_cast<std::uint32_t>(request.arguments.size()));
  for (const Argument& argument : request.arguments) {
    const Value& value = argument.value;
    packer.Text(argument.name);
    switch (value.kind) {
      case Value::Kind::kNone: packer.None(); break;
      case Value::Kind::kBool: packer.Bool(value.boolean); break;
      case Value::Kind::kUnsigned: packer.Number(value.number); break;
      case Value::Kind::kBytes: packer.Text(value.bytes); break;
      case Value::Kind::kLongBytes:
      case Value::Kind::kMap:
      case Value::Kind::kOther: return Unknown("an argument that cannot be said again");
    }
  }
  return packer.Packed();
}

std::string EncodeList(std::uint64_t id, std::uint64_t limit, const ObjectId* marker) {
  Request list{id, "list", {{"limit", {.kind = Value::Kind::kUnsigned, .number = limit}}}};
  if (marker != nullptr)
    list.arguments.push_back({"marker", {.kind = Value::Kind::kBytes, .bytes = {marker->data(), marker->size()}}});
  return EncodeRequest(list).value();
}

Result<std::vector<ObjectId>> DecodeList(std::string_view head) {
  const Result<msgpack::object_handle> handle = Decode(head);
  if (!handle) return Fail(handle.error());
  const msgpack::object& message = handle->get();
  const msgpack::object* result = message.type == msgpack::type::MAP ? At(message, "r") : nullptr;
  if (result == nullptr || result->type != msgpack::type::ARRAY) return Unknown("no list of the objects that were asked for");
  std::vector<ObjectId> ids;
  ids.reserve(result->via.array.size);
  for (const msgpack::object& member : Members(*result)) {
    const std::optional<std::string_view> bytes = BytesOf(member);
    const std::optional<ObjectId> id = bytes ? ObjectIdOf(*bytes) : std::nullopt;
    if (!id) return Unknown("an object without an id");
    ids.push_back(*id);
  }
  return ids;
}

}  // namespace borgop::guard
