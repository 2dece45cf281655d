#include "controller/runtime/cache.h"

#include <algorithm>
#include <random>
#include <utility>

namespace borgop::runtime {
namespace {

// Jitter needs no secrecy, only that replicas differ.
double Jitter() {
  thread_local std::mt19937_64 engine{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(engine);
}

}  // namespace

Cache::Cache(kube::Client& client, kube::ResourceType type, kube::Selection selection, std::vector<std::string> namespaces)
    : type_(std::move(type)), namespaces_(std::move(namespaces)) {
  // One that was given twice would be watched twice, and each of its objects counted twice.
  std::ranges::sort(namespaces_);
  namespaces_.erase(std::unique(namespaces_.begin(), namespaces_.end()), namespaces_.end());
  const std::vector<std::string> scopes = namespaces_.empty() ? std::vector<std::string>{""} : namespaces_;
  for (const std::string& ns : scopes) {
    selection.ns = ns;
    reflectors_.push_back(std::make_unique<kube::Reflector>(client, type_, selection, kube::Reflector::Options{},
                                                            kube::Clock::Real(), kube::RealSleep, Jitter));
  }
}

Cache::~Cache() {
  for (std::jthread& thread : threads_) thread.request_stop();
}

void Cache::AddIndex(const std::string& name, const Index& index) {
  for (const auto& reflector : reflectors_) {
    reflector->AddIndex(name, [index](const nlohmann::json& object) {
      const std::string ns = kube::KeyOf(object).ns;
      std::vector<std::string> values = index(object);
      for (std::string& value : values) value = ns + '/' + value;
      return values;
    });
  }
}

void Cache::AddHandler(const kube::Reflector::Handler& handler) {
  for (const auto& reflector : reflectors_) reflector->AddHandler(handler);
}

void Cache::Start() {
  for (const auto& reflector : reflectors_) {
    threads_.emplace_back([&reflector = *reflector](const std::stop_token& stop) { reflector.Run(stop); });
  }
}

const kube::Reflector* Cache::ReflectorOf(const std::string& ns) const {
  if (namespaces_.empty()) return reflectors_.front().get();
  const auto at = std::find(namespaces_.begin(), namespaces_.end(), ns);
  return at == namespaces_.end() ? nullptr : reflectors_[static_cast<std::size_t>(at - namespaces_.begin())].get();
}

kube::Object Cache::Get(const kube::ObjectKey& key) const {
  const kube::Reflector* reflector = ReflectorOf(key.ns);
  return reflector == nullptr ? nullptr : reflector->store().Get(key);
}

std::vector<kube::Object> Cache::Find(const std::string& ns, const std::string& index, const std::string& value) const {
  const kube::Reflector* reflector = ReflectorOf(ns);
  return reflector == nullptr ? std::vector<kube::Object>() : reflector->store().Find(index, ns + '/' + value);
}

std::vector<kube::Object> Cache::All() const {
  std::vector<kube::Object> all;
  for (const auto& reflector : reflectors_) {
    for (kube::Object& object : reflector->store().List()) all.push_back(std::move(object));
  }
  return all;
}

bool Cache::HasSynced() const {
  return std::all_of(reflectors_.begin(), reflectors_.end(), [](const auto& reflector) { return reflector->HasSynced(); });
}

std::optional<std::string> Cache::Problem() const {
  for (std::size_t i = 0; i < reflectors_.size(); ++i) {
    const std::optional<kube::ApiError> error = reflectors_[i]->LastError();
    if (!error) continue;
    return type_.plural + (namespaces_.empty() ? std::string() : " in " + namespaces_[i]) + ": " + kube::Describe(*error);
  }
  return std::nullopt;
}

}  // namespace borgop::runtime
