# Warnings are errors everywhere in this project; libraries come in as system includes.
add_library(borgop_warnings INTERFACE)
target_compile_options(borgop_warnings INTERFACE -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wsign-conversion
  -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Wnull-dereference -Wformat=2 -Wundef)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 and 13 report members of std::variant and tl::expected as maybe uninitialized in coroutine frames (GCC bug 105562),
  # and null dereferences inside inlined standard containers at -O2; GCC 12 reports "literal" + std::string as overlapping memcpy at
  # -O2 (GCC bug 105651).
  target_compile_options(borgop_warnings INTERFACE -Wno-maybe-uninitialized -Wno-null-dereference -Wno-restrict)
  # Where sources are compiled several at a time, each is included, and GCC takes its anonymous namespace for that of a header.
  if(CMAKE_UNITY_BUILD)
    target_compile_options(borgop_warnings INTERFACE -Wno-subobject-linkage)
  endif()
endif()
