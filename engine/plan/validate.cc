#include "engine/plan/validate.h"

#include <optional>
#include <utility>

#include "engine/plan/known_hosts.h"
#include "engine/plan/private_key.h"
#include "engine/plan/rules.h"

namespace borgop {

std::string CheckedText(const Field& field, Rule rule, std::string fallback) {
  std::optional<std::string> text = field.Text();
  if (!text) return fallback;
  const std::string problem = rule(*text);
  if (problem.empty()) return *std::move(text);
  field.Problem(problem);
  return fallback;
}

std::string RequiredText(const Field& field, Rule rule, std::string_view what_to_do) {
  return CheckedText(field.Required(what_to_do), rule);
}

std::vector<std::string> CheckedTexts(const Field& list, Rule rule) {
  std::vector<std::string> texts;
  for (const Field& item : list.List()) texts.push_back(CheckedText(item, rule));
  return texts;
}

void CheckLocation(const Field& field, const Server& server, const Repository& repository) {
  // An empty one has been reported.
  if (!server.root_dir.empty() && !repository.path.empty()) field.Problem(LocationProblem(RepositoryPath(server, repository)));
}

void CheckKey(const Field& field, const Secret& key, const Secret& passphrase) {
  if (const Status status = CheckPrivateKey(key, passphrase); !status) field.Problem(status.error().message);
}

bool CheckKnownHostsText(const Field& field, std::string_view known_hosts) {
  const Status status = CheckKnownHosts(known_hosts);
  if (!status) field.Problem(status.error().message);
  return status.has_value();
}

void CheckHostIsPinned(const Field& field, std::string_view known_hosts, const std::string& host, std::uint16_t port) {
  if (const auto keys = KeysFor(known_hosts, host, port); !keys) field.Problem(keys.error().message);
}

std::string Unique::Place::ToString() const { return path + " on line " + std::to_string(line); }

bool Unique::Add(const Field& field, const std::string& value) {
  if (value.empty()) return true;  // a problem that has been reported
  const auto [first, inserted] = seen_.emplace(value, Place{field.path(), field.line()});
  if (!inserted) field.Problem("is the same as in " + first->second.ToString() + std::string(why_));
  return inserted;
}

void RepositoryPaths::Add(const Field& field, const std::string& path) {
  if (!Unique::Add(field, path)) return;
  for (std::size_t end = path.find('/'); end != std::string::npos; end = path.find('/', end + 1)) {
    if (const auto outer = seen().find(path.substr(0, end)); outer != seen().end()) {
      field.Problem("is inside of the repository of " + outer->second.ToString() + " (put them side by side)");
    }
  }
  const std::string below = path + '/';
  if (const auto inner = seen().lower_bound(below); inner != seen().end() && inner->first.starts_with(below)) {
    field.Problem("is around the repository of " + inner->second.ToString() + " (put them side by side)");
  }
}

}  // namespace borgop
