#include "engine/guard/init_steps.h"

namespace borgop::guard {
namespace {

constexpr Value kFalse{.kind = Value::Kind::kBool};

Result<std::optional<InitSteps::Words>> Said(const Request& request) {
  Result<std::string> bytes = EncodeRequest(request);
  if (!bytes) return Fail(bytes.error());
  return InitSteps::Words{*std::move(bytes)};
}

}  // namespace

Result<std::optional<InitSteps::Words>> InitSteps::Instead(const Request& request) {
  if (kind_ == InitKind::kNone) return std::nullopt;
  if (kind_ == InitKind::kFinishes && request.method == "open") {
    Request existing = request;
    for (Argument& argument : existing.arguments)
      if (argument.name == "create") argument.value = kFalse;
    return Said(existing);
  }
  if (request.method == "put" && !committed_) {
    const Result<std::string> put = EncodeRequest(request);
    if (!put) return Fail(put.error());
    const Result<std::string> commit = EncodeRequest({commit_, "commit", {{"compact", kFalse}}});
    if (!commit) return Fail(commit.error());
    committed_ = true;
    return Words{*put + *commit, true};
  }
  if (request.method == "commit" && committed_) return Said({request.id, "rollback", {}});
  return std::nullopt;
}

}  // namespace borgop::guard
