// BorgServer: B, shared by many targets; and how to log in to a machine, which targets need too.
//
// Thread safety: values and pure functions. Errors: all fields with problems (json_object.h).
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "controller/api/json_object.h"

namespace borgop::api {

struct SshAccount {
  std::string host;
  std::uint16_t port = 22;
  std::string user;
  std::string ssh_secret;  // name of a Secret of the same namespace; its keys are in names.h
};

struct SshEndpointSpec : SshAccount {
  std::optional<SshAccount> jump_host;
};

struct BorgServerSpec {
  SshEndpointSpec connection;
  std::string root_dir;
  std::string borg = "borg";
  int max_concurrent_backups = 8;
};

SshEndpointSpec ReadEndpoint(const Object& object);
// Of a whole object.
Read<BorgServerSpec> ReadServer(const nlohmann::json& object);

// A name of an object, as a reference gives it (RFC 1123 subdomain). Empty: nothing is wrong.
std::string ObjectNameProblem(std::string_view name);

}  // namespace borgop::api
