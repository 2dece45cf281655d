#include "controller/api/borg_backup_target.h"
#include "controller/api/borg_server.h"
#include "controller/api/server_status.h"
#include "controller/api/target_status.h"
#include "controller/kube/bounded_json.h"
#include "controller/kube/lease.h"
#include "controller/reconcile/carried_state.h"
#include "controller/reconcile/run_result.h"
#include "tests/fuzz/fuzzer.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace borgop;  // NOLINT(google-build-using-namespace)
  const std::string_view text = fuzz::Text(data, size);
  static_cast<void>(controller::ReadProgress(text, "job"));
  const std::optional<nlohmann::json> object = kube::ParseBoundedJson(text);
  if (!object) return 0;
  static_cast<void>(api::ReadTarget(*object));
  static_cast<void>(api::ReadServer(*object));
  static_cast<void>(api::ReadStatus(*object));
  static_cast<void>(api::ReadServerStatus(*object));
  static_cast<void>(api::ReadMeta(*object));
  static_cast<void>(kube::ReadLease(*object));
  static_cast<void>(controller::ReadCarriedState(*object));
  return 0;
}
