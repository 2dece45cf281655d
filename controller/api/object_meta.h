// What the operator looks at in metadata of any object.
//
// Thread safety: values and a pure function.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/report/report.h"

namespace borgop::api {

struct ObjectMeta {
  std::string name, ns, uid, resource_version;
  std::int64_t generation = 0;
  std::map<std::string, std::string, std::less<>> labels, annotations;
  std::vector<std::string> finalizers;
  std::optional<WallTime> creation_time, deletion_time;

  bool deleting() const { return deletion_time.has_value(); }
  std::string Annotation(std::string_view key) const;  // empty where there is none
  std::string Label(std::string_view key) const;
};

// Of a whole object. What is missing or of another type is left empty: the API server wrote it.
ObjectMeta ReadMeta(const nlohmann::json& object);

// As metav1.Time: RFC 3339 in UTC, whole seconds.
std::string KubeTime(WallTime time);

}  // namespace borgop::api
