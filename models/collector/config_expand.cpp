// ${…} in collector files: what the collector's confmap resolver does, transliterated where its order of steps
// shows in the result. Source: confmap v1.17 and v1.65, resolver.go, expand.go and the env, file and yaml providers.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "models/collector/config_value.hpp"

namespace spillway::collector {
namespace {

constexpr int kRounds = 1000;                   // the collector's own bound
constexpr std::size_t kTextBudget = 8u << 20;   // of everything that expressions yield
constexpr std::size_t kWorkBudget = 64u << 20;  // of everything that is written while putting it into texts
constexpr int kExpressionBudget = 20'000;
constexpr int kDepth = 64;
constexpr std::string_view kTooMuch =
    "the expressions of this file expand to more than 8 MiB; one of them repeats another too often";

/// What a provider yields: the value, and the text it was read from when there is one.
struct Retrieved {
  Value value;
  std::string text;
};

struct Failed {
  std::string message;
};

bool is_scheme(std::string_view text) {
  if (text.size() < 2 || std::isalpha(static_cast<unsigned char>(text[0])) == 0) return false;
  return std::ranges::all_of(text,
                             [](unsigned char c) { return std::isalnum(c) != 0 || c == '+' || c == '.' || c == '-'; });
}

bool is_variable_name(std::string_view name) {
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) != 0) return false;
  return std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

/// The innermost expression that closes first, or empty. An escaped one ("$${…}") ends the search, even when
/// others follow it: so does the collector.
std::string_view find_expression(std::string_view input) {
  for (std::size_t close = input.find('}'); close != std::string_view::npos; close = input.find('}')) {
    const std::size_t open = input.substr(0, close + 1).rfind("${");
    if (open == std::string_view::npos) {
      input.remove_prefix(close + 1);
      continue;
    }
    std::size_t dollars = 0;
    while (dollars < open && input[open - 1 - dollars] == '$') ++dollars;
    return dollars % 2 == 1 ? std::string_view{} : input.substr(open, close + 1 - open);
  }
  return {};
}

std::size_t count_of(std::string_view text, std::string_view what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + what.size())) ++count;
  return count;
}

std::string replace_all(std::string_view text, std::string_view from, std::string_view to) {
  std::string result;
  for (std::size_t at = text.find(from); at != std::string_view::npos; at = text.find(from)) {
    result.append(text.substr(0, at)).append(to);
    text.remove_prefix(at + from.size());
  }
  return result.append(text);
}

class Expander {
 public:
  explicit Expander(Expansion& expansion) : expansion_(expansion) {}

  /// Every leaf of the tree; `path` for messages.
  void walk(Value& value, const std::string& path) {
    if (value.kind == Value::Kind::map) {
      for (Member& entry : value.members) walk(entry.value, path.empty() ? entry.key : path + '.' + entry.key);
      return;
    }
    path_ = path;
    try {
      settle(value);
    } catch (const Failed& failed) {
      add_problem(expansion_.problems, *value.document, value.mark, path, failed.message);
      value = placed(Value{}, value);
      value.broken = true;
    }
  }

 private:
  void settle(Value& value) {
    for (int round = 0; round < kRounds; ++round)
      if (!step(value, 0)) return unescape(value);
    throw Failed{"too many recursive expansions; one of the values refers to itself"};
  }

  /// One round over a value; true when something changed.
  bool step(Value& value, int depth) {
    if (depth > kDepth) throw Failed{"the expanded value is nested too deeply; 64 levels are the limit"};
    if (value.original) return step_expanded(value, depth);
    switch (value.kind) {
      case Value::Kind::text:
        return step_text(value);
      case Value::Kind::list: {
        bool changed = false;
        for (Value& item : value.items) changed = step(item, depth + 1) || changed;
        return changed;
      }
      case Value::Kind::map: {
        bool changed = false;
        for (Member& entry : value.members) changed = step(entry.value, depth + 1) || changed;
        return changed;
      }
      case Value::Kind::null:
      case Value::Kind::boolean:
      case Value::Kind::integer:
      case Value::Kind::real:
      case Value::Kind::moment:
        return false;
    }
    return false;
  }

  /// A value that came out of an expression: both its readings are expanded further.
  bool step_expanded(Value& value, int depth) {
    std::string original = *std::exchange(value.original, std::nullopt);
    bool changed = step(value, depth);
    if (value.original || value.kind == Value::Kind::text) return changed;
    Value as_text = text_value(original, value);
    try {
      changed = step_text(as_text) || changed;
    } catch (const Failed&) {
      return changed;
    }
    if (as_text.kind == Value::Kind::text && !as_text.original) value.original = as_text.text;
    return changed;
  }

  bool step_text(Value& value) {
    const std::string input = value.text;
    const std::string_view expression = find_expression(input);
    if (expression.empty()) return false;
    Retrieved got = retrieve(expression, value);
    if (expression.size() == input.size()) {
      value = placed(std::move(got.value), value);
      value.original = std::move(got.text);
      return true;
    }
    write(input.size() + count_of(input, expression) * got.text.size());
    value.text = replace_all(input, expression, got.text);
    return true;
  }

  Retrieved retrieve(std::string_view expression, const Value& at) {
    spend(0);
    std::string uri(expression.substr(2, expression.size() - 3));
    if (uri.find(':') == std::string::npos) uri = "env:" + uri;
    const std::size_t colon = uri.find(':');
    const std::string scheme = uri.substr(0, colon);
    const std::string opaque = uri.substr(colon + 1);
    if (!is_scheme(scheme))
      throw Failed{"invalid uri: \"" + uri + "\"; write ${env:NAME}, ${env:NAME:-default} or ${file:path}"};
    if (opaque.find('$') != std::string::npos)
      throw Failed{"the uri \"" + uri + "\" contains unsupported characters ('$'); write $$ for a plain dollar"};
    if (scheme == "env") return from_environment(opaque, at);
    if (scheme == "file") return from_file(opaque, at);
    if (scheme == "yaml") return from_text(opaque, at);
    if (scheme == "http" || scheme == "https")
      throw Failed{"\"" + uri + "\" would have to be fetched over the network; save it and use ${file:path}"};
    throw Failed{"scheme \"" + scheme + "\" is not supported for uri \"" + uri + "\"; use env, file or yaml" +
                 (opaque.starts_with('-') ? " (a default needs the scheme: ${env:" + uri + "})" : "")};
  }

  Retrieved from_environment(const std::string& opaque, const Value& at) {
    const std::size_t cut = opaque.find(":-");
    const std::string name = opaque.substr(0, cut);
    if (!is_variable_name(name))
      throw Failed{"environment variable \"" + name +
                   "\" has invalid name: must match regex ^[a-zA-Z_][a-zA-Z0-9_]*$; rename it"};
    if (const auto found = expansion_.environment.find(name); found != expansion_.environment.end())
      return from_text(found->second, at);
    if (cut == std::string::npos) {
      add_problem(expansion_.problems, *at.document, at.mark, path_,
                  "environment variable " + name + " is not set, so this is empty; set it in `environment`",
                  Problem::Severity::warning);
      return from_text("", at);
    }
    const std::string fallback = opaque.substr(cut + 2);
    if (fallback.empty() && expansion_.empty_default_is_text) return {text_value("", at), ""};
    return from_text(fallback, at);
  }

  Retrieved from_file(const std::string& opaque, const Value& at) {
    namespace fs = std::filesystem;
    const fs::path file = (fs::path(at.document->file).parent_path() / opaque).lexically_normal();
    std::error_code error;
    const bool plain = fs::is_regular_file(file, error);
    std::ifstream stream;
    if (plain) stream.open(file, std::ios::binary);
    if (!stream.is_open()) {
      expansion_.failure = LoadFailure::environment;
      throw Failed{"unable to read the file " + file.string() + (plain ? "" : ": there is no such file") +
                   "; the path counts from the folder of this file"};
    }
    const auto size = fs::file_size(file, error);
    if (error || size > kTextBudget) throw Failed{"the file " + file.string() + " is too large; 8 MiB are the limit"};
    return from_text(std::string(std::istreambuf_iterator<char>(stream), {}), at);
  }

  /// Text as YAML; what is a string, or no YAML at all, stays as it is, quotes included.
  Retrieved from_text(const std::string& text, const Value& at) {
    spend(text.size());
    Problems ignored;
    LoadedDocument loaded = parse_document(text, at.document->file, ignored, {.merge_keys = true});
    if (!loaded.document) return {text_value(text, at), text};
    Value value = to_value(loaded.document->root, *at.document);
    if (value.kind == Value::Kind::text) return {text_value(text, at), text};
    if (value.kind == Value::Kind::integer && value.wrapped)
      throw Failed{"unsupported type=uint64 for retrieved config, ensure that values are wrapped in quotes"};
    return {placed(std::move(value), at), text};
  }

  static Value text_value(const std::string& text, const Value& at) {
    Value value;
    value.kind = Value::Kind::text;
    value.text = text;
    return placed(std::move(value), at);
  }

  /// The value and all inside it, standing where `at` stands.
  static Value placed(Value value, const Value& at) {
    const Mark mark = at.mark;
    const Document* const document = at.document;
    place(value, mark, document);
    return value;
  }
  static void place(Value& value, Mark mark, const Document* document) {
    value.mark = mark;
    value.document = document;
    for (Value& item : value.items) place(item, mark, document);
    for (Member& entry : value.members) {
      entry.key_mark = mark;
      entry.document = document;
      place(entry.value, mark, document);
    }
  }

  static void unescape(Value& value) {
    if (value.kind == Value::Kind::text) value.text = replace_all(value.text, "$$", "$");
    if (value.original) value.original = replace_all(*value.original, "$$", "$");
    for (Value& item : value.items) unescape(item);
    for (Member& entry : value.members) unescape(entry.value);
  }

  void spend(std::size_t bytes) {
    bytes_ += bytes;
    if (++expressions_ > kExpressionBudget || bytes_ > kTextBudget) throw Failed{std::string(kTooMuch)};
  }

  /// Before a text of this size is written.
  void write(std::size_t bytes) {
    work_ += bytes;
    if (bytes > kTextBudget || work_ > kWorkBudget) throw Failed{std::string(kTooMuch)};
  }

  Expansion& expansion_;
  std::string path_;
  std::size_t bytes_ = 0;
  std::size_t work_ = 0;
  int expressions_ = 0;
};

}  // namespace

void expand(Value& root, Expansion& expansion) { Expander(expansion).walk(root, ""); }

}  // namespace spillway::collector
