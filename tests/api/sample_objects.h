// Objects of the operator's kinds for tests: right ones, and named tables of what their schemas take and refuse.
//
// Tables are made from the right ones by JSON merge patches (RFC 7386), so that each row shows only what it is about.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace borgop::api_tests {

using Json = nlohmann::json;

// BorgServer "vault" and BorgBackupTarget "web-01" with only what is required.
Json SampleServer(const std::string& ns);
Json SampleTarget(const std::string& ns);

struct GoodObject {
  std::string name;
  Json object;
};
std::vector<GoodObject> GoodObjects(const std::string& ns);

struct BadObject {
  std::string name;
  Json object;
  std::string field, says;  // parts of the API server's answer
};
std::vector<BadObject> BadObjects(const std::string& ns);

// A patch of one of the samples. An empty `says`: it is allowed.
struct Change {
  std::string name;
  std::string kind, object_name;
  Json patch;
  std::string says;
};
std::vector<Change> Changes();

}  // namespace borgop::api_tests
