#include "engine/plan/plan.h"

namespace borgop {

std::string RepositoryPath(const Server& server, const Repository& repository) {
  std::string path = server.root_dir;
  while (!path.empty() && path.back() == '/') path.pop_back();
  return path + '/' + repository.path;
}

}  // namespace borgop
