// The ways to back T up through C that are compared: each is one command on C that makes the repository where there is none, backs up,
// and lists the archives.
#pragma once

#include <string>
#include <vector>

#include "tests/lab/lab.h"

namespace borgop::bench {

// What one contender is given in one round: nobody else has the same repository.
struct Place {
  std::string source;      // on T
  std::string root;        // on B, there already
  std::string repository;  // below it, not there yet
  std::string scratch;     // on C, there already, empty before the first backup into a repository
};

struct Contender {
  std::string name;
  std::vector<std::string> ssh_options;  // none: it is the engine
};

std::vector<Contender> AllContenders();

// Throws std::runtime_error where scratch cannot be written to.
lab::Process Start(const Contender& contender, const lab::Lab& lab, const Place& place);

}  // namespace borgop::bench
