#include "engine/guard/init_steps.h"

namespace borgop::guard {
namespace {

Value False() {
  Value value;
  value.kind = Value::Kind::kBool;
  return value;
}

}  // namespace

Result<std::optional<std::string>> InitSteps::Instead(const Request& request) {
  Request other = request;
  std::string added;
  if (kind_ == InitKind::kFinishes && request.method == "open") {
    for (Argument& argument : other.arguments)
      if (argument.name == "create") argument.value = False();
  } else if (kind_ != InitKind::kNone && request.method == "put" && !committed_) {
    Request commit{commit_, "commit", {{"compact", False()}}};
    added = *EncodeRequest(commit);
    added_ = commit_;
    committed_ = true;
  } else if (kind_ != InitKind::kNone && request.method == "commit" && committed_) {
    other = {request.id, "rollback", {}};
  } else {
    return std::optional<std::string>();
  }
  Result<std::string> said = EncodeRequest(other);
  if (!said) return Fail(said.error());
  return std::optional<std::string>(*said + added);
}

}  // namespace borgop::guard
