#include "controller/api/borg_server.h"

#include "engine/plan/rules.h"

namespace borgop::api {
namespace {

SshAccount ReadAccount(const Object& object) {
  SshAccount account;
  account.host = object.RequiredText("host", HostProblem);
  account.port = static_cast<std::uint16_t>(object.Integer("port", 1, 65'535).value_or(22));
  account.user = object.RequiredText("user", UserProblem);
  account.ssh_secret = object.RequiredChild("sshSecretRef").RequiredText("name", ObjectNameProblem);
  return account;
}

}  // namespace

std::string ObjectNameProblem(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name.size() > 253) return "is longer than 253 characters";
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  bool label_starts = true;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool label_ends = i + 1 == name.size() || name[i + 1] == '.';
    const bool good =
        alphanumeric(c) || (c == '-' && !label_starts && !label_ends) || (c == '.' && !label_starts && i + 1 < name.size());
    if (!good) return "is no name of an object (lower case letters, digits, '-' and '.' inside)";
    label_starts = c == '.';
  }
  return {};
}

SshEndpointSpec ReadEndpoint(const Object& object) {
  SshEndpointSpec endpoint{ReadAccount(object), std::nullopt};
  if (const Object jump = object.Child("jumpHost"); jump.present()) endpoint.jump_host = ReadAccount(jump);
  return endpoint;
}

Read<BorgServerSpec> ReadServer(const nlohmann::json& object) {
  Problems problems;
  BorgServerSpec server;
  const auto found = object.is_object() ? object.find("spec") : object.end();
  const Object spec(found == object.end() ? nullptr : &*found, "spec", problems);
  if (!spec.present() && problems.empty()) problems.push_back({"spec", "is missing"});
  if (spec.present()) {
    server.connection = ReadEndpoint(spec);
    server.root_dir = spec.RequiredText("rootDir", RootDirProblem);
    server.borg = spec.Text("borg", ProgramProblem).value_or("borg");
    server.max_concurrent_backups = static_cast<int>(spec.Integer("maxConcurrentBackups", 1, 1000).value_or(8));
  }
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  return server;
}

}  // namespace borgop::api
