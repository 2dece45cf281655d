#include "controller/kube/watch_decoder.h"

#include <utility>

#include "controller/kube/bounded_json.h"
#include "controller/kube/resource.h"

namespace borgop::kube {
namespace {

std::optional<WatchEvent::Type> TypeOf(std::string_view name) {
  if (name == "ADDED") return WatchEvent::Type::kAdded;
  if (name == "MODIFIED") return WatchEvent::Type::kModified;
  if (name == "DELETED") return WatchEvent::Type::kDeleted;
  if (name == "BOOKMARK") return WatchEvent::Type::kBookmark;
  return std::nullopt;
}

ApiError ErrorFromEvent(const nlohmann::json& object) {
  const nlohmann::json* code = Find(object, {"code"});
  const int status = code != nullptr && code->is_number_integer() && *code > 0 && *code < 1000 ? code->get<int>() : 500;
  return ErrorFromAnswer(status, object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace

Status WatchDecoder::Feed(std::string_view chunk, std::vector<WatchEvent>& events) {
  while (!failed_ && !chunk.empty()) {
    const std::size_t end = chunk.find('\n');
    const std::string_view part = chunk.substr(0, end);
    if (pending_.size() + part.size() > max_line_) {
      failed_ =
          ApiError{ApiError::Code::kProtocol, 0, {}, "an event of a watch is larger than " + std::to_string(max_line_) + " bytes"};
      break;
    }
    if (end == std::string_view::npos) {
      pending_ += part;
      break;
    }
    chunk.remove_prefix(end + 1);
    Status status;
    if (pending_.empty()) {
      status = Line(part, events);
    } else {
      pending_ += part;
      status = Line(std::exchange(pending_, {}), events);
    }
    if (!status) failed_ = status.error();
  }
  if (failed_) return Fail(*failed_);
  return {};
}

Status WatchDecoder::Line(std::string_view line, std::vector<WatchEvent>& events) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return {};
  std::optional<nlohmann::json> document = ParseApiObject(line, without_);
  if (!document) return Fail(ApiError::Code::kProtocol, "a line of a watch is not JSON, or nests too deep");
  const auto object = document->is_object() ? document->find("object") : document->end();
  if (!document->is_object() || object == document->end() || !object->is_object())
    return Fail(ApiError::Code::kProtocol, "a line of a watch is no event");
  const std::string name = TextAt(*document, "type");
  if (name == "ERROR") return Fail(ErrorFromEvent(*object));
  const std::optional<WatchEvent::Type> type = TypeOf(name);
  if (!type) return Fail(ApiError::Code::kProtocol, "a watch has an event of unknown type");
  if (ResourceVersionOf(*object).empty() || (*type != WatchEvent::Type::kBookmark && KeyOf(*object).name.empty()))
    return Fail(ApiError::Code::kProtocol, "an event of a watch has an object without name or resourceVersion");
  events.push_back({*type, std::move(*object)});
  return {};
}

}  // namespace borgop::kube
