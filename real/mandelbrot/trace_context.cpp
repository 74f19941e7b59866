#include "real/mandelbrot/trace_context.hpp"

#include <sys/random.h>

#include <algorithm>
#include <stdexcept>

#include "sim/span_set.hpp"

namespace spillway::mandelbrot {
namespace {

constexpr std::size_t kMostTraceState = 512;  // as Trace Context asks to pass on at least

/// Exactly these digits; nothing for anything else, and for zero.
std::optional<std::uint64_t> id_of(std::string_view text, bool upper_allowed) {
  if (text.size() != 16) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    int digit = 0;
    if (c >= '0' && c <= '9') digit = c - '0';
    else if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
    else if (upper_allowed && c >= 'A' && c <= 'F') digit = c - 'A' + 10;
    else return std::nullopt;
    value = value << 4U | static_cast<std::uint64_t>(digit);
  }
  return value;
}

std::optional<TraceId> trace_of(std::string_view text, bool upper_allowed) {
  std::string long_form{text};
  if (text.size() == 16) long_form.insert(0, 16, '0');
  if (long_form.size() != 32) return std::nullopt;
  const auto high = id_of(std::string_view{long_form}.substr(0, 16), upper_allowed);
  const auto low = id_of(std::string_view{long_form}.substr(16), upper_allowed);
  if (!high || !low || (*high | *low) == 0) return std::nullopt;
  return TraceId{*high, *low};
}

std::optional<bool> b3_decision(std::string_view text) {
  if (text == "1" || text == "d" || text == "true") return true;
  if (text == "0" || text == "false") return false;
  return std::nullopt;
}

/// "{trace}-{span}[-{decision}[-{parent}]]", or a decision alone.
std::optional<Incoming> read_b3_single(std::string_view text) {
  Incoming in;
  if (text.size() == 1) {
    in.sampled = b3_decision(text);
    return in.sampled ? std::optional{in} : std::nullopt;
  }
  std::vector<std::string_view> parts;
  for (;;) {
    const auto dash = text.find('-');
    parts.push_back(text.substr(0, dash));
    if (dash == std::string_view::npos) break;
    text.remove_prefix(dash + 1);
  }
  if (parts.size() < 2 || parts.size() > 4) return std::nullopt;
  in.trace = trace_of(parts[0], true);
  const auto span = id_of(parts[1], true);
  if (!in.trace || span.value_or(0) == 0) return std::nullopt;
  in.span = *span;
  if (parts.size() > 2) {
    in.sampled = b3_decision(parts[2]);
    if (!in.sampled) return std::nullopt;
  }
  return in;
}

Incoming read_b3(const HeaderLookup& header) {
  if (const auto single = header("b3"); !single.empty()) {
    if (const auto read = read_b3_single(single)) return *read;
  }
  Incoming in;
  in.sampled = b3_decision(header("x-b3-sampled"));
  if (header("x-b3-flags") == "1") in.sampled = true;
  const auto trace = trace_of(header("x-b3-traceid"), true);
  const auto span = id_of(header("x-b3-spanid"), true);
  if (trace && span.value_or(0) != 0) {
    in.trace = trace;
    in.span = *span;
  }
  return in;
}

bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

/// "00-{trace}-{span}-{flags}"; later versions may be longer.
Incoming read_trace_parent(const HeaderLookup& header) {
  const std::string_view text = header("traceparent");
  if (text.size() < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-') return {};
  const auto small_number = [](std::string_view two) { return id_of(std::string(14, '0') + std::string{two}, false); };
  const auto version = small_number(text.substr(0, 2)), flags = small_number(text.substr(53, 2));
  const auto trace = trace_of(text.substr(3, 32), false);
  const auto span = id_of(text.substr(36, 16), false);
  if (!version || *version == 255 || !flags || !trace || span.value_or(0) == 0) return {};
  if (*version == 0 ? text.size() != 55 : text.size() > 55 && text[55] != '-') return {};
  Incoming in{trace, *span, (*flags & 1U) != 0, {}};
  const std::string_view state = header("tracestate");
  if (state.size() <= kMostTraceState && printable(state)) in.trace_state = state;
  return in;
}

}  // namespace

Incoming read_context(const HeaderLookup& header, Propagation propagation) {
  return propagation == Propagation::tracecontext ? read_trace_parent(header) : read_b3(header);
}

Headers context_headers(const SpanContext& context, Propagation propagation) {
  const std::string trace = hex(context.trace), span = hex(context.span);
  const std::string sampled = context.sampled ? "1" : "0";
  if (propagation == Propagation::b3) return {{"b3", trace + "-" + span + "-" + sampled}};
  if (propagation == Propagation::tracecontext) {
    Headers headers{{"traceparent", "00-" + trace + "-" + span + "-0" + sampled}};
    if (!context.trace_state.empty()) headers.emplace_back("tracestate", context.trace_state);
    return headers;
  }
  Headers headers{{"X-B3-TraceId", trace}, {"X-B3-SpanId", span}, {"X-B3-Sampled", sampled}};
  if (context.parent != 0) headers.emplace_back("X-B3-ParentSpanId", hex(context.parent));
  return headers;
}

std::string hex(std::uint64_t id) { return hex16(id); }

std::string hex(TraceId id) { return hex(id.high) + hex(id.low); }

std::uint64_t IdSource::number() {
  for (;;) {
    if (next_ == buffer_.size()) {
      // Up to 256 bytes come whole, and from then on without waiting.
      auto* bytes = reinterpret_cast<unsigned char*>(buffer_.data());
      for (std::size_t done = 0; done < sizeof buffer_; done += 256) {
        if (getrandom(bytes + done, 256, 0) != 256) throw std::runtime_error("the system gives no random numbers");
      }
      next_ = 0;
    }
    if (const std::uint64_t value = buffer_[next_++]; value != 0) return value;
  }
}

double IdSource::uniform() { return (static_cast<double>(number() >> 12U) + 0.5) * 0x1.0p-52; }

bool head_sampled(TraceId trace, double rate) {
  return (static_cast<double>(trace.low >> 12U) + 0.5) * 0x1.0p-52 < rate;
}

}  // namespace spillway::mandelbrot
