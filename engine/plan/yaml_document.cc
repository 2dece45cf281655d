#include "engine/plan/yaml_document.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/node/node.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <map>
#include <optional>
#include <set>
#include <streambuf>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/secret.h"
#include "engine/base/utf8.h"
#include "engine/plan/base64.h"
#include "engine/plan/byte_escape.h"

namespace borgop {
namespace {

// Reads from a string_view without a copy, and then an end marker: yaml-cpp takes the end of the file right after a line break for the
// end of a quoted string, so that a cut file would pass, but not this.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) : ended_(!text.ends_with('\n')) { Set(text); }

 protected:
  int_type underflow() override {
    if (gptr() == egptr() && !std::exchange(ended_, true)) Set(kEnd);
    return gptr() == egptr() ? traits_type::eof() : traits_type::to_int_type(*gptr());
  }

 private:
  static constexpr std::string_view kEnd = "...\n";
  void Set(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // a get area is never written to
    setg(begin, begin, begin + text.size());
  }
  bool ended_;
};

// yaml-cpp 0.7 writes the escapes \N and \_ (YAML 1.2 section 5.7: U+0085, U+00A0) as bytes of Latin-1. As all that it reads is UTF-8,
// no other bytes can stand alone. PyYAML writes a no-break space so.
void MendEscapes(std::string& text) {
  if (IsUtf8(text)) return;
  std::string mended;
  mended.reserve(2 * text.size());  // no copy of a secret is left behind
  for (std::size_t i = 0; i < text.size();) {
    const CodePoint point = DecodeUtf8(text, i);
    if (!point.valid) mended += '\xC2';
    mended.append(text, i, point.size);
    i += point.size;
  }
  Wipe(text);
  text = std::move(mended);
}

// Thrown through yaml-cpp, caught in ParseYaml.
struct Refused {
  YAML::Mark mark;
  std::string what;
};

constexpr std::size_t kMaxLineLookedAt = 4096;

// Lines by their numbers, from 0.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}
  std::string_view At(std::size_t number) {
    if (starts_.empty()) {
      starts_.push_back(0);
      for (std::size_t i = text_.find('\n'); i != std::string_view::npos; i = text_.find('\n', i + 1)) starts_.push_back(i + 1);
    }
    if (number >= starts_.size()) return {};
    const std::string_view rest = text_.substr(starts_[number]);
    return rest.substr(0, rest.find('\n'));
  }

 private:
  std::string_view text_;
  std::vector<std::size_t> starts_;
};

constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";

class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::string_view text) : lines_(text) {}
  Node TakeRoot() { return std::move(root_); }
  // Where the last event was.
  const YAML::Mark& last() const { return last_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (started_) throw Refused{mark, "a second document begins here (keep one)"};
    started_ = true;
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (AtKey()) throw Refused{mark, "a key is missing here (write KEY: VALUE)"};
    Node node = NewNode(Node::Kind::kNull, mark);
    if (!frames_.empty() && frames_.back().node.kind == Node::Kind::kList) node.line = LineOfNullItem(mark);
    Finish(std::move(node), anchor, Size{1, 0, 0});
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (AtKey()) throw Refused{mark, "an alias stands where a key is wanted (write the key)"};
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Refused{mark, "an alias stands inside of what it refers to (write it out)"};
    Node node = found->second.node;
    CheckDepth(mark, found->second.size.depth);
    Count(mark, found->second.size.nodes, found->second.size.text);
    node.line = Line(mark);
    Finish(std::move(node), 0, found->second.size);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    if (AtKey()) {
      Count(mark, 0, value.size());
      std::string key = value;
      MendEscapes(key);
      UnescapeBytes(key);
      if (!frames_.back().keys.insert(key).second)
        throw Refused{mark, "the key " + Quoted(key) + " is given twice (keep one of them)"};
      frames_.back().pending_key = std::move(key);
      frames_.back().pending_line = Line(mark);
      return;
    }
    Node node = NewNode(tag == "?" ? Node::Kind::kWord : Node::Kind::kText, mark);
    Count(mark, 0, value.size());
    node.text = value;
    MendEscapes(node.text);
    if (tag == std::string(kTagPrefix) + "binary") {
      Decode(mark, node.text);
    } else {
      CheckTag(mark, tag, {"", "?", "!", "str"});
      UnescapeBytes(node.text);
    }
    Finish(std::move(node), anchor, Size{1, value.size(), 0});
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    CheckTag(mark, tag, {"", "?", "!", "seq"});
    Open(Node::Kind::kList, mark, anchor);
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    CheckTag(mark, tag, {"", "?", "!", "map"});
    Open(Node::Kind::kMap, mark, anchor);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct Size {
    std::size_t nodes = 0;
    std::size_t text = 0;
    std::size_t depth = 0;  // of lists and maps
  };
  struct Anchored {
    Node node;
    Size size;
  };
  struct Frame {
    Node node;
    YAML::anchor_t anchor = 0;
    Size before;  // what had been counted when this began
    std::size_t depth_inside = 0;
    std::optional<std::string> pending_key;
    std::uint32_t pending_line = 0;
    std::set<std::string> keys;
  };

  static std::uint32_t Line(const YAML::Mark& mark) { return static_cast<std::uint32_t>(mark.line + 1); }

  // The mark of an item that is not even written (a dash alone) is that of whatever comes next.
  std::uint32_t LineOfNullItem(const YAML::Mark& mark) {
    const auto line = static_cast<std::size_t>(mark.line);
    const auto is_written = [&] {
      const std::string_view text = lines_.At(line);
      return text.find('~') != std::string_view::npos || text.find("ull") != std::string_view::npos ||
             text.find("ULL") != std::string_view::npos;
    };
    if (lines_.At(line).size() > kMaxLineLookedAt || is_written()) return Line(mark);
    for (std::size_t before = line; before-- > 0;) {
      const std::string_view text = lines_.At(before);
      const std::size_t first = text.find_first_not_of(" \t\r");
      if (first != std::string_view::npos && text[first] != '#') return static_cast<std::uint32_t>(before + 1);
    }
    return Line(mark);
  }

  bool AtKey() const { return !frames_.empty() && frames_.back().node.kind == Node::Kind::kMap && !frames_.back().pending_key; }

  static void CheckTag(const YAML::Mark& mark, const std::string& tag, const std::vector<std::string_view>& allowed) {
    std::string_view name = tag;
    if (name.starts_with(kTagPrefix)) name.remove_prefix(kTagPrefix.size());
    if (std::find(allowed.begin(), allowed.end(), name) == allowed.end()) {
      throw Refused{mark, "the tag " + Quoted(tag) + " has no meaning here (remove it)"};
    }
  }

  static void Decode(const YAML::Mark& mark, std::string& text) {
    std::erase_if(text, [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; });
    std::optional<std::string> bytes = text.empty() ? std::string() : DecodeBase64(text);
    if (!bytes) throw Refused{mark, "a !!binary value is not base64 (encode it again)"};
    Wipe(text);
    text = *std::move(bytes);
  }

  void Count(const YAML::Mark& mark, std::size_t nodes, std::size_t text) {
    last_ = mark;
    size_.nodes += nodes;
    size_.text += text;
    if (size_.nodes > kMaxNodes || size_.text > kMaxTextSize)
      throw Refused{mark, "the file holds too much, aliases included (split it)"};
  }

  void CheckDepth(const YAML::Mark& mark, std::size_t more) const {
    if (frames_.size() + more > kMaxDepth) throw Refused{mark, "nests too deep here (a plan needs at most eight levels)"};
  }

  Node NewNode(Node::Kind kind, const YAML::Mark& mark) {
    Count(mark, 1, 0);
    Node node;
    node.kind = kind;
    node.line = Line(mark);
    return node;
  }

  void Open(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (AtKey()) throw Refused{mark, "a key must be a single value (put it in quotes)"};
    CheckDepth(mark, 1);
    Frame frame;
    frame.before = size_;
    frame.node = NewNode(kind, mark);
    frame.anchor = anchor;
    frames_.push_back(std::move(frame));
  }

  void Close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    const Size size{size_.nodes - frame.before.nodes, size_.text - frame.before.text, frame.depth_inside + 1};
    Finish(std::move(frame.node), frame.anchor, size);
  }

  void Finish(Node node, YAML::anchor_t anchor, const Size& size) {
    if (anchor != 0) anchors_.insert_or_assign(anchor, Anchored{node, size});
    if (frames_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = frames_.back();
    frame.depth_inside = std::max(frame.depth_inside, size.depth);
    if (frame.node.kind == Node::Kind::kMap) {
      node.key = *std::move(frame.pending_key);
      node.key_line = frame.pending_line;
      frame.pending_key.reset();
    }
    frame.node.children.push_back(std::move(node));
  }

  Lines lines_;
  bool started_ = false;
  Node root_;
  std::vector<Frame> frames_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  Size size_;  // nodes and text of everything so far
  YAML::Mark last_;
};

void Parse(std::string_view text, YAML::EventHandler& handler) {
  ViewBuffer buffer(text);
  std::istream stream(&buffer);
  YAML::Parser parser(stream);
  while (parser.HandleNextDocument(handler)) {
  }
}

// Whether a quoted text begins where `text` ends: if so, two quotes there make an empty one.
class QuoteProbe : public TreeBuilder {
 public:
  static std::optional<YAML::Mark> BeginsBehind(std::string_view text, char quote) {
    for (const std::string_view more : {"", ": x"}) {  // a value, or a key
      std::string probed;
      probed.reserve(text.size() + 2 + more.size());  // no copy of a secret is left behind
      probed.append(text).append(2, quote).append(more);
      QuoteProbe probe(probed, text.size());
      try {
        Parse(probed, probe);
      } catch (const std::exception&) {  // the rest is missing
      } catch (const Refused&) {
      }
      Wipe(probed);
      if (probe.found_) return probe.found_;
    }
    return std::nullopt;
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    if (mark.pos == static_cast<int>(position_)) found_ = mark;
    TreeBuilder::OnScalar(mark, tag, anchor, value);
  }

 private:
  QuoteProbe(std::string_view text, std::size_t position) : TreeBuilder(text), position_(position) {}
  std::size_t position_;
  std::optional<YAML::Mark> found_;
};

// Where the quoted text begins that is not closed: yaml-cpp names where it ended, which is wherever the file does. It is behind the last
// event, and not far: there are only a comment or the rest of another text between them.
std::optional<YAML::Mark> OpenQuote(std::string_view text, const YAML::Mark& last) {
  constexpr int kMaxTries = 32;
  std::size_t at = last.is_null() ? 0 : static_cast<std::size_t>(last.pos);
  std::size_t read = 0;
  for (int tries = 0; tries < kMaxTries && read < kMaxTextSize; ++tries, ++at) {
    at = text.find_first_of("\"'", at);
    if (at == std::string_view::npos) return std::nullopt;
    if (const auto mark = QuoteProbe::BeginsBehind(text.substr(0, at), text[at])) return mark;
    read += 2 * at;
  }
  return std::nullopt;
}

// yaml-cpp reads over some of these, and takes 0x04 for the end of the file.
std::optional<std::size_t> FindControl(std::string_view text) {
  const auto found = std::find_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
  });
  if (found == text.end()) return std::nullopt;
  return static_cast<std::size_t>(found - text.begin());
}

}  // namespace

Result<Node> ParseYaml(std::string_view text, std::string_view file_name) {
  Problems problems(file_name);
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (const std::optional<std::size_t> position = FindControl(text)) {
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(*position), '\n');
    problems.Add(static_cast<std::uint32_t>(line),
                 "there is a control character here (remove it, or write it as \\xNN in double quotes)");
    return Fail(problems.ToError());
  }
  const auto refuse = [&](const YAML::Mark& mark, const std::string& what) {
    problems.Add(static_cast<std::uint32_t>(mark.line + 1), "column " + std::to_string(mark.column + 1) + ": " + what);
  };
  TreeBuilder builder(text);
  try {
    Parse(text, builder);
    Node root = builder.TakeRoot();
    if (root.kind != Node::Kind::kNull) return root;
    problems.Add(0, "is empty (write a plan)");
  } catch (const Refused& refused) {
    refuse(refused.mark, refused.what);
  } catch (const YAML::Exception& error) {
    if (error.msg == YAML::ErrorMsg::EOF_IN_SCALAR || error.msg == YAML::ErrorMsg::DOC_IN_SCALAR) {
      const auto open = OpenQuote(text, builder.last());
      refuse(open.value_or(builder.last().is_null() ? YAML::Mark() : builder.last()),
             std::string("a quoted text begins ") + (open ? "here" : "behind this") +
                 " and is not closed (close it; a text with a quote in it goes between quotes of the other kind)");
      return Fail(problems.ToError());
    }
    refuse(error.mark.is_null() ? YAML::Mark() : error.mark, "is no valid YAML: " + error.msg);
  } catch (const std::exception&) {
    problems.Add(0, "cannot be read as YAML (out of memory, or a defect of the parser)");
  }
  return Fail(problems.ToError());
}

}  // namespace borgop
