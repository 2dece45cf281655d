#include "engine/borg/log_reader.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "engine/borg/foreign_json.h"
#include "engine/report/printable.h"

namespace borgop {
namespace {

constexpr std::size_t kMaxId = 200;
constexpr std::size_t kMaxPath = std::size_t{8} * 1024;

std::string Bounded(std::optional<std::string> text, std::size_t max_bytes) {
  std::string bytes = std::move(text).value_or(std::string());
  if (bytes.size() > max_bytes) bytes.resize(max_bytes);
  return bytes;
}

bool Contains(std::string_view text, std::string_view what) { return text.find(what) != std::string_view::npos; }

std::string_view Trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

// What a traceback is about: what follows its last indented line (the exception, whose text may have several lines), before
// borg's description of the system it ran on (helpers/misc.py, sysinfo).
std::string_view Essence(std::string_view text) {
  if (!Contains(text, "Traceback (most recent call last)")) return Trimmed(text);
  text = Trimmed(text.substr(0, text.find("\nPlatform: ")));
  const std::size_t indented = text.rfind("\n  ");
  if (indented == std::string_view::npos) return text;
  const std::size_t end = text.find('\n', indented + 1);
  return end == std::string_view::npos ? Trimmed(text.substr(indented)) : Trimmed(text.substr(end));
}

// borg serve dies of an error whose text is not UTF-8, as a path in it may be: it cannot pack it. The one that it was about to tell is what
// counts: its id and its words. Empty: that is not what happened.
std::pair<std::string_view, std::string_view> Unsent(std::string_view traceback) {
  bool could_not = false;
  while (true) {
    const std::string_view words = Essence(traceback);
    const bool unicode = words.starts_with("UnicodeEncodeError");
    if (!unicode && !words.starts_with("borg.helpers.msgpack.PackException")) {
      if (!could_not) return {};
      return {words.substr(0, words.find(':')), words};
    }
    const std::size_t last = traceback.rfind("\n\nDuring handling of the above exception");
    if (last == std::string_view::npos) return {};
    could_not |= unicode;
    traceback = traceback.substr(0, last);
  }
}

int PercentOf(const nlohmann::json& object) {
  const std::optional<std::uint64_t> current = CountOf(object, "current");
  const std::optional<std::uint64_t> total = CountOf(object, "total");
  if (!current || !total || *total == 0) return -1;
  // borg counts the item that it begins with.
  const double share = static_cast<double>(*current - std::min<std::uint64_t>(*current, 1)) / static_cast<double>(*total);
  return static_cast<int>(std::clamp(std::floor(share * 100), 0.0, 100.0));
}

}  // namespace

bool IsNotice(const LogEvent& event) {
  if (event.kind != LogEvent::Kind::kLog || event.level != "WARNING" || event.name != "borg.archiver") return false;
  const std::string_view text = Trimmed(event.message);
  return text.starts_with("IMPORTANT: you will need both KEY AND PASSPHRASE") ||
         text.starts_with("By default repositories initialized with this version");
}

LogReader::LogReader(std::function<void(const LogEvent&)> on_event) : on_event_(std::move(on_event)) {}

void LogReader::Feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t newline = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, newline);
    const std::size_t room = kMaxLine - line_.size();
    line_ += piece.substr(0, room);
    if (piece.size() > room) line_cut_ = true;
    if (newline == std::string_view::npos) return;
    OnLine();
    bytes.remove_prefix(newline + 1);
  }
}

void LogReader::Finish() {
  if (!line_.empty() || line_cut_) OnLine();
}

void LogReader::OnLine() {
  if (line_cut_) ++cut_lines_;
  if (line_cut_ || !OnObject()) {
    LogEvent event;
    event.message = Bounded(line_, Messages::kMaxText);
    if (!event.message.empty() && event.message.back() == '\r') event.message.pop_back();
    OnPlain(event);
    if (on_event_) on_event_(event);
  }
  line_.clear();
  line_cut_ = false;
}

bool LogReader::OnObject() {
  if (!line_.starts_with('{')) return false;
  const std::optional<nlohmann::json> object = ParseForeignObject(line_, kMaxLine);
  if (!object) return false;
  const std::string type = TextOf(*object, "type").value_or(std::string());
  LogEvent event;
  event.message = Bounded(TextOf(*object, "message"), kMaxLine);
  event.msgid = Bounded(TextOf(*object, "msgid"), kMaxId);
  const nlohmann::json* finished = Member(*object, "finished");
  event.finished = finished != nullptr && finished->is_boolean() && finished->get<bool>();
  if (type == "archive_progress") {
    event.kind = LogEvent::Kind::kArchiveProgress;
    event.path = Bounded(TextOf(*object, "path"), kMaxPath);
    event.original_size = CountOf(*object, "original_size").value_or(0);
    event.compressed_size = CountOf(*object, "compressed_size").value_or(0);
    event.deduplicated_size = CountOf(*object, "deduplicated_size").value_or(0);
    event.nfiles = CountOf(*object, "nfiles").value_or(0);
  } else if (type == "progress_percent") {
    event.kind = LogEvent::Kind::kPercent;
    event.percent = event.finished ? 100 : PercentOf(*object);
    const nlohmann::json* info = Member(*object, "info");
    if (info != nullptr && info->is_array() && !info->empty()) event.path = Bounded(TextIn(info->front()), kMaxPath);
  } else if (type == "progress_message") {
    event.kind = LogEvent::Kind::kMessage;
  } else if (type == "file_status") {
    event.kind = LogEvent::Kind::kFileStatus;
    event.status = Bounded(TextOf(*object, "status"), 8);
    event.path = Bounded(TextOf(*object, "path"), kMaxPath);
  } else if (type.starts_with("question_")) {
    event.kind = LogEvent::Kind::kQuestion;
  } else if (type == "log_message") {
    event.kind = LogEvent::Kind::kLog;
    event.level = Bounded(TextOf(*object, "levelname"), 20);
    event.name = Bounded(TextOf(*object, "name"), 200);
    OnLog(event);
  } else {
    return false;
  }
  if (on_event_) on_event_(event);
  return true;
}

void LogReader::OnLog(const LogEvent& event) {
  if (IsNotice(event)) return;
  if (event.level == "WARNING") {
    if (Contains(event.message, "not found") || Contains(event.message, "No such file or directory")) {
      if (event.name == "root" && event.message.starts_with("Remote: ")) messages_.serve_missing = true;
    }
    if (event.name == kScriptLogger) messages_.script_warned = true;
    if (messages_.warnings.size() < Messages::kMaxWarnings) {
      messages_.warnings.push_back(Printable(Trimmed(event.message), Messages::kMaxText));
    } else {
      ++messages_.more_warnings;
    }
    return;
  }
  if (event.name == "borg.output.list" && event.message.starts_with("Pruning archive")) ++messages_.pruned;
  if (event.level != "ERROR" && event.level != "CRITICAL") return;

  Look(event.message);
  const std::string_view essence = Essence(event.message);
  if (messages_.msgid.empty() && !event.msgid.empty()) {
    messages_.msgid = event.msgid;
    messages_.error = Printable(essence, Messages::kMaxText);
    wants_traceback_ = event.msgid == "Exception";
  } else if (wants_traceback_ && !essence.empty()) {
    const auto [id, words] = Unsent(event.message);
    if (!id.empty()) messages_.msgid = Printable(id, kMaxId);
    messages_.error = Printable(id.empty() ? essence : words, Messages::kMaxText);
    wants_traceback_ = false;
  } else if (!logged_error_) {
    messages_.error = Printable(essence, Messages::kMaxText);
  }
  logged_error_ = true;
}

void LogReader::OnPlain(const LogEvent& event) {
  const std::string_view line = Trimmed(event.message);
  if (line.starts_with("Traceback (most recent call last)")) messages_.traceback = true;
  if (line.starts_with("usage: ")) messages_.usage = true;
  if (line.starts_with("Platform: ")) plain_ended_ = true;
  if (line.empty() || plain_ended_) return;
  Look(line);
  if (!logged_error_) messages_.error = Printable(line, Messages::kMaxText);
}

void LogReader::Look(std::string_view text) {
  for (const std::string_view words : {"No space left on device", "[Errno 28]", "Disk quota exceeded", "[Errno 122]"}) {
    if (Contains(text, words)) messages_.no_space = true;
  }
  for (const std::string_view words : {"BrokenPipeError", "[Errno 32] Broken pipe", "ConnectionResetError", "[Errno 104]"}) {
    if (Contains(text, words)) messages_.connection_lost = true;
  }
}

}  // namespace borgop
