#include "real/sink/decode.hpp"

#include <google/protobuf/arena.h>

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "models/wire/otlp_trace.pb.h"
#include "models/wire/signals.hpp"
#include "models/wire/spans.hpp"

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
        const std::string_view id = span.span_id();
        if (!(trace.empty() || trace.size() == 16) || !(id.empty() || id.size() == 8)) return false;
        const std::string_view low = trace.empty() ? trace : trace.substr(8);
        spans.push_back({big_endian(trace.substr(0, 8)), big_endian(low), big_endian(id)});
      }
    }
  }
  return true;
}

/// An id in hex digits: of its full length or, where ids are not `whole`, shorter; in OTLP an empty one is zero.
std::optional<TraceId> id_from(std::string_view text, std::size_t digits, bool whole) {
  if (whole && text.empty()) return TraceId{};
  if (whole && text.size() != digits) return std::nullopt;
  return wire::from_hex(text, digits);
}

/// Where spans are in a JSON document: an object on `path` (names of nested arrays), below a root object or,
/// for a bare array of spans, a root array.
struct Shape {
  std::vector<std::string_view> path;
  std::string_view trace_key;
  std::string_view span_key;
  bool whole_ids;  ///< ids have their full length or are empty, else they are padded
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
    const auto id = id_from(text, 32, shape_.whole_ids);
    if (!id) return false;
    current_.trace_hi = id->high;
    current_.trace_lo = id->low;
    return has_trace_ = true;
  }
  bool read_span(const std::string& text) {
    const auto id = id_from(text, 16, shape_.whole_ids);
    if (!id) return false;
    current_.span_id = id->low;
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

bool decode_items(BodyFormat format, Signal signal, std::string_view body, std::vector<SpanKey>& items) {
  if (signal == Signal::traces) return decode_spans(format, body, items);
  items.clear();
  const bool json = format == BodyFormat::otlp_json;
  const auto groups = json ? wire::decode_items_json(signal, body) : wire::decode_items_proto(signal, body);
  for (const wire::WireItemGroup& group : groups.value_or(wire::WireItems{})) {
    for (const wire::WireItem& item : group.items) items.push_back({item.trace.high, item.trace.low, item.id});
  }
  return groups.has_value();
}

}  // namespace spillway::real
