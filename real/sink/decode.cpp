#include "real/sink/decode.hpp"

#include <google/protobuf/arena.h>

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "models/wire/otlp_trace.pb.h"

namespace spillway::real {
namespace {

using nlohmann::json;

std::uint64_t big_endian(std::string_view eight_bytes) {
  std::uint64_t value = 0;
  for (const char c : eight_bytes) value = value << 8U | static_cast<unsigned char>(c);
  return value;
}

bool decode_proto(std::string_view body, std::vector<SpanKey>& spans) {
  if (body.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return false;
  google::protobuf::Arena arena;
  auto* request = google::protobuf::Arena::CreateMessage<otlp::ExportTraceServiceRequest>(&arena);
  if (!request->ParseFromArray(body.data(), static_cast<int>(body.size()))) return false;
  for (const auto& resource : request->resource_spans()) {
    for (const auto& scope : resource.scope_spans()) {
      for (const auto& span : scope.spans()) {
        const std::string_view trace = span.trace_id();
        if (trace.size() != 16 || span.span_id().size() != 8) return false;
        spans.push_back({big_endian(trace.substr(0, 8)), big_endian(trace.substr(8)), big_endian(span.span_id())});
      }
    }
  }
  return true;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The low 128 bits of 1 to `digits` hex digits as {high, low}.
std::optional<std::pair<std::uint64_t, std::uint64_t>> from_hex(std::string_view text, std::size_t digits) {
  if (text.empty() || text.size() > digits) return std::nullopt;
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  for (const char c : text) {
    const int digit = hex_digit(c);
    if (digit < 0) return std::nullopt;
    high = high << 4U | low >> 60U;
    low = low << 4U | static_cast<std::uint64_t>(digit);
  }
  return std::pair{high, low};
}

/// Where spans are in a JSON document: an object on `path` (names of nested arrays), below a root object or,
/// for a bare array of spans, a root array.
struct Shape {
  std::vector<std::string_view> path;
  std::string_view trace_key;
  std::string_view span_key;
  bool whole_ids;  ///< ids have their full length, else they are padded
};

const Shape kOtlpShape{{"resourceSpans", "scopeSpans", "spans"}, "traceId", "spanId", true};
const Shape kZipkinShape{{}, "traceId", "id", false};

/// Walks a JSON document without building it; remembers nothing but the open containers and the last key.
class SpanFinder final : public nlohmann::json_sax<json> {
 public:
  SpanFinder(const Shape& shape, std::vector<SpanKey>& spans) : shape_{shape}, spans_{spans} {}

  bool null() override { return scalar(); }
  bool boolean(bool) override { return scalar(); }
  bool number_integer(number_integer_t) override { return scalar(); }
  bool number_unsigned(number_unsigned_t) override { return scalar(); }
  bool number_float(number_float_t, const string_t&) override { return scalar(); }
  bool binary(binary_t&) override { return false; }
  bool parse_error(std::size_t, const std::string&, const json::exception&) override { return false; }
  bool key(string_t& name) override { return key_.swap(name), true; }
  bool end_array() override { return open_.pop_back(), true; }

  bool string(string_t& text) override {
    if (!in_span()) return scalar();
    if (key_ == shape_.trace_key) return read_trace(text);
    if (key_ == shape_.span_key) return read_span(text);
    return true;
  }

  bool start_object(std::size_t) override {
    if (!push(false, open_.empty() ? 0 : object_depth())) return false;
    if (in_span()) has_trace_ = has_span_ = false;
    return true;
  }

  bool end_object() override {
    if (in_span()) {
      if (!has_trace_ || !has_span_) return false;
      spans_.push_back(current_);
    }
    open_.pop_back();
    return true;
  }

  bool start_array(std::size_t) override { return push(true, open_.empty() ? 0 : array_depth()); }

 private:
  static constexpr std::size_t kDeepest = 64;
  static constexpr int kElsewhere = -1;
  struct Open {
    bool array;
    int matched;  ///< how many names of the path lead here; kElsewhere: off the path
  };

  bool root_must_be_array() const { return shape_.path.empty(); }
  bool scalar() const { return !open_.empty(); }  // a document that is one bare value has no spans: refused

  bool push(bool array, int matched) {
    if (open_.size() >= kDeepest) return false;
    if (open_.empty() && array != root_must_be_array()) return false;
    open_.push_back({array, matched});
    return true;
  }
  int object_depth() const { return open_.back().array ? open_.back().matched : kElsewhere; }
  int array_depth() const {
    const Open& parent = open_.back();
    if (parent.array || parent.matched < 0) return kElsewhere;
    const auto next = static_cast<std::size_t>(parent.matched);
    return next < shape_.path.size() && key_ == shape_.path[next] ? parent.matched + 1 : kElsewhere;
  }
  bool in_span() const {
    if (open_.empty() || open_.back().array) return false;
    return open_.back().matched == static_cast<int>(shape_.path.size());
  }

  bool read_trace(const std::string& text) {
    const auto id = from_hex(text, 32);
    if (!id || (shape_.whole_ids && text.size() != 32)) return false;
    current_.trace_hi = id->first;
    current_.trace_lo = id->second;
    return has_trace_ = true;
  }
  bool read_span(const std::string& text) {
    const auto id = from_hex(text, 16);
    if (!id || (shape_.whole_ids && text.size() != 16)) return false;
    current_.span_id = id->second;
    return has_span_ = true;
  }

  const Shape& shape_;
  std::vector<SpanKey>& spans_;
  std::vector<Open> open_;
  std::string key_;
  SpanKey current_;
  bool has_trace_ = false;
  bool has_span_ = false;
};

bool decode_json(const Shape& shape, std::string_view body, std::vector<SpanKey>& spans) {
  SpanFinder finder{shape, spans};
  return json::sax_parse(body.begin(), body.end(), &finder);
}

}  // namespace

bool decode_spans(BodyFormat format, std::string_view body, std::vector<SpanKey>& spans) {
  spans.clear();
  switch (format) {
    case BodyFormat::otlp_proto:
      return decode_proto(body, spans);
    case BodyFormat::otlp_json:
      return decode_json(kOtlpShape, body, spans);
    case BodyFormat::zipkin_json:
      return decode_json(kZipkinShape, body, spans);
  }
  return false;
}

}  // namespace spillway::real
