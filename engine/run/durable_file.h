// A file that is there whole or not at all, also after a power cut.
//
// Threading: any; blocks for as long as the disk does. Errors: an errno.
#pragma once

#include <string>
#include <string_view>

namespace borgop {

// Puts a file with `text`, for this user only (0600), in the place of what is at `path`, if anything; 0, or the errno. Beside it is
// PATH.new for a moment.
int WriteDurably(const std::string& path, std::string_view text);

}  // namespace borgop
