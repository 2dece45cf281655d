# libssh2 >= 1.11: older ones know no rsa-sha2, so they cannot use RSA keys with any current OpenSSH. `./dev setup` builds Debian's
# own newer source package below .deps/, with the patches in engine/ssh/libssh2-patches; it is looked for first. Any other does as well,
# more slowly: what the patches change is told by a macro in its header, by which engine/ssh/algorithms.cc chooses the order of ciphers.
find_path(LIBSSH2_INCLUDE_DIR libssh2.h HINTS ${CMAKE_SOURCE_DIR}/.deps/libssh2/include NO_CACHE)
find_library(LIBSSH2_LIBRARY NAMES libssh2.a ssh2 HINTS ${CMAKE_SOURCE_DIR}/.deps/libssh2/lib NO_CACHE)
if(LIBSSH2_INCLUDE_DIR AND EXISTS ${LIBSSH2_INCLUDE_DIR}/libssh2.h)
  file(STRINGS ${LIBSSH2_INCLUDE_DIR}/libssh2.h version_line REGEX "#define LIBSSH2_VERSION +\"")
  string(REGEX REPLACE ".*\"([0-9]+\\.[0-9]+\\.[0-9]+).*" "\\1" LIBSSH2_VERSION "${version_line}")
  file(STRINGS ${LIBSSH2_INCLUDE_DIR}/libssh2.h whole_packets REGEX "#define LIBSSH2_WHOLE_PACKETS 1")
endif()
if(NOT LIBSSH2_LIBRARY OR NOT LIBSSH2_VERSION OR LIBSSH2_VERSION VERSION_LESS 1.11)
  message(FATAL_ERROR "libssh2 >= 1.11 is needed (found: ${LIBSSH2_VERSION} ${LIBSSH2_INCLUDE_DIR}): older ones cannot use RSA "
    "keys with any current OpenSSH. Run ./dev setup, which builds Debian's newer source package into .deps/.")
endif()
if(whole_packets)
  message(STATUS "libssh2 ${LIBSSH2_VERSION}: ${LIBSSH2_LIBRARY} (gives ciphers whole packets)")
else()
  message(WARNING "libssh2 ${LIBSSH2_VERSION}: ${LIBSSH2_LIBRARY} gives ciphers 16 bytes at a time, so that an SSH connection costs "
    "several times as much processor time, and chacha20-poly1305 is not offered. Run ./dev setup for a patched one.")
endif()
add_library(libssh2::libssh2 UNKNOWN IMPORTED)
set_target_properties(libssh2::libssh2 PROPERTIES IMPORTED_LOCATION ${LIBSSH2_LIBRARY}
  INTERFACE_INCLUDE_DIRECTORIES ${LIBSSH2_INCLUDE_DIR} INTERFACE_LINK_LIBRARIES "OpenSSL::Crypto;ZLIB::ZLIB")
