// A YAML file as a plain tree in which every value knows where it stands. The only door to yaml-cpp:
// document.cpp includes it, nothing else does. Scenarios and collector files are both read through this.
//
// Hostile input is bounded here, once: file size, depth, number of nodes after aliases, UTF-8, NUL bytes,
// duplicate keys, special files. A tree that was returned is safe to walk recursively.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spillway {

/// Place in a file, both counted from 1. 0 means "the file as a whole".
struct Mark {
  int line = 0;
  int column = 0;
};

/// One thing the user has to mend (or should know): place, key, what disagrees and the way out.
struct Problem {
  enum class Severity { error, warning };
  Severity severity = Severity::error;
  std::string file;
  Mark mark;
  std::string path;     ///< key path, e.g. "processors.batch.send_batch_max_size"; may be empty
  std::string message;  ///< "what; way out", lower-case start, no final period
  std::string source_line;  ///< the line of the file (of a very long one, the part around the mark); may be empty
  int source_offset = 0;    ///< characters of the line in front of source_line
};

/// Collects every problem instead of stopping at the first.
class Problems {
 public:
  void add(Problem problem);
  bool has_errors() const { return errors_ > 0; }
  const std::vector<Problem>& all() const { return all_; }

 private:
  std::vector<Problem> all_;
  std::size_t errors_ = 0;
};

/// "file:line:column: error: path: what; way out", the source line and a caret. Control characters are escaped.
std::string to_text(const Problem& problem);

struct Node;
struct Entry;

/// A YAML value. Aliases are resolved (copied, within the node limit).
struct Node {
  enum class Kind { null, scalar, sequence, map };
  Kind kind = Kind::null;
  std::string text;          ///< scalar: its text
  bool quoted = false;       ///< scalar: written with quotes (or as a block), hence a string whatever it looks like
  Mark mark;                 ///< its column counts bytes; Document::problem turns it into characters
  std::vector<Node> items;   ///< sequence
  std::vector<Entry> entries;  ///< map, in the order of the file

  const Node* find(std::string_view key) const;  ///< null when absent or when this is not a map
};
struct Entry {
  std::string key;
  Mark key_mark;
  Node value;
  bool key_quoted = false;
};

/// A file that was read and parsed.
struct Document {
  std::string file;  ///< as named by the user, for messages
  std::vector<std::string> lines;  ///< source text for the caret
  Node root;

  /// A problem of this file at this place, with its source line.
  Problem problem(Mark mark, std::string path, std::string message,
                  Problem::Severity severity = Problem::Severity::error) const;
};

struct DocumentLimits {
  std::size_t bytes = 8u << 20;
  int depth = 64;
  std::size_t nodes = 200'000;  ///< after aliases are expanded
  bool merge_keys = false;      ///< "<<: *name" joins maps, as the readers of collectors and of Kubernetes do
};

/// What kept a file from becoming a tree.
enum class LoadFailure { none, input, environment };  ///< exit 0, 2, 3

struct LoadedDocument {
  std::optional<Document> document;
  LoadFailure failure = LoadFailure::none;
};

/// Reads and parses; every problem goes to `problems`. `environment` when the file cannot be opened or read
/// (missing, no permission, a directory, a FIFO or device), `input` when its content is refused.
LoadedDocument load_document(const std::filesystem::path& file, Problems& problems, const DocumentLimits& = {});
/// The same for text that is already in memory; `name` stands for the file in messages.
LoadedDocument parse_document(std::string_view text, std::string name, Problems& problems, const DocumentLimits& = {});

/// All YAML documents of a file, one after the other: the root of what comes back is the list of their roots, empty ones
/// left out. When a later document is broken, its problems are told and those before it come back all the same.
LoadedDocument load_stream(const std::filesystem::path& file, Problems& problems, const DocumentLimits& = {});
/// A YAML text that is a value of `outer`, such as a key of a ConfigMap. Problems and marks point into the outer file:
/// at the very place when the text is a literal block ("|"), else at the value.
LoadedDocument parse_embedded(const Document& outer, const Node& text, Problems& problems, const DocumentLimits& = {});

/// The known key nearest to `key` (Damerau-Levenshtein distance at most a third of its length), or empty.
std::string nearest(std::string_view key, const std::vector<std::string>& known);

}  // namespace spillway
