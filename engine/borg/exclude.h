// Exclude patterns that hold bytes which are not UTF-8, said in a way that borg can keep.
//
// borg stores its command line in the archive, as text, and fails at the very end where an argument is none. Python reads such
// a byte XX of a file name as the lone surrogate U+DCXX, and its regular expressions know an ASCII spelling of that, `\udcxx`. So
// such a pattern becomes the `re:` pattern that matches exactly the same paths.
//
// Thread safety: pure functions. Source: borg 1.2.4 and 1.4 (patterns.py, shellpattern.py), Python 3.11 (fnmatch.py, re).
#pragma once

#include <string>
#include <string_view>

namespace borgop {

// `pattern` itself where it is UTF-8.
std::string SpeakableExclude(std::string_view pattern);

}  // namespace borgop
