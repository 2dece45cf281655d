#include "controller/api/object_meta.h"

#include "engine/base/rfc3339.h"

namespace borgop::api {
namespace {

using nlohmann::json;

std::string TextOf(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::map<std::string, std::string, std::less<>> TextsOf(const json& object, const char* key) {
  std::map<std::string, std::string, std::less<>> texts;
  const auto found = object.find(key);
  if (found == object.end() || !found->is_object()) return texts;
  for (const auto& [name, value] : found->items()) {
    if (value.is_string()) texts.emplace(name, value.get<std::string>());
  }
  return texts;
}

std::string Get(const std::map<std::string, std::string, std::less<>>& texts, std::string_view key) {
  const auto found = texts.find(key);
  return found == texts.end() ? std::string() : found->second;
}

}  // namespace

std::string ObjectMeta::Annotation(std::string_view key) const { return Get(annotations, key); }
std::string ObjectMeta::Label(std::string_view key) const { return Get(labels, key); }

ObjectMeta ReadMeta(const json& object) {
  ObjectMeta meta;
  if (!object.is_object()) return meta;
  const auto found = object.find("metadata");
  if (found == object.end() || !found->is_object()) return meta;
  meta.name = TextOf(*found, "name");
  meta.ns = TextOf(*found, "namespace");
  meta.uid = TextOf(*found, "uid");
  meta.resource_version = TextOf(*found, "resourceVersion");
  if (const auto generation = found->find("generation"); generation != found->end() && generation->is_number_integer())
    meta.generation = generation->get<std::int64_t>();
  meta.labels = TextsOf(*found, "labels");
  meta.annotations = TextsOf(*found, "annotations");
  if (const auto list = found->find("finalizers"); list != found->end() && list->is_array()) {
    for (const json& item : *list) {
      if (item.is_string()) meta.finalizers.push_back(item.get<std::string>());
    }
  }
  meta.creation_time = ParseRfc3339(TextOf(*found, "creationTimestamp"));
  meta.deletion_time = ParseRfc3339(TextOf(*found, "deletionTimestamp"));
  return meta;
}

std::string KubeTime(WallTime time) { return FormatRfc3339(time, 0); }

}  // namespace borgop::api
