# Each folder of engine/ and controller/ is a library; a library links only those below it (docs/architecture.md).
#
# borgop_library(NAME SOURCES … [DEPS …]) makes borgop::NAME of the folder's sources.
function(borgop_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_library(borgop_${name} STATIC ${ARG_SOURCES})
  add_library(borgop::${name} ALIAS borgop_${name})
  target_include_directories(borgop_${name} PUBLIC ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
  target_link_libraries(borgop_${name} PUBLIC ${ARG_DEPS} PRIVATE borgop_warnings)
endfunction()
