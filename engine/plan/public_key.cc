#include "engine/plan/public_key.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "engine/plan/wire_reader.h"

namespace borgop {
namespace {

constexpr std::size_t kEd25519Size = 32;

struct Curve {
  std::string_view name;
  std::size_t coordinate_size;
};
constexpr std::array<Curve, 3> kCurves = {{{"nistp256", 32}, {"nistp384", 48}, {"nistp521", 66}}};

bool ReadEd25519(WireReader& reader) {
  const std::optional<std::string_view> key = reader.String();
  return key && key->size() == kEd25519Size;
}

// Of the curve that the type names. OpenSSH takes no compressed points either (sshbuf-getput-crypto.c).
bool ReadPoint(WireReader& reader, std::string_view type) {
  const std::optional<std::string_view> curve = reader.String();
  const std::optional<std::string_view> point = reader.String();
  if (!curve || !point) return false;
  for (const auto& [name, coordinate_size] : kCurves) {
    if (*curve != name || type.find(name) == std::string_view::npos) continue;
    return point->size() == 1 + 2 * coordinate_size && point->front() == '\x04';
  }
  return false;
}

// Each above 0, as all numbers of a public key are.
bool ReadNumbers(WireReader& reader, std::size_t count) {
  for (; count > 0; --count) {
    const std::optional<std::string_view> number = reader.String();
    if (!number || number->empty() || (static_cast<unsigned char>(number->front()) & 0x80U) != 0) return false;
  }
  return true;
}

bool ReadContent(WireReader& reader, std::string_view type) {
  if (type == "ssh-ed25519") return ReadEd25519(reader);
  if (type == "ssh-rsa") return ReadNumbers(reader, 2);
  if (type == "ssh-dss") return ReadNumbers(reader, 4);
  if (type == "sk-ssh-ed25519@openssh.com") return ReadEd25519(reader) && reader.Skip(1);  // the application
  if (type == "sk-ecdsa-sha2-nistp256@openssh.com") return ReadPoint(reader, type) && reader.Skip(1);
  return ReadPoint(reader, type);
}

bool IsKnown(std::string_view type) {
  constexpr std::array<std::string_view, 8> kTypes = {
      "ssh-ed25519",         "ssh-rsa", "ecdsa-sha2-nistp256",        "ecdsa-sha2-nistp384",
      "ecdsa-sha2-nistp521", "ssh-dss", "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"};
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

}  // namespace

bool IsWholePublicKey(std::string_view type, std::string_view blob) {
  if (!IsKnown(type)) return true;
  WireReader reader(blob);
  return reader.String() == type && ReadContent(reader, type) && reader.rest().empty();
}

}  // namespace borgop
