#include "engine/plan/yaml_writer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/base/utf8.h"
#include "engine/plan/base64.h"
#include "engine/plan/byte_escape.h"
#include "engine/plan/plan_words.h"

namespace borgop {
namespace {

constexpr std::string_view kHeader =
    "# A plan for borg-engine. It holds private keys and passphrases: keep it readable for one user only (mode 0600), or\n"
    "# move them into files of their own and name these instead (privateKeyFile, passphraseFile, knownHostsFile).\n";

// Letters, digits and slashes read best without quotes, as long as no YAML reader takes them for something else.
bool IsPlain(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '_' || c == '-' ||
           c == '.';
  };
  if (text.empty() || !std::all_of(text.begin(), text.end(), plain)) return false;
  if (text[0] == '/') return true;
  const bool letter = (text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z');
  return letter && text.size() > 5;  // longer than false, null, yes, no, on, off, true
}

// Whether a literal block gives the text back: printable ASCII, and nothing about its start and end that needs more than `|`.
bool IsBlock(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || text[0] == '\n' || text[0] == ' ') return false;
  if (text.ends_with("\n\n") || text.find("\\U") != std::string_view::npos) return false;  // for \U see byte_escape.h
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c == '\n' || (c >= 0x20 && c < 0x7F); })) return false;
  return text.find(" \n") == std::string_view::npos && text.back() != ' ';
}

// Code points that YAML readers break lines at, drop or refuse.
bool IsFragile(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  if (character.size() == 2) return byte(0) == 0xC2 && byte(1) < 0xA0;  // C1 controls
  if (character.size() == 3)
    return character == "\xE2\x80\xA8" || character == "\xE2\x80\xA9" || byte(0) >= 0xEF;  // U+2028, U+2029, U+F000...
  return character.size() == 4;
}

void AppendHex(std::string& out, std::uint32_t value, int digits) {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out += "0123456789ABCDEF"[(value >> shift) & 0x0F];
}

std::string DoubleQuoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::string_view character = text.substr(0, Utf8Length(text));
    const char c = character[0];
    if (character.size() > 1 && IsFragile(character)) {
      out += "\\U";
      AppendHex(out, DecodeUtf8(character, 0).value, 8);
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (character.size() == 1 && (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)) {
      out += "\\x";
      AppendHex(out, static_cast<unsigned char>(c), 2);
    } else {
      out += character;
    }
    text.remove_prefix(character.size());
  }
  return out + '"';
}

class Writer {
 public:
  std::string Write(const Plan& plan) {
    out_ = kHeader;
    out_ += "version: 1\nserver:\n";
    indent_ = 2;
    Endpoint(plan.server.connection);
    Text("rootDir", plan.server.root_dir);
    if (plan.server.borg != "borg") Text("borg", plan.server.borg);
    out_ += "targets:\n";
    for (const Target& target : plan.targets) {
      indent_ = 2;
      item_ = true;
      WriteTarget(target);
    }
    return std::move(out_);
  }

 private:
  void Key(std::string_view name) {
    if (item_) {
      out_.append(indent_ - 2, ' ');
      out_ += "- ";
      item_ = false;
    } else {
      out_.append(indent_, ' ');
    }
    out_ += name;
    out_ += ':';
  }

  void Scalar(std::string_view text) {
    if (!IsUtf8(text) || HasEscapedBytes(text)) {
      out_ += "!!binary \"" + EncodeBase64(text) + '"';
    } else if (IsPlain(text)) {
      out_ += text;
    } else if (IsBlock(text)) {
      Block(text);
      return;
    } else {
      out_ += DoubleQuoted(text);
    }
    out_ += '\n';
  }

  void Block(std::string_view text) {
    out_ += text.back() == '\n' ? "|\n" : "|-\n";
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      if (end > 0) out_.append(indent_ + 2, ' ');
      out_ += text.substr(0, end);
      out_ += '\n';
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  void Text(std::string_view key, std::string_view text) {
    Key(key);
    out_ += ' ';
    Scalar(text);
  }

  void Number(std::string_view key, std::int64_t value) {
    Key(key);
    out_ += ' ' + std::to_string(value) + '\n';
  }

  void List(std::string_view key, const std::vector<std::string>& texts) {
    Key(key);
    out_ += '\n';
    for (const std::string& text : texts) {
      out_.append(indent_, ' ');
      out_ += "- ";
      Scalar(text);
    }
  }

  template <typename Body>
  void Map(std::string_view key, const Body& body) {
    Key(key);
    out_ += '\n';
    indent_ += 2;
    body();
    indent_ -= 2;
  }

  void Endpoint(const SshEndpoint& endpoint) {
    Text("host", endpoint.host);
    if (endpoint.port != 22) Number("port", endpoint.port);
    Text("user", endpoint.user);
    Text("privateKey", endpoint.private_key.Reveal());
    if (!endpoint.key_passphrase.empty()) Text("keyPassphrase", endpoint.key_passphrase.Reveal());
    Text("knownHosts", endpoint.known_hosts);
    if (endpoint.jump_host) Map("jumpHost", [&] { Endpoint(*endpoint.jump_host); });
  }

  void WriteTarget(const Target& target) {
    Text("name", target.name);
    Map("connection", [&] { Endpoint(target.connection); });
    if (target.borg != "borg") Text("borg", target.borg);
    Map("repository", [&] {
      Text("path", target.repository.path);
      if (!target.repository.passphrase.empty()) Text("passphrase", target.repository.passphrase.Reveal());
      if (target.repository.encryption != Repository{}.encryption) Text("encryption", target.repository.encryption);
      if (!target.repository.key_file.empty()) Text("keyFile", target.repository.key_file);
      if (!target.repository.ledger_file.empty()) Text("ledgerFile", target.repository.ledger_file);
      if (!target.repository.lock_owner.empty()) Text("lockOwner", target.repository.lock_owner);
      if (!target.repository.acknowledge.empty()) Text("acknowledge", target.repository.acknowledge);
      if (target.repository.adopt) Flag("adopt", true);
    });
    Map("source", [&] {
      List("paths", target.source.paths);
      if (!target.source.excludes.empty()) List("excludes", target.source.excludes);
      if (!target.source.compression.empty()) Text("compression", target.source.compression);
      if (target.source.one_file_system) Flag("oneFileSystem", true);
    });
    if (target.archive_name != Target{}.archive_name) Text("archiveName", target.archive_name);
    WriteRetention(target.retention);
    WriteMaintenance(target.maintenance);
    WriteHooks(target.hooks);
    WriteLimits(target.limits);
  }

  void Flag(std::string_view key, bool value) {
    Key(key);
    out_ += value ? " true\n" : " false\n";
  }

  void WriteRetention(const Retention& retention) {
    if (retention.empty()) return;
    Map("retention", [&] {
      for (const auto& [key, count] : kKeepCounts) {
        if (retention.*count) Number(key, *(retention.*count));
      }
      if (!retention.keep_within.empty()) Text("keepWithin", retention.keep_within);
      if (!retention.glob_archives.empty()) Text("globArchives", retention.glob_archives);
      if (!retention.time_zone.empty()) Text("timeZone", retention.time_zone);
    });
  }

  void WriteMaintenance(const Maintenance& maintenance) {
    const Maintenance defaults;
    const bool limited = maintenance.check_max_duration.count() > 0;
    const bool delayed = maintenance.compact_after.count() > 0;
    if (maintenance.check == defaults.check && !limited && maintenance.compact == defaults.compact && !delayed) return;
    Map("maintenance", [&] {
      if (maintenance.check != defaults.check) Text("check", CheckModeName(maintenance.check));
      if (limited) Number("checkMaxDurationSeconds", maintenance.check_max_duration.count());
      if (maintenance.compact != defaults.compact) Flag("compact", maintenance.compact);
      if (delayed) Text("compactAfter", std::to_string(maintenance.compact_after.count()) + 'h');
    });
  }

  // A list of lists: the first word of a command stands behind two dashes.
  void Commands(std::string_view key, const std::vector<HookCommand>& commands) {
    if (commands.empty()) return;
    Key(key);
    out_ += '\n';
    indent_ += 2;
    for (const HookCommand& command : commands) {
      for (std::size_t i = 0; i < command.size(); ++i) {
        out_.append(indent_ - 2, ' ');
        out_ += i == 0 ? "- - " : "  - ";
        Scalar(command[i]);
      }
    }
    indent_ -= 2;
  }

  void WriteHooks(const Hooks& hooks) {
    if (hooks.empty() && hooks.timeout == Hooks{}.timeout) return;
    Map("hooks", [&] {
      Commands("before", hooks.before);
      Commands("after", hooks.after);
      if (hooks.timeout != Hooks{}.timeout) Number("timeoutSeconds", hooks.timeout.count());
    });
  }

  void WriteLimits(const Limits& limits) {
    const Limits defaults;
    bool opened = false;
    const auto number = [&](std::string_view key, std::int64_t value, std::int64_t default_value) {
      if (value == default_value) return;
      if (!opened) {
        Key("limits");
        out_ += '\n';
        indent_ += 2;
        opened = true;
      }
      Number(key, value);
    };
    number("deadlineSeconds", limits.deadline.count(), defaults.deadline.count());
    number("lockWaitSeconds", limits.lock_wait.count(), defaults.lock_wait.count());
    number("socketTimeoutSeconds", limits.socket_timeout.count(), defaults.socket_timeout.count());
    number("connectTimeoutSeconds", limits.connect_timeout.count(), defaults.connect_timeout.count());
    number("loginTimeoutSeconds", limits.login_timeout.count(), defaults.login_timeout.count());
    number("uploadRateKiBps", limits.upload_rate_kib, defaults.upload_rate_kib);
    number("maxNewBytes", static_cast<std::int64_t>(limits.max_new_bytes), static_cast<std::int64_t>(defaults.max_new_bytes));
    if (opened) indent_ -= 2;
  }

  std::string out_;
  std::size_t indent_ = 0;
  bool item_ = false;
};

}  // namespace

std::string WriteYaml(const Plan& plan) { return Writer().Write(plan); }

}  // namespace borgop
