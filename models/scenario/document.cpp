// The only file that knows yaml-cpp. Its parser is driven by events, so that every limit holds during parsing.
#include "models/scenario/document.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <unordered_map>
#include <utility>

#include "models/scenario/file_text.hpp"
#include "models/scenario/utf8.hpp"

namespace spillway {
namespace {

using language::describe_bad_byte, language::first_bad_byte, language::shortened;

constexpr std::size_t kLongestKey = 1000;    ///< bytes; paths of keys are built in messages
constexpr std::size_t kMostDuplicates = 20;  ///< reported before parsing gives up

/// Content that is refused at a place; ends parsing.
struct Refused {
  Mark mark;
  std::string path;
  std::string message;
};

Mark to_mark(const YAML::Mark& mark) { return mark.is_null() ? Mark{} : Mark{mark.line + 1, mark.column + 1}; }
std::string to_text(Mark mark) { return std::to_string(mark.line) + ":" + std::to_string(mark.column); }

/// What a value costs when it is copied by an alias.
struct Weight {
  std::size_t nodes = 1;
  std::size_t bytes = 0;
  int height = 1;  ///< levels, itself included
};

/// How many YAML documents a text may hold.
enum class Documents { one, several };

/// Builds the tree from the parser's events and refuses what the limits do not allow.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const Document& document, const DocumentLimits& limits, Documents documents, Problems& problems)
      : document_{document}, limits_{limits}, documents_{documents}, problems_{problems} {}

  Node take_root() { return std::move(root_); }
  std::vector<Node> take_roots() { return std::move(roots_); }  ///< of all documents that are complete
  Mark last_mark() const { return last_mark_; }  ///< of the last value or key that was understood

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {
    if (documents_ == Documents::several && root_.kind != Node::Kind::null) roots_.push_back(std::exchange(root_, {}));
    anchors_.clear();
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::sequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::map, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  /// A list or map that is still open.
  struct Frame {
    Node node;
    YAML::anchor_t anchor = 0;
    Weight weight;
    bool has_key = false;  ///< map: the next value belongs to `key`
    bool merges = false;   ///< map: "<<" is among the keys
    std::string key;
    Mark key_mark;
    bool key_quoted = false;
    std::unordered_map<std::string, Mark> seen;  ///< map: keys so far; order never leaves
  };
  struct Anchored {
    Node node;
    Weight weight;
  };

  bool wants_key() const {
    return !open_.empty() && open_.back().node.kind == Node::Kind::map && !open_.back().has_key;
  }
  void take_key(Mark mark, const std::string& text, bool quoted);
  void report_duplicate(Mark mark, Mark first, const std::string& text);
  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor);
  void close();
  void join_merged(Frame& frame);
  void add(Node node, const Weight& weight, YAML::anchor_t anchor);
  void remember(const Node& node, const Weight& weight, YAML::anchor_t anchor);
  void charge(const Weight& weight, Mark mark);
  void check_tag(const std::string& tag, Mark mark) const;
  std::string path() const;
  [[noreturn]] void refuse(Mark mark, std::string message) const { throw Refused{mark, path(), std::move(message)}; }

  const Document& document_;
  DocumentLimits limits_;
  Documents documents_;
  Problems& problems_;
  Node root_;
  std::vector<Node> roots_;
  std::vector<Frame> open_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;  // order never leaves
  Mark last_mark_;
  std::size_t nodes_ = 0;
  std::size_t bytes_ = 0;
  std::size_t duplicates_ = 0;
  bool started_ = false;
};

std::string TreeBuilder::path() const {
  std::string out;
  for (const Frame& frame : open_) {
    const bool list = frame.node.kind == Node::Kind::sequence;
    if (!list && !frame.has_key) continue;
    if (!out.empty()) out += '.';
    out += list ? std::to_string(frame.node.items.size()) : frame.key;
  }
  return out;
}

void TreeBuilder::OnDocumentStart(const YAML::Mark& yaml_mark) {
  const Mark mark = to_mark(yaml_mark);
  if (!started_) {
    started_ = true;
    return;
  }
  const auto line = static_cast<std::size_t>(mark.line);
  const bool marked = line >= 1 && line <= document_.lines.size() && document_.lines[line - 1].starts_with("---");
  if (marked && documents_ == Documents::several) return;
  if (marked) refuse(mark, "a second YAML document starts here; keep one document in a file");
  refuse(mark, "unexpected text after the end of the document; check brackets, quotes and indentation before it");
}

void TreeBuilder::charge(const Weight& weight, Mark mark) {
  last_mark_ = mark;
  nodes_ += weight.nodes;
  bytes_ += weight.bytes;
  if (nodes_ > limits_.nodes)
    refuse(mark, "more than " + std::to_string(limits_.nodes) + " values after aliases; split the file or write less");
  if (bytes_ > 2 * limits_.bytes)
    refuse(mark, "aliases expand to more than " + std::to_string(2 * limits_.bytes) + " bytes; write less");
  if (static_cast<int>(open_.size()) + weight.height > limits_.depth)
    refuse(mark, "nested deeper than " + std::to_string(limits_.depth) + " levels; is a bracket never closed?");
}

/// The core tags are what the reader would guess anyway (except !!str, which OnScalar honours); others mean a program
/// that we are not.
void TreeBuilder::check_tag(const std::string& tag, Mark mark) const {
  if (tag.empty() || tag == "?" || tag == "!" || tag.starts_with("tag:yaml.org,2002:")) return;
  refuse(mark, "the tag '" + shortened(tag) + "' is not supported; write the plain value");
}

void TreeBuilder::take_key(Mark mark, const std::string& text, bool quoted) {
  const bool merge = text == "<<" && !quoted;
  if (merge && !limits_.merge_keys)
    refuse(mark, "merge keys ('<<') are not supported; write the keys out, or alias whole values");
  if (text.size() > kLongestKey)
    refuse(mark, "a key has more than " + std::to_string(kLongestKey) + " bytes; shorten it");
  charge(Weight{1, text.size(), 0}, mark);
  Frame& frame = open_.back();
  const auto [first, is_new] = frame.seen.emplace(text, mark);
  if (!is_new) report_duplicate(mark, first->second, text);
  frame.has_key = true;
  frame.merges = frame.merges || merge;
  frame.key = text;
  frame.key_mark = mark;
  frame.key_quoted = quoted;
}

void TreeBuilder::report_duplicate(Mark mark, Mark first, const std::string& text) {
  problems_.add(document_.problem(mark, path(),
                                  "key '" + shortened(text) + "' is given twice, first at " +
                                      to_text(document_.problem(first, {}, {}).mark) + "; remove one of them"));
  if (++duplicates_ == kMostDuplicates) refuse(mark, "too many duplicate keys; mend these first");
}

void TreeBuilder::OnNull(const YAML::Mark& yaml_mark, YAML::anchor_t anchor) {
  const Mark mark = to_mark(yaml_mark);
  if (wants_key())
    refuse(mark, "a key is missing or null; write a name in front of ':' (in quotes if it looks like null)");
  Node node;
  node.mark = mark;
  charge(Weight{}, mark);
  add(std::move(node), Weight{}, anchor);
}

void TreeBuilder::OnScalar(const YAML::Mark& yaml_mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& value) {
  const Mark mark = to_mark(yaml_mark);
  check_tag(tag, mark);
  const bool quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
  if (wants_key()) return take_key(mark, value, quoted);
  const Weight weight{1, value.size(), 1};
  charge(weight, mark);
  Node node;
  node.kind = Node::Kind::scalar;
  node.text = value;
  node.quoted = quoted;
  node.mark = mark;
  add(std::move(node), weight, anchor);
}

void TreeBuilder::OnAlias(const YAML::Mark& yaml_mark, YAML::anchor_t anchor) {
  const Mark mark = to_mark(yaml_mark);
  if (wants_key()) refuse(mark, "an alias cannot be a key; write the key out");
  const auto found = anchors_.find(anchor);
  if (found == anchors_.end())
    refuse(mark, "this alias stands inside the value that it refers to; write the value out");
  charge(found->second.weight, mark);
  add(found->second.node, found->second.weight, 0);
}

void TreeBuilder::open(Node::Kind kind, const YAML::Mark& yaml_mark, const std::string& tag, YAML::anchor_t anchor) {
  const Mark mark = to_mark(yaml_mark);
  check_tag(tag, mark);
  if (wants_key()) refuse(mark, "a list or a map cannot be a key; is a bracket never closed?");
  charge(Weight{}, mark);
  Frame frame;
  frame.node.kind = kind;
  frame.node.mark = mark;
  frame.anchor = anchor;
  open_.push_back(std::move(frame));
}

/// Puts what "<<" names in its place: keys of the map itself win, then those of the maps named first.
void TreeBuilder::join_merged(Frame& frame) {
  std::vector<Entry> entries = std::move(frame.node.entries);
  frame.node.entries.clear();
  const Entry* merge = nullptr;
  for (Entry& entry : entries) {
    if (entry.key == "<<" && merge == nullptr)
      merge = &entry;
    else
      frame.node.entries.push_back(std::move(entry));
  }
  const auto take = [&](const Node& from) {
    if (from.kind != Node::Kind::map) refuse(from.mark, "'<<' needs a map or a list of maps; name one with *");
    for (const Entry& entry : from.entries)
      if (frame.seen.emplace(entry.key, entry.key_mark).second) frame.node.entries.push_back(entry);
  };
  if (merge->value.kind != Node::Kind::sequence) return take(merge->value);
  for (const Node& one : merge->value.items) take(one);
}

void TreeBuilder::close() {
  Frame frame = std::move(open_.back());
  open_.pop_back();
  if (frame.merges) join_merged(frame);
  add(std::move(frame.node), frame.weight, frame.anchor);
}

/// An anchored value is kept a second time; that copy counts against the limits, too.
void TreeBuilder::remember(const Node& node, const Weight& weight, YAML::anchor_t anchor) {
  charge(Weight{weight.nodes, weight.bytes, 0}, node.mark);
  anchors_.insert_or_assign(anchor, Anchored{node, weight});
}

void TreeBuilder::add(Node node, const Weight& weight, YAML::anchor_t anchor) {
  if (anchor != 0) remember(node, weight, anchor);
  if (open_.empty()) {
    root_ = std::move(node);
    return;
  }
  Frame& frame = open_.back();
  frame.weight.nodes += weight.nodes + (frame.has_key ? 1 : 0);
  frame.weight.bytes += weight.bytes + (frame.has_key ? frame.key.size() : 0);
  frame.weight.height = std::max(frame.weight.height, weight.height + 1);
  if (frame.node.kind == Node::Kind::sequence) {
    frame.node.items.push_back(std::move(node));
    return;
  }
  frame.node.entries.push_back(Entry{std::move(frame.key), frame.key_mark, std::move(node), frame.key_quoted});
  frame.has_key = false;
}

std::vector<std::string> split_lines(std::string_view text, std::size_t most) {
  std::vector<std::string> lines;
  while (!text.empty() && lines.size() < most) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

Mark mark_of_byte(std::string_view text, std::size_t at) {
  const std::string_view before = text.substr(0, at);
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return {static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1, static_cast<int>(at - line_start) + 1};
}

/// yaml-cpp keeps a whole flow collection as tokens before it hands out the first, and this file keeps every line, so
/// the number of indicators and lines bounds the memory of both. Counted everywhere, strings and comments included: no
/// honest file comes near. Brackets that are never closed are refused here: the parser would blame another place.
void check_structure(std::string_view text, const DocumentLimits& limits) {
  constexpr std::string_view counted = "[]{},!&*\n";
  constexpr int most_open = 1000;
  std::size_t left = 2 * limits.nodes;
  int open = 0;
  for (std::size_t at = text.find_first_of(counted); at < text.size(); at = text.find_first_of(counted, at + 1)) {
    if (text[at] == '[' || text[at] == '{') ++open;
    if (text[at] == ']' || text[at] == '}') open = std::max(0, open - 1);
    if (open > most_open)
      throw Refused{mark_of_byte(text, at), {}, "nested deeper than 1000 brackets; is one never closed?"};
    if (left-- == 0)
      throw Refused{
          mark_of_byte(text, at),
          {},
          "more than " + std::to_string(2 * limits.nodes) + " lines, brackets and commas up to here; split the file"};
  }
}

void check_bytes(std::string_view text, const DocumentLimits& limits) {
  const std::size_t bad = first_bad_byte(text);
  if (bad != std::string_view::npos) throw Refused{mark_of_byte(text, bad), {}, describe_bad_byte(text, bad)};
  check_structure(text, limits);
}

/// Ends the text with a comment: yaml-cpp closes an open quote silently at a last line feed, but not after a '#'.
std::string with_end_guard(std::string_view text) {
  std::string out{text};
  if (!out.empty() && out.back() != '\n') out += '\n';
  return out += '#';
}

std::string_view line_at(const Document& document, Mark mark) {
  const bool inside = mark.line >= 1 && static_cast<std::size_t>(mark.line) <= document.lines.size();
  return inside ? std::string_view{document.lines[static_cast<std::size_t>(mark.line) - 1]} : std::string_view{};
}

/// yaml-cpp's words in ours, where its own would not help.
std::string parser_message(const std::string& message, std::string_view line) {
  namespace words = YAML::ErrorMsg;
  const std::string_view indentation = line.substr(0, std::min(line.find_first_not_of(" \t"), line.size()));
  if (indentation.find('\t') != std::string_view::npos) return "a tab in the indentation; indent with spaces";
  constexpr std::string_view places = "; check indentation, brackets and quotes around this place";
  if (message == words::EOF_IN_SCALAR)
    return "the file ends inside a quoted text that starts after this place; close the quote";
  if (message == words::END_OF_SEQ_FLOW) return "a list that was opened with '[' is not closed here; add ',' or ']'";
  if (message == words::END_OF_MAP_FLOW) return "a map that was opened with '{' is not closed here; add ',' or '}'";
  if (message == words::END_OF_MAP) return "expected a 'key: value' of the same map here; check the indentation";
  if (message == words::END_OF_SEQ) return "expected a '- item' of the same list here; check the indentation";
  if (message == words::MAP_VALUE) return "a ':' cannot stand here; quote the text that contains it";
  if (message == words::FLOW_END) return "a ']' or '}' that closes nothing; remove it, or open it before";
  if (message == words::UNKNOWN_ANCHOR)
    return "an alias ('*') of nothing; name the value with '&' before, or quote the text";
  if (message.starts_with(words::INVALID_ESCAPE))
    return "an unknown escape in double quotes; write \\\\ for a backslash, or use single quotes";
  return "not valid YAML: " + shortened(message, 200) + std::string{places};
}

Node parse(std::string_view text, TreeBuilder& builder) {
  std::istringstream stream{with_end_guard(text)};
  YAML::Parser parser{stream};
  while (parser.HandleNextDocument(builder)) continue;  // unless several are wanted, the second one is refused
  return builder.take_root();
}

/// The roots of a stream as one list; it stands where the first of them stands.
Node list_of(std::vector<Node> roots) {
  Node list;
  list.kind = Node::Kind::sequence;
  if (!roots.empty()) list.mark = roots.front().mark;
  list.items = std::move(roots);
  return list;
}

/// Fills lines and root; what ends parsing arrives as Refused.
void fill(Document& document, std::string_view text, const DocumentLimits& limits, Documents documents,
          Problems& problems) {
  if (text.size() > limits.bytes)
    throw Refused{{}, {}, "is larger than " + std::to_string(limits.bytes) + " bytes; is it the right file?"};
  document.lines = split_lines(text, 2 * limits.nodes + 1);
  TreeBuilder builder{document, limits, documents, problems};
  const auto keep = [&] {
    if (documents == Documents::several) document.root = list_of(builder.take_roots());
  };
  try {
    check_bytes(text, limits);
    document.root = parse(text, builder);
    keep();
  } catch (const Refused&) {
    keep();
    throw;
  } catch (const YAML::Exception& error) {
    keep();
    const bool at_end = error.msg == YAML::ErrorMsg::EOF_IN_SCALAR;
    const Mark mark = at_end ? builder.last_mark() : to_mark(error.mark);
    throw Refused{mark, {}, parser_message(error.msg, line_at(document, mark))};
  }
}

LoadedDocument load(std::string_view text, std::string name, Documents documents, Problems& problems,
                    const DocumentLimits& limits) {
  Document document;
  document.file = std::move(name);
  Problems found;
  try {
    fill(document, text, limits, documents, found);
  } catch (const Refused& refusal) {
    found.add(document.problem(refusal.mark, refusal.path, refusal.message));
  }
  for (const Problem& problem : found.all()) problems.add(problem);
  const LoadFailure failure = found.has_errors() ? LoadFailure::input : LoadFailure::none;
  const bool some = documents == Documents::several && !document.root.items.empty();
  if (found.has_errors() && !some) return {std::nullopt, failure};
  return {std::move(document), failure};
}

LoadedDocument load_file(const std::filesystem::path& file, Documents documents, Problems& problems,
                         const DocumentLimits& limits) {
  const language::FileText read = language::read_file_text(file, limits.bytes);
  if (read.text) return load(*read.text, file.string(), documents, problems, limits);
  Problem problem;
  problem.file = file.string();
  problem.message = read.message;
  problems.add(std::move(problem));
  return {std::nullopt, read.failure};
}

void place_all(Node& node, Mark mark) {
  node.mark = mark;
  for (Node& item : node.items) place_all(item, mark);
  for (Entry& entry : node.entries) {
    entry.key_mark = mark;
    place_all(entry.value, mark);
  }
}

/// The lines of a literal block as they stand in the file, indented, behind as many empty lines as precede them there,
/// so that places in both are the same. Empty when the text is no such block.
std::string block_in_place(const Document& outer, const Node& text) {
  const auto header = static_cast<std::size_t>(text.mark.line);  // its content starts on the next line
  if (!text.quoted || !line_at(outer, text.mark).substr(static_cast<std::size_t>(text.mark.column) - 1).starts_with('|'))
    return {};
  std::string placed(header, '\n');
  std::size_t indentation = std::string::npos;
  std::size_t at = header;
  for (std::string_view rest = text.text; !rest.empty(); ++at) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view wanted = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (at >= outer.lines.size()) return {};
    const std::string_view line = outer.lines[at];
    if (indentation == std::string::npos && !wanted.empty())
      indentation = line.size() - std::min(line.size(), wanted.size());
    const std::string_view content = line.substr(std::min(line.size(), indentation));
    if (content != wanted) return {};
    placed.append(wanted == "---" ? std::string_view{} : line) += '\n';  // an indented "---" would be a text
  }
  return placed;
}

/// A problem in a text of its own, told where the text stands.
Problem told_outside(const Problem& inner, const Document& outer, const Node& text) {
  const std::string place = inner.mark.line > 0 ? " (line " + std::to_string(inner.mark.line) + " of this text)" : "";
  return outer.problem(text.mark, inner.path, inner.message + place, inner.severity);
}

}  // namespace

LoadedDocument parse_document(std::string_view text, std::string name, Problems& problems,
                              const DocumentLimits& limits) {
  return load(text, std::move(name), Documents::one, problems, limits);
}

LoadedDocument load_document(const std::filesystem::path& file, Problems& problems, const DocumentLimits& limits) {
  return load_file(file, Documents::one, problems, limits);
}

LoadedDocument load_stream(const std::filesystem::path& file, Problems& problems, const DocumentLimits& limits) {
  return load_file(file, Documents::several, problems, limits);
}

LoadedDocument parse_embedded(const Document& outer, const Node& text, Problems& problems,
                              const DocumentLimits& limits) {
  if (const std::string placed = block_in_place(outer, text); !placed.empty())
    return parse_document(placed, outer.file, problems, limits);
  Problems found;
  LoadedDocument loaded = parse_document(text.text, outer.file, found, limits);
  for (const Problem& problem : found.all()) problems.add(told_outside(problem, outer, text));
  if (!loaded.document) return loaded;
  loaded.document->lines = outer.lines;
  place_all(loaded.document->root, text.mark);
  return loaded;
}

}  // namespace spillway
