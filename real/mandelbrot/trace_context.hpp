// Which trace a request belongs to, as headers say it: B3 in several headers or one, or W3C Trace Context.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spillway::mandelbrot {

enum class Propagation { b3multi, b3, tracecontext };

struct TraceId {
  std::uint64_t high = 0, low = 0;
  bool operator==(const TraceId&) const = default;
};

/// What a caller said of its trace.
struct Incoming {
  std::optional<TraceId> trace;  ///< absent: a new trace begins here
  std::uint64_t span = 0;        ///< the caller's, with a trace
  std::optional<bool> sampled;   ///< absent: not decided yet
  std::string trace_state{};     ///< W3C, passed on
};

/// Where a span stands, and what its callees are told.
struct SpanContext {
  TraceId trace;
  std::uint64_t span = 0;
  std::uint64_t parent = 0;  ///< 0: none
  bool sampled = true;
  std::string trace_state{};
};

using Headers = std::vector<std::pair<std::string, std::string>>;
using HeaderLookup = std::function<std::string_view(std::string_view name)>;  ///< empty: not there

/// Headers that are malformed are as if they were not there: nobody's request fails for its trace context. With either
/// form of B3 both are read, the single header first.
Incoming read_context(const HeaderLookup& header, Propagation propagation);
/// For a request made on behalf of this span.
Headers context_headers(const SpanContext& context, Propagation propagation);

std::string hex(std::uint64_t id);  ///< 16 digits
std::string hex(TraceId id);        ///< 32 digits

/// Ids from the system's generator: unlike a simulated one, a real service must not repeat them.
class IdSource {
 public:
  std::uint64_t number();  ///< never 0
  TraceId trace() { return {number(), number()}; }
  double uniform();  ///< in (0, 1)

 private:
  std::array<std::uint64_t, 512> buffer_{};
  std::size_t next_ = 512;
};

/// The head's decision. A function of the trace id, so that every service with the same rate decides alike.
bool head_sampled(TraceId trace, double rate);

}  // namespace spillway::mandelbrot
