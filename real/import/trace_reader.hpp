// Recorded traces in the formats that tracing backends write, read into one form.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "analysis/calibration/traces.hpp"
#include "models/wire/spans.hpp"
#include "real/import/byte_source.hpp"

namespace spillway::real {

/// Reads Jaeger JSON (a trace a line, or the answer {"data": […]} of its API), Zipkin JSON v2 (spans, lists of spans,
/// lists of traces), OTLP JSON, the JSON of Tempo's API and OTLP protobuf; which of them, each element says itself.
/// What cannot be read is counted and left out.
class TraceReader {
 public:
  explicit TraceReader(std::size_t most_spans = 4'000'000) : traces_{most_spans} {}

  /// All of a source; `name` is for problems. Compression is recognised.
  void read(std::unique_ptr<ByteSource> source, const std::string& name);

  const analysis::ReadingNotes& notes() const { return notes_; }
  analysis::Traces take() { return traces_.take(); }

 private:
  using Address = analysis::TraceCollection::Address;
  void read_json(ByteReader& bytes, const std::string& name);
  void read_protobuf(ByteReader& bytes, const std::string& name);
  bool read_element(nlohmann::json& element);
  bool read_jaeger(const nlohmann::json& trace);
  bool read_jaeger_span(const nlohmann::json& span, const nlohmann::json& processes);
  bool read_zipkin(const nlohmann::json& span);
  bool read_otlp_json(nlohmann::json& group);
  void add(const wire::WireSpans& groups);
  void add(Address trace, const analysis::TracedSpan& span);
  void problem(std::string text);

  analysis::TraceCollection traces_;
  analysis::ReadingNotes notes_;
};

}  // namespace spillway::real
