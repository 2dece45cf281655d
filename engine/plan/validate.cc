#include "engine/plan/validate.h"

#include <optional>
#include <utility>

#include "engine/plan/known_hosts.h"
#include "engine/plan/private_key.h"

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

void Unique::Add(const Field& field, const std::string& value) {
  if (value.empty()) return;  // a problem that has been reported
  const auto [first, inserted] = seen_.emplace(value, Place{field.path(), field.line()});
  if (inserted) return;
  field.Problem("is the same as in " + first->second.path + " on line " + std::to_string(first->second.line) + std::string(why_));
}

}  // namespace borgop
