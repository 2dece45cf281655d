#include "engine/borg/check_plan.h"

#include "engine/borg/command.h"
#include "engine/report/printable.h"

namespace borgop {
namespace {

constexpr std::size_t kShownName = 100;

}  // namespace

Status CheckPlan(const Plan& plan) {
  std::string problems;
  for (const Target& target : plan.targets) {
    const auto note = [&](const Status& status) {
      if (status) return;
      if (!problems.empty()) problems += '\n';
      problems += "target \"" + Printable(target.name, kShownName) + "\": " + status.error().message + " (" +
                  std::string(status.error().what_to_do()) + ")";
    };
    note(CheckRepositoryPath(RepositoryPath(plan.server, target.repository)));
    note(CheckArchiveName(target.archive_name));
    for (const std::string& path : target.source.paths) note(CheckSourceText("source path", path));
    for (const std::string& pattern : target.source.excludes) note(CheckSourceText("exclude", pattern));
  }
  if (problems.empty()) return {};
  return Fail(Reason::kInvalidConfig, std::move(problems));
}

}  // namespace borgop
