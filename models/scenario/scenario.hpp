// A scenario as the program sees it after reading: plain structs, every default on its field.
// The vocabulary of the file is this file: keys are spelled like the fields. reader.cpp binds them.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/scenario/document.hpp"
#include "models/telemetry/signal.hpp"
#include "models/telemetry/value.hpp"
#include "sim/distribution.hpp"
#include "sim/time.hpp"

namespace spillway {

/// Where a value of the scenario was written, so that later checks (an unknown address, an unreachable
/// backend) can still point at it.
struct Where {
  Mark mark;
  std::string path;
};

/// A region of a cloud, a data centre, a laptop: somewhere things run. Section `places`.
struct Place {
  std::string name;
  std::string provider;  ///< aws, gcp, azure, on_premises …; for the price book, may be empty
  std::string region;
};

/// One-way delay and capacity between two places (or inside one, or to the outside). Section `links`.
struct Link {
  std::vector<std::string> between;  ///< two place names, a backend's name counts as a place; empty: the default
  Distribution latency = Distribution::constant(0.0003);  ///< one way, seconds
  double bandwidth_bytes_per_second = 0;                  ///< 0: not limited
  std::vector<std::string> prices;                        ///< ids in the price book, of what leaves between[0]
  Where where;
};

/// A picture of the Mandelbrot set; the work of a render follows from the iterations that it really takes.
struct Picture {
  int width = 480;
  int height = 300;
  int iterations = 180;  ///< cap per pixel
  double centre_x = -0.5;
  double centre_y = 0.0;
  double zoom = 1.0;  ///< 1 shows 3.0 units of the real axis
};

/// CPU work of one operation, in seconds on one core:
/// fixed + per_pixel * pixels + per_iteration * iterations, the latter two for the tile at hand, times `varies`.
struct Work {
  Distribution fixed = Distribution::constant(0);
  double per_pixel_seconds = 0;
  double per_iteration_seconds = 0;
  Distribution varies = Distribution::constant(1);  ///< dimensionless factor, mean 1 expected
};

/// How a call chooses the instance: the caller's place, a named place, or one call for every place of the callee.
/// `parallel` calls start together, the others one after the other.
struct Call {
  std::string to;         ///< service name
  std::string operation;
  std::string in = "same";  ///< same | each | a place name
  std::string client_span;  ///< name of the CLIENT span, `{place}` is replaced; empty: no client span
  bool own_place_in_process = false;  ///< with `in: each`: the caller's own place is not called over the network,
                                      ///< the callee's `then` work runs inside the client span
  std::optional<Duration> timeout;
  double probability = 1;  ///< that the call is made at all
  std::vector<std::string> after;  ///< of `parallel`: operations of earlier calls of the list that end before it begins
  Distribution work = Distribution::constant(0);  ///< of the caller, when `after` has ended, before this call: seconds
  bool asynchronous = false;       ///< nobody waits for it
  Where where;
};

enum class SpanKind : std::uint8_t { unspecified = 0, internal = 1, server = 2, client = 3, producer = 4, consumer = 5 };

enum class SpanStatus : std::uint8_t { unset = 0, ok = 1, error = 2 };

struct WeightedValue {
  double weight = 1;
  Value value;
};

/// An attribute of an operation's spans: one value, or one of several by weight, drawn anew for every span.
struct SpanAttribute {
  std::string key;
  std::vector<WeightedValue> values;  ///< one: always that
};

struct Operation {
  std::string name;
  std::string span_name;      ///< empty: the name
  SpanKind span_kind = SpanKind::server;
  bool span = true;           ///< false: the operation makes no span of its own
  std::vector<SpanAttribute> attributes;  ///< of its span
  Work work;                  ///< before the calls
  std::vector<Call> parallel;  ///< started together, all awaited
  std::vector<Call> sequence;  ///< then one after the other
  std::vector<std::string> then;  ///< operations of the same service run in process afterwards, in order
  Distribution finish = Distribution::constant(0);  ///< work after all that, seconds
  double error_probability = 0;
  bool error_sets_status = true;
  int log_lines = 0;  ///< lines written to stdout by one execution
  Where where;
};

enum class FailureMode { strict, degraded };  ///< a failed or late call fails the caller | leaves its part out

struct HeadSampling {
  double probability = 1;   ///< decided once, at the root
  bool parent_based = true;
};

/// How a service's spans leave the process. Section `services.X.instrumentation`.
struct Instrumentation {
  enum class Kind { none, zipkin_post, otlp_batch };
  Kind kind = Kind::none;
  std::vector<std::string> endpoints;  ///< full URLs, exactly as the service is configured
  HeadSampling sampling;
  Duration timeout = std::chrono::seconds{30};  ///< of one export request
  // zipkin_post: every finished span is POSTed on its own to every endpoint, no queue, no retry.
  Distribution work_per_post = Distribution::constant(0);  ///< seconds of the service's own CPU per POST
  // otlp_batch: the OpenTelemetry SDK's batch span processor over OTLP/HTTP. Defaults: SDK specification.
  std::int64_t max_queue_size = 2048;
  std::int64_t max_export_batch_size = 512;
  Duration schedule_delay = std::chrono::seconds{5};
  Where where;
};

struct Runtime {
  enum class Kind { unlimited, event_loop, workers, shared };
  Kind kind = Kind::unlimited;
  int workers = 1;
  std::string host;  ///< shared: the host whose processors it shares
};

/// A machine whose processors are shared evenly by all that runs on it, in each place where a service runs that names
/// it. With n tasks running each goes at min(1, cores / n) / (1 + contention (n - 1)) of its speed alone: the
/// contention term of the Universal Scalability Law (Gunther). Work that begins takes 1 + cold_slowdown (1 - warmth) times
/// as long, where warmth is the share of the recent past in which the host was busy, weighted exponentially: processors
/// wake up, clock up and fill their caches. Section `hosts`.
struct Host {
  std::string name;
  double cores = 0;       ///< 0: no limit but contention
  double contention = 0;  ///< by how much a further task slows every other, 0: not at all
  double cold_slowdown = 0;  ///< 0: none
  Duration cools_within = std::chrono::milliseconds{10};  ///< weight of the past falls to 1/e
  Where where;
};

struct Service {
  std::string name;
  std::vector<std::string> in;  ///< places; one replica in each
  Runtime runtime;
  FailureMode failure_mode = FailureMode::strict;
  Attributes resource;  ///< resource attributes beside service.name
  Instrumentation instrumentation;
  std::vector<Operation> operations;
  Where where;
};

/// Requests from users. Section `traffic`.
struct Traffic {
  enum class Arrivals { poisson, constant };
  std::string name;
  std::string to;         ///< service
  std::string operation;
  std::vector<std::string> in;  ///< places it enters at, in turn by an even random choice; empty: all of the service's
  double rate_per_second = 0;
  Arrivals arrivals = Arrivals::poisson;
  Time start{};
  std::optional<Time> stop;
  std::vector<Time> at;  ///< exact moments instead of a rate
  std::optional<Picture> picture;
  Where where;
};

enum class WireFormat { zipkin_json, otlp_proto, otlp_json, otlp_grpc };

/// Status codes of gRPC; the numbers are those on the wire.
enum class GrpcCode : std::uint8_t {
  ok, cancelled, unknown, invalid_argument, deadline_exceeded, not_found, already_exists, permission_denied,
  resource_exhausted, failed_precondition, aborted, out_of_range, unimplemented, internal, unavailable, data_loss,
  unauthenticated
};
inline constexpr std::array kGrpcCodeNames{
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"};

/// What a client does when it is refused, cannot connect or waits too long.
struct ClientRetry {
  int attempts = 1;  ///< in total
  Duration after = std::chrono::seconds{1};
};

/// A span of a post, as the scenario writes it.
struct GivenSpan {
  std::string trace;   ///< a word, or 32 (or 16) hex digits
  std::string id;      ///< a word, or 16 hex digits; empty: a made-up id
  std::string parent;  ///< the same; empty: a root
  std::string name = "span";
  SpanKind kind = SpanKind::internal;
  std::optional<std::string> service;  ///< absent: the client's name; empty: no service.name
  Attributes resource;
  std::optional<Duration> start;  ///< before the post; absent: the span ends with the post
  Duration duration = std::chrono::milliseconds{1};
  SpanStatus status = SpanStatus::unset;
  std::string status_message, trace_state;
  Attributes attributes;
  Where where;
};

/// A post whose spans are chosen.
struct GivenPost {
  Time at{};
  std::vector<GivenSpan> spans;
  std::int64_t copies = 1;  ///< of all of them, each copy in traces of its own
  Where where;
};

/// A post as it was recorded: what is sent is the body as it stands here.
struct RecordedPost {
  Time at{};
  bool timed = false;  ///< false: the client's first, every
  std::string method = "POST";
  std::string url;   ///< empty: the client's
  std::string path;  ///< empty: that of the URL
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;
  std::string compress;  ///< the client does that to it, by the name of a Content-Encoding; empty: nothing
  std::optional<Duration> timeout;   ///< absent: the client's
  std::optional<ClientRetry> retry;  ///< absent: the client's
  std::optional<Signal> written;  ///< what a line of a file exporter holds
  const std::string* header(std::string_view name) const {
    const auto found = std::find_if(headers.begin(), headers.end(), [&](const auto& h) { return h.first == name; });
    return found == headers.end() ? nullptr : &found->second;
  }
};

/// Posts from a file; what the file says is checked when it is read.
struct Recording {
  std::vector<RecordedPost> posts;
};

/// A program that posts made-up spans on a timetable: for cases and for feeding a single collector.
/// It posts in order over one connection, each post not before its time and not before the answer to the one before.
struct Client {
  std::string name;
  std::string in;   ///< place
  std::string url;  ///< e.g. http://otel-collector:9411/api/v2/spans
  WireFormat format = WireFormat::otlp_proto;
  std::int64_t spans = 10;             ///< per post
  std::int64_t spans_per_trace = 0;    ///< 0: each post is one trace
  int attributes = 5;                  ///< string attributes per span
  int attribute_bytes = 0;             ///< length of their values; 0: "value-0", "value-1" …
  Time first{};
  Duration every = std::chrono::seconds{1};
  std::int64_t count = 1;
  std::vector<Time> at;                ///< exact moments instead of first/every/count
  std::vector<GivenPost> posts;        ///< chosen spans at exact moments instead of all that
  Recording recording;                 ///< posts of a file instead
  Duration timeout = std::chrono::seconds{30};
  ClientRetry retry;
  bool concurrent = false;  ///< true: do not wait for earlier answers (one connection per open post)
  std::string user, password;  ///< sent as basic authentication when set
  Where where;
};

/// A collector: the user's own file, unmodified, plus what the file cannot know. Section `collectors`.
struct CollectorUse {
  std::string name;
  std::vector<std::filesystem::path> config;  ///< resolved against the scenario's folder
  std::string key;  ///< which configuration, when manifests hold several: a key of a ConfigMap, a resource's name
  std::string version = "0.159.0";
  bool version_given = false;
  std::vector<std::string> in;         ///< places; `replicas` instances in each
  std::optional<std::int64_t> replicas;  ///< behind one address; absent: what a manifest says, else 1
  std::vector<std::string> addresses;  ///< host names under which clients and configurations know it
  std::map<std::string, std::string> environment;
  int cpus = 2;  ///< logical CPUs the Go runtime sees (capacity of the batch processor's channel)
  double memory = 0;  ///< of its machine or cgroup, bytes, for limit_percentage; 0: not said
  double memory_limit = 0;  ///< of its container, bytes: beyond it the kernel kills the process; 0: none
  std::vector<std::string> prices;           ///< ids in the price book, of its CPU, memory or processes
  std::vector<std::filesystem::path> costs;  ///< parameter files of CPU and memory over the standard one, in order
  Where where;
};

/// What a backend does with a request.
struct Behaviour {
  enum class Kind { answer, hang, reset, refuse };
  Kind kind = Kind::answer;
  int status = 200;   ///< HTTP; 2xx stores
  GrpcCode code = GrpcCode::ok;  ///< of a backend that accepts otlp_grpc; ok stores
  std::optional<Duration> retry_after;  ///< HTTP: whole seconds on the wire; gRPC: RetryInfo
  bool retry_after_date = false;        ///< HTTP: as a date instead of seconds
  std::optional<Distribution> latency;  ///< seconds until the answer; absent: the backend's own
  std::optional<bool> store;            ///< absent: stored when the status is 2xx
  std::int64_t rejects = 0;  ///< so many spans of each request, the last ones, are not stored: a partial success
  bool garbled = false;      ///< HTTP: a success with a body that is no OTLP response
};

/// A change of behaviour from the n-th request on (counted from 1), or from a moment on: the latter become faults.
struct ScriptStep {
  std::int64_t from_request = 1;
  std::optional<Time> from;
  Behaviour behaviour;
};

/// Something that stores or swallows telemetry. Section `backends`.
struct Backend {
  enum class Accepts { otlp_http, zipkin, otlp_grpc };
  std::string name;
  std::vector<std::string> in;  ///< places with an instance of its own; empty: one instance, outside all places
  std::vector<std::string> addresses;  ///< "host:port" or host names
  Accepts accepts = Accepts::otlp_http;
  Distribution latency = Distribution::constant(0.01);  ///< seconds, at the backend, without the network
  Behaviour behaviour;
  std::vector<ScriptStep> script;
  std::string user, password;  ///< when set, requests without them are answered 401
  std::vector<std::string> prices;  ///< ids in the price book, of what it takes and stores
  Duration retention = std::chrono::days{30};  ///< of what it stores
  double stored_bytes_per_span = 0;            ///< on its disk; 0: the OTLP size of the spans
  Where where;
};

/// A cause at a time. Section `faults`.
struct Fault {
  enum class Kind { backend, collector, link, resolve };
  Kind kind = Kind::backend;
  Time at{};
  std::optional<Duration> lasts;  ///< key `for`; absent: until the end
  std::string target;             ///< backend or collector name; the name that resolves
  std::vector<std::string> between;  ///< link
  std::vector<std::string> to;       ///< resolve: instances of backends and collectors, see instance_names
  std::string in;                 ///< place of the instance; empty: all
  std::optional<std::int64_t> replica;  ///< collector: which of the replicas, from 0; absent: all
  Behaviour behaviour;            ///< backend
  enum class Signal { term, kill, hup } signal = Signal::term;  ///< collector
  std::optional<Duration> restart_after;                        ///< collector: absent: stays down
  Duration grace = std::chrono::seconds{30};                    ///< collector, TERM: then KILL
  Where where;
};

/// A threshold on a figure of the record, e.g. figure `ledger.grafana-cloud.stored.share`, at_least 0.7.
struct Expect {
  std::string figure;
  std::optional<double> at_least;  ///< in the figure's unit (spans, seconds, share 0..1, bytes)
  std::optional<double> at_most;
  Where where;
};

/// How a figure is compared between the simulated and the measured world.
struct Judge {
  enum class Class { exact, edge, distribution };
  std::string figure;
  Class judged = Class::exact;
  Where where;
};

struct RecordSpec {
  enum class Spans { none, full };
  Duration step = std::chrono::seconds{5};  ///< of the time series
  bool span_ids = false;  ///< list which span ids reached which backend (small runs)
  bool posts = false;     ///< list the posts of `clients` with what each was answered (small runs)
  Spans spans = Spans::none;  ///< full: list the spans that OTLP backends stored, with all that they carry (small runs)
};

struct Scenario {
  std::string file;
  std::string hash;  ///< 16 hex digits over the canonical content of the scenario and every file it refers to
  std::string name;
  std::string description;
  std::uint64_t seed = 1;
  std::int64_t replications = 8;
  Duration duration = std::chrono::minutes{10};
  Duration drain{};  ///< run on after traffic ends, without new requests
  std::optional<Duration> warm_up = Duration{};  ///< of requests' statistics; absent: `auto`, by MSER-5
  std::vector<Time> sample_at;
  RecordSpec record;
  std::vector<Place> places;
  std::vector<Link> links;
  std::vector<Service> services;
  std::vector<Host> hosts;
  std::vector<Traffic> traffic;
  std::vector<Client> clients;
  std::vector<CollectorUse> collectors;
  std::vector<Backend> backends;
  std::vector<Fault> faults;
  std::vector<Expect> expect;
  std::vector<Judge> judge;
};

/// What an instance of a backend or a collector goes by in `to` of a fault: its name, also with the place, also with the
/// number of the replica. All that go by a name are meant by it.
inline std::vector<std::string> instance_names(const std::string& name, const std::string& place, std::int64_t replica = 0,
                                               std::int64_t replicas = 1) {
  std::vector<std::string> names{name};
  if (!place.empty()) names.push_back(place + "/" + name);
  if (replicas > 1) names.push_back(names.back() + "-" + std::to_string(replica));
  return names;
}

/// Whether a figure that ends like this is compared between the worlds.
inline bool judges(const Scenario& scenario, std::string_view ending) {
  return std::any_of(scenario.judge.begin(), scenario.judge.end(),
                     [&](const Judge& judge) { return judge.figure.ends_with(ending); });
}
/// Whether backends note their spans with all that they carry.
inline bool wants_contents(const Scenario& scenario) {
  return scenario.record.spans == RecordSpec::Spans::full || judges(scenario, ".contents");
}

struct LoadedScenario {
  std::optional<Scenario> scenario;
  LoadFailure failure = LoadFailure::none;
};

/// "path.to.key=value" from the command line, applied to the tree before it is read.
struct Override {
  std::string path;
  std::string value;
};

/// Reads and checks a scenario file: every problem of the file at once goes to `problems`.
LoadedScenario load_scenario(const std::filesystem::path& file, const std::vector<Override>& overrides,
                             Problems& problems);

/// JSON Schema (draft 2020-12) of the scenario language, from the same table that the reader uses.
std::string scenario_schema();

}  // namespace spillway
