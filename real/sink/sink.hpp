// A scripted backend for real programs: OTLP over HTTP or gRPC, or Zipkin v2 JSON, on one io_context thread. It answers
// as the scenario says and remembers which spans it was given, in the terms of sim/record.hpp.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/scenario/scenario.hpp"
#include "sim/record.hpp"
#include "sim/span_set.hpp"
#include "sim/time.hpp"

namespace spillway::real {

struct SinkConfig {
  std::string name{};                         ///< of the backend; for the record
  boost::asio::ip::tcp::endpoint endpoint{};  ///< where it listens; port 0: any free one, see Sink::endpoint()
  Backend::Accepts accepts = Backend::Accepts::otlp_http;
  Behaviour behaviour{};
  std::vector<ScriptStep> script{};  ///< in order of from_request
  std::string user{}, password{};    ///< when set, requests without them are answered 401
  /// From the arrival of request `number` (from 1) to its answer, under the behaviour in force; empty: none.
  std::function<Duration(const Behaviour& behaviour, std::int64_t number)> latency{};
  std::function<Time()> clock{};                    ///< the run's time, for arrivals; empty: all arrivals are at Time{}
  std::size_t body_limit = std::size_t{32} << 20U;  ///< bytes on the wire; more is answered 413
  std::size_t inflated_limit = std::size_t{128} << 20U;  ///< bytes after decompression; more is answered 413
  bool note_arrivals = false;                            ///< keep when each copy of a span was stored
  bool note_contents = false;                            ///< keep stored OTLP spans with all that they carry
  std::size_t log_limit = 100'000;                       ///< requests remembered in detail, the first ones
};

/// One request as it arrived.
struct RequestLogEntry {
  Time at{};  ///< when its body was complete
  std::int64_t spans = 0;
  std::int64_t body_bytes = 0;  ///< on the wire
  std::string answer;  ///< as in BackendCounts::answers
};

struct SinkCounts {
  BackendCounts backend;            ///< answers also under "hang" and "reset"
  std::int64_t stored = 0;          ///< distinct spans
  std::int64_t duplicates = 0;      ///< copies of a span that was there already
  std::int64_t traces = 0;          ///< distinct traces with a stored span
  std::uint64_t span_set = 0;       ///< sum of span_set_term over the stored spans
  std::int64_t strays = 0;          ///< requests not counted above: no POST to the backend's path (404), no HTTP (400),
                                    ///< a body beyond the limit on the wire (413)
  std::optional<Time> first, last;  ///< arrival of the first and the last request
};

/// A listening backend. Everything happens on the thread that runs `io`; all members are called there too.
///
/// A request is counted, decoded and (if its behaviour stores) stored when its body is complete, whether or not
/// the client waits for the answer. `hang` keeps the connection open until the client closes it, also after the
/// behaviour has changed back; `reset` sends RST instead of an answer; `refuse` stops listening, so that
/// connections are refused, and resets those that are open. A refusing script step begins when the request
/// before it has been answered. Answers: OTLP an empty ExportTraceServiceResponse in the request's content type,
/// Zipkin an empty body, both with the status as configured (Zipkin: 202 where 200 is configured); anything but
/// 2xx with a line of text. The path must end in /v1/traces or /api/v2/spans.
/// Over gRPC: `reset` ends the call with UNAVAILABLE, for connections cannot be reset there; sizes are those of messages.
/// Leaves out: TLS, HTTP/2 without gRPC, 100-continue; over gRPC compression other than gzip.
class Sink {
 public:
  /// Does not listen yet.
  Sink(boost::asio::io_context& io, SinkConfig config);
  ~Sink();
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  /// Takes the address and starts to serve, or only holds the port while the behaviour is `refuse`.
  /// Throws std::runtime_error with address and reason when the address cannot be had.
  void start();
  boost::asio::ip::tcp::endpoint endpoint() const;  ///< after start()

  /// A fault that replaces default and script until it is taken back with nullopt.
  void set_behaviour(std::optional<Behaviour> fault);
  /// Refuses connections and resets the open ones; the port stays ours. Usually by way of set_behaviour.
  void close_listener();
  void open_listener();

  SinkCounts counters() const;
  const std::vector<RequestLogEntry>& log() const;
  std::vector<SpanKey> stored_spans() const;  ///< sorted
  /// By span, when they are noted.
  const std::map<SpanKey, std::vector<Time>>& arrivals() const;
  /// As DestinationFates::spans, when they are noted.
  std::vector<std::string> contents() const;

 private:
  struct State;
  class Connection;
  std::shared_ptr<State> state_;  ///< owned here; pending accepts watch it weakly
};

}  // namespace spillway::real
