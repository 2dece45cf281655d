// The Kubernetes API as the operator uses it: JSON documents in and out, over an HttpClient.
//
// Every call keeps to a rate of its own side (Options) and honours 429 and Retry-After, and 5xx, a bounded number of times; a connection
// that broke is tried again only where repeating is harmless (everything but Create). Conflicts are the caller's: read again and decide again.
//
// Thread safety: any thread; calls block and end early by their stop_token.
// Errors: ApiError. Objects of Secrets pass through unread and are not kept.
// Sources: Kubernetes API concepts (chunked lists, watch bookmarks, server-side apply, deletion), PartialObjectMetadata (meta.k8s.io/v1).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "controller/kube/bounded_json.h"
#include "controller/kube/clock.h"
#include "controller/kube/error.h"
#include "controller/kube/http.h"
#include "controller/kube/resource.h"
#include "controller/kube/token_bucket.h"
#include "controller/kube/watch_decoder.h"

namespace borgop::kube {

// Which objects a list or a watch is about.
struct Selection {
  std::string ns{};              // empty: all
  std::string label_selector{};  // as kubectl's -l; empty: all
  std::string field_selector{};
  bool metadata_only = false;        // PartialObjectMetadata: names, labels, owners, no content
  std::vector<FieldPath> without{};  // fields that are dropped as soon as they are read
};

struct ObjectList {
  std::vector<nlohmann::json> items;
  std::string resource_version;
};

enum class Propagation : std::uint8_t { kBackground, kForeground, kOrphan };

// Of server-side apply, over fields that others own: take them over, or be refused (kConflict).
enum class Conflicts : std::uint8_t { kTakeOver, kRefuse };

struct DeleteOptions {
  std::string uid{};  // only this very object; empty: whichever has the name
  std::string resource_version{};
  Propagation propagation = Propagation::kBackground;
};

struct LogOptions {
  std::string container{};
  int tail_lines = 0;  // 0: all
  std::int64_t limit_bytes = 1 << 20;
  bool previous = false;
  // One attempt that takes at most so long; none: as any request.
  std::optional<std::chrono::milliseconds> only_within{};
};

class Client {
 public:
  struct Options {
    double rate = 50;  // requests a second
    double burst = 100;
    std::int64_t page_size = 500;
    int attempts = 4;                           // of one request, 429 and 5xx included
    std::chrono::milliseconds first_wait{250};  // where there is no Retry-After; doubles
    std::chrono::seconds max_wait{30};          // a longer Retry-After is the caller's to wait for
    std::chrono::milliseconds timeout{30'000};  // of one request
    std::chrono::seconds watch_timeout{300};    // after which the server ends a watch
    std::string field_manager = "borg-operator";
    std::function<bool()> may_change{};  // asked right before a change is sent, each time; false: kCancelled
  };
  Client(HttpClient& http, Options options, Clock& clock = Clock::Real(), Sleep sleep = RealSleep);

  Result<nlohmann::json> Get(const ResourceType& type, const ObjectKey& key, std::stop_token stop = {});
  // All pages, which become smaller where one would be too large. A continue token that expired midway (410) begins the list again, once; then the error is returned.
  Result<ObjectList> List(const ResourceType& type, const Selection& selection, std::stop_token stop = {});
  Result<nlohmann::json> Create(const ResourceType& type, const nlohmann::json& object, std::stop_token stop = {});
  // With metadata.resourceVersion as precondition, where the object has one.
  Result<nlohmann::json> Update(const ResourceType& type, const nlohmann::json& object, std::stop_token stop = {});
  // Server-side apply. The object names itself.
  Result<nlohmann::json> Apply(const ResourceType& type, const nlohmann::json& object, std::stop_token stop = {},
                               Conflicts conflicts = Conflicts::kTakeOver);
  // The same for the status, taking over fields that others own.
  Result<nlohmann::json> ApplyStatus(const ResourceType& type, const nlohmann::json& object, std::stop_token stop = {});
  // RFC 7386. With metadata.resourceVersion (or uid) in `patch` as precondition.
  Result<nlohmann::json> MergePatch(const ResourceType& type, const ObjectKey& key, const nlohmann::json& patch,
                                    std::stop_token stop = {});
  // RFC 6902. Preconditions are "test" operations.
  Result<nlohmann::json> JsonPatch(const ResourceType& type, const ObjectKey& key, const nlohmann::json& patch,
                                   std::stop_token stop = {});
  // NotFound is an error here too: the caller says whether that is what it wanted.
  Status Delete(const ResourceType& type, const ObjectKey& key, const DeleteOptions& options, std::stop_token stop = {});
  Result<std::string> PodLog(const ObjectKey& pod, const LogOptions& options, std::stop_token stop = {});
  // Events since `resource_version`, until the server ends the watch. `on_event` false ends it.
  Status Watch(const ResourceType& type, const Selection& selection, const std::string& resource_version,
               const std::function<bool(WatchEvent)>& on_event, std::stop_token stop = {});

 private:
  Result<HttpResponse> Send(HttpRequest request, bool repeatable, const std::stop_token& stop);
  Result<HttpResponse> SendOnce(const HttpRequest& request, const std::stop_token& stop);
  Result<nlohmann::json> SendForObject(HttpRequest request, bool repeatable, const std::stop_token& stop,
                                       const std::vector<FieldPath>& without = {});
  Result<nlohmann::json> Change(const char* method, std::string target, const char* content_type, const nlohmann::json& body,
                                bool repeatable, const std::stop_token& stop);
  Result<ObjectList> ListOnce(const ResourceType& type, const Selection& selection, const std::stop_token& stop);
  Status WaitForTurn(const std::stop_token& stop);

  HttpClient& http_;
  const Options options_;
  Clock& clock_;
  const Sleep sleep_;
  std::mutex mutex_;
  TokenBucket bucket_;
};

}  // namespace borgop::kube
