// What a message of borg's RPC says, from the head that MessageReader keeps of it.
//
// Two forms, as borg 1.1 to 1.4 speak them (remote.py): {"i": id, "m": method, "a": {name: value}}, answered by {"i": id, "r": result} or
// {"i": id, "exception_class": ...}; and for the first request, whose sender does not know yet whether borg 1.0 answers, (1, id, method,
// [value, ...]), answered by (1, id, None or an exception's name, result). Strings are of the old kind or binary: borg does not
// tell them apart.
//
// Stricter than borg serve: a request has these keys and no others, each once, so that there is one way to read it.
//
// Values are views of the head: they live until the reader reads on. Threading: pure functions. Errors: Reason::kBorgOutputInvalid.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/guard/object_id.h"

namespace borgop::guard {

struct Value {
  enum class Kind : std::uint8_t { kNone, kBool, kUnsigned, kBytes, kLongBytes, kMap, kOther };
  Kind kind = Kind::kNone;
  bool boolean = false;
  std::uint64_t number = 0;     // of kUnsigned
  std::string_view bytes = {};  // of kBytes
  std::uint64_t size = 0;       // of kBytes and of kLongBytes, whose contents are not here
};

struct Argument {
  std::string_view name;  // empty: by position, and not as borg counts
  Value value;
};

struct Request {
  std::uint64_t id = 0;
  std::string_view method;
  std::vector<Argument> arguments;

  // nullptr: not given.
  const Value* Find(std::string_view name) const;
};

struct Answer {
  std::uint64_t id = 0;
  std::optional<std::string_view> exception;  // its class
  Value result;
};

Result<Request> DecodeRequest(std::string_view head);
Result<Answer> DecodeAnswer(std::string_view head);

// The engine's own request: the next page of the objects that the repository holds (`list`), after `marker`. Asking for what is after an
// unknown marker ends borg serve 1.2.4.
std::string EncodeList(std::uint64_t id, std::uint64_t limit, const ObjectId* marker);
// What it answers: the ids. Errors as above, and where borg serve said an exception.
Result<std::vector<ObjectId>> DecodeList(std::string_view head);

// The same request once more. Errors: where it has an argument that cannot be said again.
Result<std::string> EncodeRequest(const Request& request);

// The data of a whole request that puts an object.
Result<std::string> DataIn(std::string_view put);
// What borg serve answers where it found the object that was asked for.
std::string EncodeAnswer(std::uint64_t id, std::string_view object);

}  // namespace borgop::guard
