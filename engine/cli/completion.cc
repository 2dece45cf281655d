#include "engine/cli/verbs.h"
namespace borgop::cli {
void AddCompletion(CLI::App&, Action&) {}
}  // namespace borgop::cli
