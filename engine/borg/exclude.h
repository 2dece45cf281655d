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

// The same, and one that borg tries in its turn: `pf:` patterns it looks up before all others, wherever they stand.
std::string ExcludeInTurn(std::string_view pattern);

// What matches exactly `text`, in one of borg's regular expressions.
std::string RegexLiteral(std::u32string_view text);

// os.path.normpath without the slashes at either end: borg's patterns see a path so. The root directory is empty.
std::u32string PathAsMatched(std::u32string_view path);

}  // namespace borgop
