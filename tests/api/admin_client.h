// The Kubernetes API for tests, as the control plane's administrator: one connection instead of a kubectl for each question, so that a
// test may ask often.
//
// Threading: one thread. Errors: std::runtime_error with the API's own words. Nothing waits but for an answer.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "controller/kube/client.h"
#include "tests/api/control_plane.h"

namespace borgop::api_tests {

// For who needs more of the client than AdminClient has.
std::unique_ptr<kube::HttpClient> ConnectAsAdmin(const ControlPlane& plane);
kube::Client::Options UnlimitedClient();

class AdminClient {
 public:
  explicit AdminClient(const ControlPlane& plane);
  ~AdminClient();
  AdminClient(const AdminClient&) = delete;
  AdminClient& operator=(const AdminClient&) = delete;
  // For ControlPlane::Shared().
  static AdminClient& Shared();

  // null: there is none.
  Json Get(const kube::ResourceType& type, const kube::ObjectKey& key);
  // Oldest first; by name where two are of one second.
  std::vector<Json> List(const kube::ResourceType& type, const std::string& ns, const std::string& labels = {});
  Json Create(const kube::ResourceType& type, const Json& object);
  // Such as a Pod's "binding".
  void CreateBelow(const kube::ResourceType& type, const kube::ObjectKey& key, const std::string& subresource, const Json& object);
  // JSON merge patch. `subresource`: "status", or empty.
  void Patch(const kube::ResourceType& type, const kube::ObjectKey& key, const Json& patch, const std::string& subresource = {});
  // The whole status, as the operator writes it: what it does not name, and the operator wrote before, is gone. False: `object` is not the
  // newest.
  bool ApplyStatus(const kube::ResourceType& type, const Json& object);
  void Delete(const kube::ResourceType& type, const kube::ObjectKey& key);

 private:
  void Send(kube::HttpRequest request, const std::string& what);

  std::unique_ptr<kube::HttpClient> http_;
  kube::Client client_;
};

}  // namespace borgop::api_tests
