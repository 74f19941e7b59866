// Recorded traces as plain data, whatever they were read from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace spillway::analysis {

enum class SpanRole : std::uint8_t { internal, server, client, producer, consumer };

/// What spans are of: an operation of a service, in a role.
struct TracedOperation {
  std::string service, name;
  SpanRole role = SpanRole::internal;
  auto operator<=>(const TracedOperation&) const = default;
};

/// Times are nanoseconds on whatever clock the program had.
struct TracedSpan {
  std::uint64_t id = 0, parent = 0;  ///< parent 0: a root
  std::int64_t start = 0, duration = 0;
  std::uint32_t trace = 0;      ///< index into Traces::traces
  std::uint32_t operation = 0;  ///< index into Traces::operations
  std::uint32_t host = 0;       ///< index into Traces::hosts
  bool error = false;
  bool follows = false;  ///< refers to its parent as something it only follows from

  std::int64_t end() const { return start + duration; }
};

/// A server of Zipkin may share the id of its client's span; the server's span gets the id ^ this.
inline constexpr std::uint64_t kServersHalf = 0x9e3779b97f4a7c15;

struct RecordedTrace {
  std::size_t first = 0, count = 0;  ///< its spans
  double sampled = 1;                ///< share of all traces that were recorded, as the sampler at the root says
};

/// Everything that was read. Spans of a trace stand together, in no particular order.
struct Traces {
  std::vector<TracedOperation> operations;
  std::vector<std::string> hosts;  ///< an instance of a service: host name or address
  std::vector<TracedSpan> spans;
  std::vector<RecordedTrace> traces;
};

/// What was wrong with what was read; none of it is fatal.
struct ReadingNotes {
  std::int64_t bytes = 0;             ///< uncompressed
  std::int64_t damaged_elements = 0;  ///< lines, traces or groups that are no such thing
  std::int64_t damaged_spans = 0;     ///< without an id, a name or a time that makes sense
  std::int64_t spans_beyond_limit = 0;
  bool truncated_input = false;       ///< ends in the middle, or its compression is damaged
  std::vector<std::string> first_problems;  ///< of each kind the first, with its place
};

/// Gives traces, operations and hosts their numbers and bounds how many there are.
class TraceCollection {
 public:
  explicit TraceCollection(std::size_t most_spans = 4'000'000) : most_spans_{most_spans} {}

  struct Address {
    std::uint64_t high = 0, low = 0;
    auto operator<=>(const Address&) const = default;
  };
  std::uint32_t operation(const TracedOperation& operation);
  std::uint32_t host(const std::string& name);
  /// Its trace is filled in. False: beyond the limit; the trace is then left out as a whole.
  bool add(Address trace, TracedSpan span);
  void set_sampled(Address trace, double share);
  std::size_t spans() const { return traces_.spans.size(); }

  /// Spans sorted by trace, traces by their earliest span. Empties the collection.
  Traces take();

 private:
  std::size_t most_spans_;
  Traces traces_;
  std::map<TracedOperation, std::uint32_t> operations_;
  std::map<std::string, std::uint32_t> hosts_;
  std::map<Address, std::uint32_t> numbers_;
  std::vector<bool> left_out_;  ///< by trace
};

}  // namespace spillway::analysis
