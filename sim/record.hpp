// What a run yields, whichever world it ran in: simulated here, or measured on real programs. Comparing
// two worlds is comparing two of these. JSON form: to_json/from_json, schema: record_schema().
// A new field also goes to fields_of() in record.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/histogram.hpp"
#include "sim/time.hpp"

namespace spillway {

using Labels = std::map<std::string, std::string>;

/// One metric series' value, under the real program's own name and labels.
struct MetricValue {
  std::string name;
  Labels labels;
  double value = 0;
};

/// All metrics of all parts at one moment.
struct MetricSnapshot {
  Time at{};
  std::vector<MetricValue> values;  ///< sorted by (name, labels)
};

struct Series {
  std::string name;
  Labels labels;
  std::vector<double> values;  ///< at step, 2*step, …
};

/// Items that ended the same way at the same component.
struct Fate {
  std::string component;  ///< e.g. "aws/otel-collector exporter otlphttp/grafana_cloud"
  std::string cause;      ///< e.g. "queue full", "gave up after retries", "status 400"
  std::int64_t items = 0;
  std::optional<Time> first;  ///< when it first happened
};

/// Every moment at which a destination stored a copy of one span.
struct SpanArrivals {
  std::string span;       ///< "<trace id>:<span id>"
  std::vector<Time> at;   ///< ascending
};

/// Where the items meant for one destination went:
/// produced = stored + sampled_out + lost + in_flight, always.
struct DestinationFates {
  std::string destination;
  std::int64_t produced = 0;
  std::int64_t stored = 0;
  std::vector<Fate> sampled_out;
  std::vector<Fate> lost;
  std::int64_t in_flight = 0;
  std::int64_t duplicates = 0;               ///< copies stored again, not part of the sum
  std::int64_t stored_though_given_up = 0;   ///< stored items whose sender believes them lost; part of stored
  std::string span_set;  ///< hash over the set of stored span ids (order-independent), 16 hex digits; "" if not known
  std::vector<std::string> span_ids;  ///< stored span ids, sorted, when the scenario asks for them
  std::vector<SpanArrivals> arrivals; ///< of these spans, in their order
  std::string contents;  ///< as span_set, over the stored spans with all that they carry; "" if not known
  std::vector<std::string> spans;  ///< these spans, one line of JSON each, sorted, when the scenario asks for them
};

/// Requests of users to an operation.
struct RequestStats {
  std::string name;  ///< "<service> <operation>"
  std::string place; ///< empty: all places together
  std::int64_t requests = 0;
  std::int64_t errors = 0;
  Histogram latency;  ///< seconds
};

/// What a scripted client or an exporting service was answered, by status ("202", "refused", "timeout", "reset").
struct AnswerCounts {
  std::string client;
  std::map<std::string, std::int64_t> answers;
};

/// What one attempt to send a post came to.
struct PostAttempt {
  Time at{};           ///< when the client knew
  std::string answer;  ///< as in AnswerCounts
};

/// One post of a scripted client.
struct PostAnswers {
  std::string client;
  std::int64_t number = 0;  ///< of the client's posts, from 1
  Time sent{};              ///< first attempt
  std::vector<PostAttempt> answers;
};

/// Requests that arrived at a backend.
struct BackendCounts {
  std::string backend;
  std::int64_t requests = 0;
  std::int64_t body_bytes = 0;     ///< as on the wire (simulated: uncompressed size over the compression ratio)
  std::int64_t spans = 0;          ///< in all requests, stored or not
  std::map<std::string, std::int64_t> answers;  ///< by status
  std::int64_t stored_bytes = 0;   ///< bodies of what was stored, uncompressed
};

/// What went from one end of a link to the other: places, or backends outside all places.
struct LinkCounts {
  std::string from, to;
  std::int64_t messages = 0;
  std::int64_t body_bytes = 0;  ///< of requests and answers, as on the wire
};

/// A line of the bill for a month at the rates of this run.
struct BillLine {
  std::string of;     ///< backend, collector, or link "a - b"
  std::string price;  ///< id in the price book
  double units = 0;   ///< a month, in the price's unit
  double usd = 0;     ///< a month
};

/// One run with one replication number.
struct Replication {
  std::int64_t number = 0;
  std::string fingerprint;     ///< 16 hex digits over every event handled, simulated world only
  std::int64_t events = 0;
  std::vector<DestinationFates> destinations;
  std::vector<MetricValue> metrics;       ///< at the end, sorted
  std::vector<MetricSnapshot> snapshots;  ///< at the moments of `sample_at`
  std::vector<Series> series;
  std::vector<RequestStats> requests;
  std::vector<AnswerCounts> answers;
  std::vector<PostAnswers> posts;         ///< when the scenario asks for them; by client, then in the order sent
  std::vector<BackendCounts> backends;
  std::vector<LinkCounts> links;          ///< those over which something went; simulated world only
  std::vector<BillLine> bill;             ///< of what the scenario gives a price
};

/// Something the scenario or a file it names asks for that is not modelled.
struct NotModelled {
  std::string what;    ///< e.g. "aws/otel-collector extension health_check"
  std::string effect;  ///< "no effect on the result" | "size only" | "unknown"
};

struct Manifest {
  std::string version;        ///< of spillway
  std::string scenario;       ///< name
  std::string scenario_file;  ///< as given
  std::string scenario_hash;
  std::string world;          ///< "simulated" | "measured"
  std::uint64_t seed = 1;
  Duration duration{};
  Duration drain{};
  Duration warm_up{};         ///< requests that arrived in it are not in `requests`; all else is of the whole run
  std::string warm_up_found;  ///< how it was found, or why it was not; empty: given by the scenario
  Duration step{};
  std::map<std::string, std::string> parts;  ///< e.g. "otel-collector" -> "0.114.0"
  std::map<std::string, std::string> notes;  ///< measured world: offset, idle share …; never in a simulated record
};

struct RunRecord {
  Manifest manifest;
  std::vector<Replication> replications;
  std::vector<NotModelled> not_modelled;
};

/// Deterministic: keys in the order of the fields above, numbers in their shortest exact form, one value a line so that
/// two records can be compared by an ordinary diff. Durations and moments are whole nanoseconds under keys that end
/// in _ns; a histogram is {"bucket index": count}, with "zero" for values <= 0; what is not a finite number is
/// "NaN", "Infinity" or "-Infinity". Text that is not UTF-8 gets replacement characters.
std::string to_json(const RunRecord& record);

/// Inverse of to_json. Keys it does not know are left aside. Throws std::runtime_error with path and reason on anything
/// else, however hostile: nesting is limited to 32 levels and the number of values to 50 million.
RunRecord from_json(std::string_view json);

/// from_json of a file of at most 512 MiB. Throws std::runtime_error naming file and reason.
RunRecord load_record(const std::filesystem::path& file);

/// JSON Schema 2020-12 of what to_json writes, itself as JSON text.
std::string record_schema();

/// Replaces the file's content or leaves the old one: writes to a temporary file in the same folder, syncs it to disk,
/// then renames. Throws std::runtime_error with the reason, after removing the temporary file. Refuses to replace
/// what is not a regular file (a folder, a device).
void write_file_atomically(const std::filesystem::path& file, const std::string& content);

}  // namespace spillway
