// Recordings: JSON lines of posts, or what a collector's file exporter has written.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "models/scenario/url.hpp"
#include "models/scenario/utf8.hpp"
#include "models/scenario/values.hpp"

namespace spillway::language {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostPosts = 100'000;
constexpr int kDeepest = 1'000;  // a body may be nested as deep as a receiver would read; writing it again recurses

/// Levels of brackets outside texts.
int depth_of(std::string_view json) {
  int open = 0, deepest = 0;
  bool text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (text && c == '\\') ++i;
    else if (c == '"') text = !text;
    else if (!text && (c == '{' || c == '[')) deepest = std::max(deepest, ++open);
    else if (!text && (c == '}' || c == ']')) --open;
  }
  return deepest;
}

/// One line of the file; what is wrong with it is reported at the line.
class Line {
 public:
  Line(const Value& value, const std::string& file, int number, const std::string& text)
      : value_{value}, file_{file}, number_{number}, text_{text} {}

  void read(RecordedPost& post) {
    if (depth_of(text_) > kDeepest) return problem("is nested deeper than " + std::to_string(kDeepest) + " levels");
    const Json json = Json::parse(text_, nullptr, false);
    if (!json.is_object()) return problem("is no JSON object; a line is a post, such as {\"at\": \"1s\", \"body\": []}");
    if (json.contains("resourceProfiles")) return problem("resourceProfiles are not modelled; leave them out");
    constexpr std::array written{std::pair{"resourceSpans", Signal::traces}, std::pair{"resourceMetrics", Signal::metrics},
                                 std::pair{"resourceLogs", Signal::logs}};
    for (const auto& [key, signal] : written) {
      if (!json.contains(key)) continue;
      post.headers = {{"content-type", "application/json"}};
      post.body = text_;
      post.written = signal;
      return;
    }
    for (const auto& [key, item] : json.items()) read_key(key, item, post);
    if (!post.compress.empty()) post.headers.emplace_back("content-encoding", post.compress);
    const bool typed = std::any_of(post.headers.begin(), post.headers.end(),
                                   [](const auto& header) { return header.first == "content-type"; });
    if (!typed && json.contains("body") && json["body"].is_structured())
      post.headers.emplace_back("content-type", "application/json");
  }

  bool good() const { return good_; }
  /// Whose post it is; empty: everybody's who plays the file.
  const std::string& client() const { return client_; }

 private:
  void read_key(const std::string& key, const Json& item, RecordedPost& post) {
    static const std::vector<std::string> known{"at",   "client",    "url",      "method",  "path", "headers",
                                                "body", "body_file", "compress", "timeout", "retry"};
    if (key == "at") return read_at(item, post);
    if (key == "timeout") {
      post.timeout = duration_of(key, item, kDay);
      return;
    }
    if (key == "retry") return read_retry(item, post);
    if (key == "headers") return read_headers(item, post);
    if (key == "body") return void(post.body = item.is_string() ? item.get<std::string>() : item.dump());
    if (std::find(known.begin(), known.end(), key) == known.end())
      return problem("unknown key '" + shortened(key, 60) + "'" + hint(key, known));
    if (!item.is_string()) return problem("'" + key + "' is no text");
    read_text(key, item.get<std::string>(), post);
  }

  void read_text(const std::string& key, const std::string& text, RecordedPost& post) {
    if (key == "client") client_ = text;
    if (key == "url") read_url(text, post);
    if (key == "method") post.method = text;
    if (key == "path") post.path = text;
    if (key == "compress") read_compress(text, post);
    if (key == "body_file") {
      if (auto content = value_.input.read_file(text, value_.node.mark, value_.path)) post.body = std::move(*content);
    }
    const bool plain = std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > 32 && c < 127; });
    if ((key == "method" || key == "path") && (!plain || text.empty()))
      problem("'" + key + "' has a character that HTTP does not allow there");
  }

  void read_compress(const std::string& text, RecordedPost& post) {
    constexpr std::array known{"gzip", "zlib", "deflate", "zstd", "snappy", "x-snappy-framed", "lz4"};
    if (std::find(known.begin(), known.end(), text) == known.end())
      return problem("'compress' knows gzip, zlib, deflate, zstd, snappy, x-snappy-framed and lz4");
    post.compress = text;
  }

  void read_url(const std::string& text, RecordedPost& post) {
    const auto url = parse_url(text);
    if (!url.value) return problem("'url': " + url.why);
    post.url = text;
  }

  void read_retry(const Json& item, RecordedPost& post) {
    if (!item.is_object()) return problem("'retry' is no map of attempts and after");
    ClientRetry retry;
    for (const auto& [key, value] : item.items()) {
      const bool count = key == "attempts" && value.is_number_integer() && value >= 1 && value <= 1000;
      if (count) retry.attempts = value.get<int>();
      else if (key == "after") retry.after = duration_of("retry.after", value, kDay).value_or(retry.after);
      else return problem("'retry' has attempts, from 1 to 1000, and after, a time");
    }
    post.retry = retry;
  }

  void read_at(const Json& item, RecordedPost& post) {
    const auto at = duration_of("at", item, kLongest);
    if (!at) return;
    post.at = Time{*at};
    post.timed = true;
  }

  /// A number of seconds, or a text with a unit.
  std::optional<Duration> duration_of(const std::string& key, const Json& item, double longest) {
    if (item.is_number() && item.get<double>() >= 0 && item.get<double>() <= longest)
      return from_seconds(item.get<double>());
    const auto parsed = item.is_string() ? parse_duration(item.get_ref<const std::string&>())
                                         : Parsed<Duration>{std::nullopt, "'" + key + "' is no time"};
    if (parsed.value && *parsed.value >= Duration{} && *parsed.value <= from_seconds(longest)) return parsed.value;
    problem(parsed.value ? "'" + key + "' is negative or too long" : parsed.why);
    return std::nullopt;
  }

  void read_headers(const Json& item, RecordedPost& post) {
    if (!item.is_object()) return problem("'headers' is no map of texts");
    for (const auto& [name, header] : item.items()) read_header(name, header, post);
  }

  void read_header(const std::string& name, const Json& header, RecordedPost& post) {
    static const std::set<std::string> ours{"host",          "content-length", "connection", "transfer-encoding",
                                            "authorization", "expect"};
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const bool fits = !lower.empty() && std::all_of(lower.begin(), lower.end(), [](unsigned char c) {
      return std::isalnum(c) || c == '-' || c == '_';
    });
    const bool text =
        header.is_string() && header.get_ref<const std::string&>().find_first_of("\r\n") == std::string::npos;
    if (!fits || !text) return problem("header '" + shortened(name, 40) + "' is no name with a text of one line");
    if (ours.contains(lower))
      return problem("header '" + name + "' is made by the client; remove it (for authorization give user and password)");
    post.headers.emplace_back(lower, header.get<std::string>());
  }

  void problem(std::string message) {
    good_ = false;
    value_.input.problem(
        Problem{Problem::Severity::error, file_, {number_, 1}, {}, std::move(message), shortened(text_, 120)});
  }

  const Value& value_;
  const std::string& file_;
  int number_;
  const std::string& text_;
  std::string client_;
  bool good_ = true;
};

}  // namespace

// A file may hold the posts of several clients.
void read(const Value& value, Recording& out) {
  const auto name = value.scalar();
  if (!name) return;
  const auto content = value.input.read_file(std::string{*name}, value.node.mark, value.path);
  if (!content) return;
  const std::string file = value.input.resolve(std::string{*name}).string();
  std::size_t at = 0;
  bool some_bad = false;
  for (int number = 1; at < content->size() && !value.input.is_full(); ++number) {
    const std::size_t end = std::min(content->find('\n', at), content->size());
    std::string line = content->substr(at, end - at);
    at = end + 1;
    if (line.ends_with('\r')) line.pop_back();
    if (line.find_first_not_of(" \t") == std::string::npos) continue;
    if (out.posts.size() == kMostPosts)
      return value.problem("'" + shortened(std::string{*name}) + "' has more than 100000 posts; split it");
    Line post{value, file, number, line};
    post.read(out.posts.emplace_back());
    if (!post.good() || !(post.client().empty() || value.path.ends_with("." + post.client() + ".recording"))) {
      out.posts.pop_back();
      some_bad |= !post.good();
      continue;
    }
    const auto& posts = out.posts;
    if (posts.size() > 1 && posts.back().at < posts[posts.size() - 2].at)
      value.input.problem(Problem{Problem::Severity::error, file, {number, 1}, {},
                                  "is before the post in front of it; write posts in ascending order, all with 'at' or none",
                                  {}});
  }
  if (out.posts.empty() && !some_bad) value.problem("'" + shortened(std::string{*name}) + "' has no posts");
}

}  // namespace spillway::language
