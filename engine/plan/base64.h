// Base64 (RFC 4648 section 4) as keys, known_hosts and YAML's !!binary hold it.
//
// Thread safety: pure functions. Secrets: the caller wipes what it gets.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace borgop {

// The bytes; nullopt where `text` is empty, has any other character (white space included), a wrong length or wrong padding.
std::optional<std::string> DecodeBase64(std::string_view text);
// With padding, on one line.
std::string EncodeBase64(std::string_view bytes);

}  // namespace borgop
