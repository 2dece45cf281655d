// The only POSIX shell quoting of the project.
//
// Inside single quotes a POSIX shell takes every byte but the quote itself as it is (POSIX.1-2017, XCU 2.2.2), newlines and bytes
// that are no text in the locale included. NUL cannot be said to any shell: the readers of the configuration refuse it.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace borgop {

// `word` as one word of POSIX sh (also bash, dash, ksh, mksh, zsh, busybox). Not for csh or fish: scripts run under sh.
// (yash as sh takes no bytes that are not text in its locale, quoted or not.)
std::string ShellQuote(std::string_view word);
// A command of quoted words.
std::string ShellJoin(const std::vector<std::string>& argv);

}  // namespace borgop
