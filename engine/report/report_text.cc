#include "engine/report/printable.h"
#include "engine/report/report.h"
#include "engine/report/sizes.h"

namespace borgop {
namespace {

constexpr std::size_t kShownWarnings = 5;

struct Mark {
  const char* text;
  const char* color;
};

Mark MarkOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kCompleted: return {"ok       ", "\x1b[32m"};
    case Outcome::kCompletedWithWarnings: return {"warnings ", "\x1b[33m"};
    case Outcome::kCancelled: return {"cancelled", "\x1b[33m"};
    case Outcome::kFailed: break;
  }
  return {"FAILED   ", "\x1b[31m"};
}

}  // namespace

std::string ToText(const RunReport& report, bool color) {
  std::string text;
  std::size_t failed = 0;
  for (const TargetReport& target : report.targets) {
    if (target.outcome == Outcome::kFailed) ++failed;
    const Mark mark = MarkOf(target.outcome);
    text += color ? mark.color : "";
    text += mark.text;
    text += color ? "\x1b[0m" : "";
    text += "  " + Printable(target.name, 200);
    text += "  " + HumanDuration(std::chrono::floor<std::chrono::milliseconds>(target.end - target.start)) + "\n";
    if (target.archive) {
      const Archive& archive = *target.archive;
      text += "    archive " + Printable(archive.name, 300) + ": " + std::to_string(archive.nfiles) + " files, " +
              HumanBytes(archive.original_size) + ", " + HumanBytes(archive.deduplicated_size) + " new\n";
    }
    if (target.repository.initialized) text += "    the repository was made by this run\n";
    if (target.pruned != 0) text += "    " + std::to_string(target.pruned) + " archives pruned\n";
    for (std::size_t i = 0; i < target.warnings.size() && i < kShownWarnings; ++i) {
      text += "    warning: " + Printable(target.warnings[i], kMaxMessage) + "\n";
    }
    if (target.warnings.size() > kShownWarnings) {
      text += "    and " + std::to_string(target.warnings.size() - kShownWarnings) + " more warnings\n";
    }
    if (target.error) {
      text += "    " + std::string(target.error->name()) + ": " + Printable(target.error->message, kMaxMessage) + "\n";
      text += "    " + Printable(target.error->what_to_do(), kMaxMessage) + "\n";
      if (!target.error->finding.empty())
        text += "    Once you know, and want to go on with what is there: --acknowledge " + target.error->finding + "\n";
    }
  }
  text += std::to_string(report.targets.size()) + (report.targets.size() == 1 ? " target, " : " targets, ") +
          std::to_string(failed) + " failed, " +
          HumanDuration(std::chrono::floor<std::chrono::milliseconds>(report.end - report.start)) + "\n";
  return text;
}

}  // namespace borgop
