// What a borg client says on its standard error with --log-json (and --progress): one JSON object a line, and between them whatever
// else got there: shells, tracebacks, argparse, the far side.
//
// The bytes come from T or B and are not trusted: lines are bounded, texts that are kept are bounded and Printable, types are
// checked, and what is not understood becomes a plain line.
//
// Threading: one reader a process, used by one thread. Never throws.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace borgop {

// Who speaks where a script of ours warns of what borg, which runs next, will not see.
inline constexpr std::string_view kScriptLogger = "borg-engine";

struct LogEvent {
  enum class Kind {
    kArchiveProgress,  // the counts and `path`; `finished` has no counts
    kPercent,          // `percent`, `msgid`, `message`; `path` where borg extracts
    kMessage,          // progress_message: `message`, `msgid`
    kFileStatus,       // `status`, `path`
    kLog,              // `level`, `name`, `msgid`, `message`
    kQuestion,         // `msgid`, `message`
    kPlain,            // `message`: a line that is no JSON object of these
  };
  Kind kind = Kind::kPlain;
  std::string level, name, msgid, message, status;
  std::string path;  // the bytes themselves
  std::uint64_t original_size = 0, compressed_size = 0, deduplicated_size = 0, nfiles = 0;
  int percent = -1;
  bool finished = false;
};

// Whether borg said something at level WARNING that warns of nothing: how borg init recommends to keep the key, and which old versions
// should not write to the new repository (archiver's do_init, borg 1.2 and 1.4).
bool IsNotice(const LogEvent& event);

// What all lines together say.
struct Messages {
  static constexpr std::size_t kMaxWarnings = 100;
  static constexpr std::size_t kMaxText = 1000;

  std::string msgid;                  // of the first message at level ERROR or CRITICAL that has one; it decides (outcome.h)
  std::string error;                  // borg's own words for what went wrong: one Printable line
  std::vector<std::string> warnings;  // each one Printable line; no notices
  std::uint64_t more_warnings = 0;    // beyond kMaxWarnings
  std::uint64_t pruned = 0;           // archives that prune dropped
  bool no_space = false;              // an error speaks of a full disk or quota
  bool connection_lost = false;       // an error speaks of a broken pipe or a reset connection
  bool serve_missing = false;         // the far side says that there is no such program
  bool traceback = false;             // Python died before borg could log
  bool usage = false;                 // borg refused its command line
  bool script_warned = false;         // one of the warnings is kScriptLogger's: borg may end with 0
};

class LogReader {
 public:
  static constexpr std::size_t kMaxLine = std::size_t{64} * 1024;

  // `on_event` may be empty.
  explicit LogReader(std::function<void(const LogEvent&)> on_event = {});

  // Any piece of the stream.
  void Feed(std::string_view bytes);
  // The end of the stream: a last line without a newline counts as one.
  void Finish();

  const Messages& messages() const { return messages_; }
  std::uint64_t cut_lines() const { return cut_lines_; }  // longer than kMaxLine

 private:
  void OnLine();
  bool OnObject();
  void OnLog(const LogEvent& event);
  void OnPlain(const LogEvent& event);
  void Look(std::string_view text);

  std::function<void(const LogEvent&)> on_event_;
  Messages messages_;
  std::string line_;
  bool line_cut_ = false;
  std::uint64_t cut_lines_ = 0;
  bool logged_error_ = false;     // an error was logged, so plain lines say nothing better
  bool wants_traceback_ = false;  // "Local Exception" was logged: the next error has the traceback
  bool plain_ended_ = false;      // borg's description of the system has begun
};

}  // namespace borgop
