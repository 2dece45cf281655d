// Source paths that hold bytes which are not UTF-8, said in a way that borg can keep (exclude.h).
//
// borg takes such a path from no option but its command line, which it stores. So it is given the nearest directory above instead, and
// patterns, in which such bytes have an ASCII spelling: that directory and those on the way are walked into and not stored, what is
// asked for is, all else there is neither. What a walk would pass over in silence, where borg warns of a path that it is given, a script
// on T says in borg's own form.
//
// Thread safety: pure functions. Source: borg 1.2.4 and 1.4 (archiver.py do_create and _rec_walk, patterns.py).
#pragma once

#include <string>
#include <vector>

#include "engine/plan/plan.h"

namespace borgop {

struct SpokenSources {
  std::vector<std::string> options;  // --exclude and --pattern, in borg's order: the first that matches decides
  std::vector<std::string> roots;
  std::string checks;  // sh text that comes before borg; empty: none is needed
};
SpokenSources SpeakSources(const Source& source);

}  // namespace borgop
