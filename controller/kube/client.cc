#include "controller/kube/client.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "controller/kube/bounded_json.h"

namespace borgop::kube {
namespace {

using Code = ApiError::Code;

constexpr std::size_t kMaxItems = 200'000;
// Beyond the server's own limit for a watch: then it, or the way to it, is gone.
constexpr std::chrono::seconds kWatchGrace{30};

class Query {
 public:
  explicit Query(std::string path) : target_(std::move(path)) {}
  Query& Add(std::string_view name, std::string_view value) {
    if (value.empty()) return *this;
    target_ += first_ ? '?' : '&';
    first_ = false;
    target_ += std::string(name) + "=" + PercentEncode(value);
    return *this;
  }
  std::string Take() { return std::move(target_); }

 private:
  std::string target_;
  bool first_ = true;
};

Query Select(const ResourceType& type, const Selection& selection) {
  Query query(CollectionPath(type, selection.ns));
  query.Add("labelSelector", selection.label_selector).Add("fieldSelector", selection.field_selector);
  return query;
}

std::string Dump(const nlohmann::json& object) { return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); }

const char* Accept(bool metadata_only, bool list) {
  if (!metadata_only) return "application/json";
  return list ? "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
              : "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
}

const char* Name(Propagation propagation) {
  switch (propagation) {
    case Propagation::kBackground: return "Background";
    case Propagation::kForeground: return "Foreground";
    case Propagation::kOrphan: return "Orphan";
  }
  return "Background";
}

bool IsWorthRepeating(Code code, bool repeatable) {
  switch (code) {
    case Code::kThrottled: return true;  // refused before anything was done
    case Code::kServerError:
    case Code::kTimeout:
    case Code::kUnreachable: return repeatable;
    default: return false;
  }
}

}  // namespace

Client::Client(HttpClient& http, Options options, Clock& clock, Sleep sleep)
    : http_(http), options_(std::move(options)), clock_(clock), sleep_(std::move(sleep)), bucket_(options_.rate, options_.burst) {}

Status Client::WaitForTurn(const std::stop_token& stop) {
  MonotonicTime::duration wait{};
  {
    const std::lock_guard lock(mutex_);
    wait = bucket_.Take(clock_.Now());
  }
  if (stop.stop_requested() || (wait > MonotonicTime::duration::zero() && !sleep_(wait, stop)))
    return Fail(Code::kCancelled, "stopped");
  return {};
}

Result<HttpResponse> Client::SendOnce(const HttpRequest& request, const std::stop_token& stop) {
  if (const Status turn = WaitForTurn(stop); !turn) return Fail(turn.error());
  Result<HttpResponse> response = http_.Send(request, stop);
  if (!response || (response->status >= 200 && response->status < 300)) return response;
  return Fail(ErrorFromAnswer(response->status, response->body, response->retry_after));
}

Result<HttpResponse> Client::Send(HttpRequest request, bool repeatable, const std::stop_token& stop) {
  request.timeout = options_.timeout;
  std::chrono::milliseconds backoff = options_.first_wait;
  for (int attempt = 1;; ++attempt) {
    Result<HttpResponse> response = SendOnce(request, stop);
    if (response) return response;
    ApiError& error = response.error();
    const std::chrono::milliseconds wait = error.retry_after ? *error.retry_after : backoff;
    if (attempt >= options_.attempts || !IsWorthRepeating(error.code, repeatable) || wait > options_.max_wait)
      return Fail(std::move(error));
    if (!sleep_(wait, stop)) return Fail(Code::kCancelled, "stopped");
    backoff *= 2;
  }
}

Result<nlohmann::json> Client::SendForObject(HttpRequest request, bool repeatable, const std::stop_token& stop,
                                             const std::vector<FieldPath>& without) {
  const Result<HttpResponse> response = Send(std::move(request), repeatable, stop);
  if (!response) return Fail(response.error());
  std::optional<nlohmann::json> object = ParseApiObject(response->body, without);
  if (!object || !object->is_object()) return Fail(Code::kProtocol, "an answer is no JSON object");
  return *std::move(object);
}

Result<nlohmann::json> Client::Change(const char* method, std::string target, const char* content_type, const nlohmann::json& body,
                                      bool repeatable, const std::stop_token& stop) {
  HttpRequest request;
  request.method = method;
  request.target = std::move(target);
  request.content_type = content_type;
  request.body = Dump(body);
  request.may_be_sent = options_.may_change;
  return SendForObject(std::move(request), repeatable, stop);
}

Result<nlohmann::json> Client::Get(const ResourceType& type, const ObjectKey& key, std::stop_token stop) {
  HttpRequest request;
  request.target = ObjectPath(type, key);
  return SendForObject(std::move(request), true, stop);
}

Result<ObjectList> Client::List(const ResourceType& type, const Selection& selection, std::stop_token stop) {
  Result<ObjectList> list = ListOnce(type, selection, stop);
  if (!list && list.error().code == Code::kGone) list = ListOnce(type, selection, stop);
  return list;
}

Result<ObjectList> Client::ListOnce(const ResourceType& type, const Selection& selection, const std::stop_token& stop) {
  ObjectList list;
  std::string next;
  std::int64_t limit = options_.page_size;
  while (true) {
    HttpRequest request;
    request.target = Select(type, selection).Add("limit", std::to_string(limit)).Add("continue", next).Take();
    request.accept = Accept(selection.metadata_only, true);
    Result<nlohmann::json> page = SendForObject(std::move(request), true, stop, selection.without);
    if (!page && page.error().code == Code::kTooLarge && limit > 1) {
      limit /= 2;  // a few large objects must not keep all others from being seen
      continue;
    }
    if (!page) return Fail(page.error());
    const auto items = page->find("items");
    // An empty list may be written as null.
    if (items == page->end() || !(items->is_array() || items->is_null())) return Fail(Code::kProtocol, "a list has no items");
    list.resource_version = ResourceVersionOf(*page);
    if (list.resource_version.empty()) return Fail(Code::kProtocol, "a list has no resourceVersion");
    if (items->is_array()) {
      if (list.items.size() + items->size() > kMaxItems) return Fail(Code::kProtocol, "a list is too long");
      std::move(items->begin(), items->end(), std::back_inserter(list.items));
    }
    std::string following = TextAt(*page, {"metadata", "continue"});
    if (!following.empty() && following == next) return Fail(Code::kProtocol, "a list never ends");
    if (following.empty()) return list;
    next = std::move(following);
  }
}

Result<nlohmann::json> Client::Create(const ResourceType& type, const nlohmann::json& object, std::stop_token stop) {
  Query query(CollectionPath(type, KeyOf(object).ns));
  // Else a misspelt field is left out with a warning; server-side apply refuses it by itself (KEP-2885).
  query.Add("fieldManager", options_.field_manager).Add("fieldValidation", "Strict");
  // Not repeated after a broken connection: with generateName it would make a second object.
  return Change("POST", query.Take(), "application/json", object, false, stop);
}

Result<nlohmann::json> Client::Update(const ResourceType& type, const nlohmann::json& object, std::stop_token stop) {
  // An update that was done although its answer was lost would be a conflict when repeated.
  return Change("PUT", Query(ObjectPath(type, KeyOf(object))).Add("fieldManager", options_.field_manager).Take(),
                "application/json", object, false, stop);
}

Result<nlohmann::json> Client::Apply(const ResourceType& type, const nlohmann::json& object, std::stop_token stop,
                                     Conflicts conflicts) {
  const char* force = conflicts == Conflicts::kTakeOver ? "true" : "";
  return Change("PATCH",
                Query(ObjectPath(type, KeyOf(object))).Add("fieldManager", options_.field_manager).Add("force", force).Take(),
                "application/apply-patch+yaml", object, true, stop);
}

Result<nlohmann::json> Client::ApplyStatus(const ResourceType& type, const nlohmann::json& object, std::stop_token stop) {
  return Change(
      "PATCH",
      Query(ObjectPath(type, KeyOf(object), "status")).Add("fieldManager", options_.field_manager).Add("force", "true").Take(),
      "application/apply-patch+yaml", object, true, stop);
}

Result<nlohmann::json> Client::MergePatch(const ResourceType& type, const ObjectKey& key, const nlohmann::json& patch,
                                          std::stop_token stop) {
  // With a precondition, a repetition of what was done already would be a conflict.
  const bool conditional = Find(patch, {"metadata", "resourceVersion"}) != nullptr;
  return Change("PATCH", Query(ObjectPath(type, key)).Add("fieldManager", options_.field_manager).Take(),
                "application/merge-patch+json", patch, !conditional, stop);
}

Result<nlohmann::json> Client::JsonPatch(const ResourceType& type, const ObjectKey& key, const nlohmann::json& patch,
                                         std::stop_token stop) {
  return Change("PATCH", Query(ObjectPath(type, key)).Add("fieldManager", options_.field_manager).Take(),
                "application/json-patch+json", patch, false, stop);
}

Status Client::Delete(const ResourceType& type, const ObjectKey& key, const DeleteOptions& options, std::stop_token stop) {
  nlohmann::json body = {{"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"propagationPolicy", Name(options.propagation)}};
  if (!options.uid.empty()) body["preconditions"]["uid"] = options.uid;
  if (!options.resource_version.empty()) body["preconditions"]["resourceVersion"] = options.resource_version;
  const Result<nlohmann::json> answer = Change("DELETE", ObjectPath(type, key), "application/json", body, true, stop);
  if (!answer) return Fail(answer.error());
  return {};
}

Result<std::string> Client::PodLog(const ObjectKey& pod, const LogOptions& options, std::stop_token stop) {
  HttpRequest request;
  request.target = Query(ObjectPath(Pods(), pod, "log"))
                       .Add("container", options.container)
                       .Add("tailLines", options.tail_lines > 0 ? std::to_string(options.tail_lines) : "")
                       .Add("limitBytes", std::to_string(options.limit_bytes))
                       .Add("previous", options.previous ? "true" : "")
                       .Take();
  request.accept = "*/*";
  if (options.only_within) request.timeout = *options.only_within;
  Result<HttpResponse> response = options.only_within ? SendOnce(request, stop) : Send(std::move(request), true, stop);
  if (!response) return Fail(response.error());
  return std::move(response->body);
}

Status Client::Watch(const ResourceType& type, const Selection& selection, const std::string& resource_version,
                     const std::function<bool(WatchEvent)>& on_event, std::stop_token stop) {
  if (Status turn = WaitForTurn(stop); !turn) return turn;
  HttpRequest request;
  request.target = Select(type, selection)
                       .Add("watch", "true")
                       .Add("allowWatchBookmarks", "true")
                       .Add("resourceVersion", resource_version)
                       .Add("timeoutSeconds", std::to_string(options_.watch_timeout.count()))
                       .Take();
  request.accept = Accept(selection.metadata_only, false);
  request.timeout = options_.watch_timeout + kWatchGrace;
  WatchDecoder decoder(selection.without);
  Status decoded;
  bool wanted = true;
  const auto on_bytes = [&](std::string_view bytes) {
    std::vector<WatchEvent> events;
    decoded = decoder.Feed(bytes, events);
    for (WatchEvent& event : events) {
      wanted = on_event(std::move(event));
      if (!wanted) return false;
    }
    return decoded.has_value();
  };
  Status ended = http_.Stream(request, on_bytes, stop);
  if (!wanted) return {};
  if (!decoded) return decoded;
  if (ended && !decoder.AtBoundary()) return Fail(Code::kProtocol, "a watch ended within an event");
  return ended;
}

}  // namespace borgop::kube
