// What exec(3) and posix_spawn(3) take for arguments and environments.
//
// Thread safety: pure function. Ownership: the pointers go into `strings`, which must stay as they are for as long.
#pragma once

#include <string>
#include <vector>

namespace borgop {

inline std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (std::string& text : strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace borgop
