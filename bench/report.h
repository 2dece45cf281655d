// What a benchmark gives back: a table for people, and JSON with every single round and the machine it ran on.
#pragma once

#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "bench/measured.h"

namespace borgop::bench {

struct Round {
  std::string contender;
  std::string work;  // such as "first backup"
  Measured measured;
  double gib = 0;  // that it carried; 0: too little for a figure per GiB
};

// Markdown: a line for each work and contender, in the order in which they first appear; medians, and least to most in brackets.
void PrintTable(const std::vector<Round>& rounds, std::ostream& out);

// `what`, with the processor, the number of cores, the kernel and the time.
nlohmann::json Heading(const nlohmann::json& what);
// That, and each of `rounds`.
nlohmann::json ToJson(const nlohmann::json& what, const std::vector<Round>& rounds);

}  // namespace borgop::bench
