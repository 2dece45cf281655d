#include "tests/api/admin_client.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "controller/kube/cluster_config.h"
#include "controller/kube/cpprest_http.h"

namespace borgop::api_tests {
namespace {

using Code = kube::ApiError::Code;

[[noreturn]] void Throw(const std::string& what, const kube::ApiError& error) {
  throw std::runtime_error(what + ": " + kube::Describe(error));
}

std::pair<std::string, std::string> Age(const Json& object) {
  return {object.at("metadata").value("creationTimestamp", ""), object.at("metadata").value("name", "")};
}

}  // namespace

std::unique_ptr<kube::HttpClient> ConnectAsAdmin(const ControlPlane& plane) {
  auto config = kube::KubeconfigConfig({plane.kubeconfig().string()}, "admin-token", kube::Clock::Real());
  if (!config) Throw("the administrator's kubeconfig", config.error());
  auto http = kube::CpprestHttp::Make(std::move(*config));
  if (!http) Throw("the API server", http.error());
  return std::move(*http);
}

kube::Client::Options UnlimitedClient() {
  kube::Client::Options options;
  options.rate = options.burst = 10'000;
  options.field_manager = "test";
  return options;
}

AdminClient::AdminClient(const ControlPlane& plane) : http_(ConnectAsAdmin(plane)), client_(*http_, UnlimitedClient()) {}
AdminClient::~AdminClient() = default;

AdminClient& AdminClient::Shared() {
  static AdminClient shared(ControlPlane::Shared());
  return shared;
}

Json AdminClient::Get(const kube::ResourceType& type, const kube::ObjectKey& key) {
  auto object = client_.Get(type, key);
  if (object) return std::move(*object);
  if (object.error().code == Code::kNotFound) return {};
  Throw("get " + type.kind + ' ' + key.ToString(), object.error());
}

std::vector<Json> AdminClient::List(const kube::ResourceType& type, const std::string& ns, const std::string& labels) {
  kube::Selection selection;
  selection.ns = ns;
  selection.label_selector = labels;
  auto list = client_.List(type, selection);
  if (!list) Throw("list " + type.plural, list.error());
  std::sort(list->items.begin(), list->items.end(), [](const Json& a, const Json& b) { return Age(a) < Age(b); });
  return std::move(list->items);
}

Json AdminClient::Create(const kube::ResourceType& type, const Json& object) {
  auto made = client_.Create(type, object);
  if (!made) Throw("create " + type.kind, made.error());
  return std::move(*made);
}

void AdminClient::CreateBelow(const kube::ResourceType& type, const kube::ObjectKey& key, const std::string& subresource,
                              const Json& object) {
  kube::HttpRequest request;
  request.method = "POST";
  request.target = kube::ObjectPath(type, key, subresource);
  request.content_type = "application/json";
  request.body = object.dump();
  Send(std::move(request), "create " + subresource + " of " + type.kind + ' ' + key.ToString());
}

void AdminClient::Patch(const kube::ResourceType& type, const kube::ObjectKey& key, const Json& patch,
                        const std::string& subresource) {
  kube::HttpRequest request;
  request.method = "PATCH";
  request.target = kube::ObjectPath(type, key, subresource);
  request.content_type = "application/merge-patch+json";
  request.body = patch.dump();
  Send(std::move(request), "patch " + type.kind + ' ' + key.ToString());
}

void AdminClient::Send(kube::HttpRequest request, const std::string& what) {
  const auto response = http_->Send(request, {});
  if (!response) Throw(what, response.error());
  if (response->status / 100 != 2) throw std::runtime_error(what + ": " + response->body);
}

bool AdminClient::ApplyStatus(const kube::ResourceType& type, const Json& object) {
  kube::HttpRequest request;
  request.method = "PATCH";
  request.target = kube::ObjectPath(type, kube::KeyOf(object), "status") + "?fieldManager=borg-operator&force=true";
  request.content_type = "application/apply-patch+yaml";
  request.body = object.dump();
  const auto response = http_->Send(request, {});
  if (!response) Throw("apply the status of " + type.kind, response.error());
  if (response->status == 409) return false;
  if (response->status / 100 != 2) throw std::runtime_error("apply the status of " + type.kind + ": " + response->body);
  return true;
}

void AdminClient::Delete(const kube::ResourceType& type, const kube::ObjectKey& key) {
  const auto deleted = client_.Delete(type, key, {});
  if (!deleted && deleted.error().code != Code::kNotFound) Throw("delete " + type.kind + ' ' + key.ToString(), deleted.error());
}

}  // namespace borgop::api_tests
