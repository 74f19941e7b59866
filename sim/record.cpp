// JSON form of the run record. Each struct names its fields once, in fields_of(); writing, reading and the schema all
// follow from that list, so they cannot disagree.
#include "sim/record.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cmath>
#include <fstream>
#include <limits>
#include <new>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <system_error>
#include <tuple>
#include <utility>

namespace spillway {
namespace {

using Json = nlohmann::json;                  // for reading: finds keys fast even in hostile objects
using OrderedJson = nlohmann::ordered_json;   // for writing: keeps the order of fields

constexpr const char* kSchemaName = "spillway.run-record/1";
constexpr std::uintmax_t kMaxFileBytes = std::uintmax_t{512} << 20;
constexpr int kMaxDepth = 32;
constexpr std::int64_t kMaxValues = 50'000'000;

// ---- the fields, once ----------------------------------------------------------------------------------------------

template <class Owner, class Member>
struct Field {
  const char* name;
  Member Owner::*member;
  const char* help;
};
template <class Owner, class Member>
Field(const char*, Member Owner::*, const char*) -> Field<Owner, Member>;

constexpr auto fields_of(const MetricValue*) {
  return std::tuple{Field{"name", &MetricValue::name, "as the real program spells it"},
                    Field{"labels", &MetricValue::labels, "label name to label value"},
                    Field{"value", &MetricValue::value, "in the metric's own unit"}};
}

constexpr auto fields_of(const MetricSnapshot*) {
  return std::tuple{Field{"at_ns", &MetricSnapshot::at, "moment since the start of the run"},
                    Field{"values", &MetricSnapshot::values, "sorted by name and labels"}};
}

constexpr auto fields_of(const Series*) {
  return std::tuple{Field{"name", &Series::name, "metric"},
                    Field{"labels", &Series::labels, "label name to label value"},
                    Field{"values", &Series::values, "one at each step: step, 2 step, …"}};
}

constexpr auto fields_of(const Fate*) {
  return std::tuple{
      Field{"component", &Fate::component, "where the items ended"},
      Field{"cause", &Fate::cause, "why they ended there"},
      Field{"items", &Fate::items, "how many ended so"},
      Field{"first_ns", &Fate::first, "when it first happened, since the start of the run; absent if not known"}};
}

constexpr auto fields_of(const SpanArrivals*) {
  return std::tuple{Field{"span", &SpanArrivals::span, "trace id and span id"},
                    Field{"at_ns", &SpanArrivals::at, "when each copy was stored, since the start of the run"}};
}

constexpr auto fields_of(const DestinationFates*) {
  using D = DestinationFates;
  return std::tuple{
      Field{"destination", &D::destination, "backend the items were meant for"},
      Field{"produced", &D::produced, "items; produced = stored + sampled_out + lost + in_flight"},
      Field{"stored", &D::stored, "items stored at least once"},
      Field{"sampled_out", &D::sampled_out, "items left out on purpose, by component and cause"},
      Field{"lost", &D::lost, "items lost, by component and cause"},
      Field{"in_flight", &D::in_flight, "items still under way at the end"},
      Field{"duplicates", &D::duplicates, "copies stored again; not part of the sum"},
      Field{"stored_though_given_up", &D::stored_though_given_up,
            "stored items whose sender believes them lost; part of stored"},
      Field{"span_set", &D::span_set, "hash over the set of stored span ids, 16 hex digits; empty if not known"},
      Field{"span_ids", &D::span_ids, "stored span ids, sorted, when the scenario asks for them"},
      Field{"arrivals", &D::arrivals, "when copies of these spans were stored"},
      Field{"contents", &D::contents, "hash over the stored spans with all that they carry, 16 hex digits; empty if not known"},
      Field{"spans", &D::spans, "stored spans, one JSON text each, sorted, when the scenario asks for them"}};
}

constexpr auto fields_of(const RequestStats*) {
  using R = RequestStats;
  return std::tuple{Field{"name", &R::name, "service and operation"},
                    Field{"place", &R::place, "empty: all places together"},
                    Field{"requests", &R::requests, "requests answered"},
                    Field{"errors", &R::errors, "requests that failed"},
                    Field{"latency", &R::latency, "histogram of seconds"}};
}

constexpr auto fields_of(const AnswerCounts*) {
  return std::tuple{Field{"client", &AnswerCounts::client, "who was answered"},
                    Field{"answers", &AnswerCounts::answers, "status to number of requests"}};
}

constexpr auto fields_of(const PostAttempt*) {
  return std::tuple{Field{"at_ns", &PostAttempt::at, "when the client knew, since the start of the run"},
                    Field{"answer", &PostAttempt::answer, "status, or what happened instead"}};
}

constexpr auto fields_of(const PostAnswers*) {
  return std::tuple{Field{"client", &PostAnswers::client, "who posted"},
                    Field{"number", &PostAnswers::number, "of the client's posts, from 1"},
                    Field{"sent_ns", &PostAnswers::sent, "first attempt, since the start of the run"},
                    Field{"answers", &PostAnswers::answers, "one for each attempt"}};
}

constexpr auto fields_of(const BackendCounts*) {
  using B = BackendCounts;
  return std::tuple{Field{"backend", &B::backend, "who answered"},
                    Field{"requests", &B::requests, "requests that arrived"},
                    Field{"body_bytes", &B::body_bytes, "bytes as on the wire"},
                    Field{"spans", &B::spans, "spans in all requests, stored or not"},
                    Field{"answers", &B::answers, "status to number of requests"},
                    Field{"stored_bytes", &B::stored_bytes, "bodies of what was stored, uncompressed"}};
}

constexpr auto fields_of(const LinkCounts*) {
  using L = LinkCounts;
  return std::tuple{Field{"from", &L::from, "place, or backend outside all places"}, Field{"to", &L::to, "the other end"},
                    Field{"messages", &L::messages, "requests and answers that went this way"},
                    Field{"body_bytes", &L::body_bytes, "their size as on the wire"}};
}

constexpr auto fields_of(const BillLine*) {
  using L = BillLine;
  return std::tuple{Field{"of", &L::of, "backend, collector or link"}, Field{"price", &L::price, "id in the price book"},
                    Field{"units", &L::units, "a month at the rates of the run, in the price's unit"},
                    Field{"usd", &L::usd, "US dollars a month"}};
}

constexpr auto fields_of(const Replication*) {
  using R = Replication;
  return std::tuple{
      Field{"number", &R::number, "replication number; with the seed it determines every draw"},
      Field{"fingerprint", &R::fingerprint, "hash over every event handled, 16 hex digits; empty when measured"},
      Field{"events", &R::events, "events handled"},
      Field{"destinations", &R::destinations, "where the items meant for each destination went"},
      Field{"metrics", &R::metrics, "metrics at the end, sorted by name and labels"},
      Field{"snapshots", &R::snapshots, "metrics at the moments asked for"},
      Field{"series", &R::series, "metrics over time"},
      Field{"requests", &R::requests, "requests of users, by operation and place"},
      Field{"answers", &R::answers, "what each client was answered"},
      Field{"posts", &R::posts, "posts of the clients with their answers, when the scenario asks for them"},
      Field{"backends", &R::backends, "what arrived at each backend"},
      Field{"links", &R::links, "what went from place to place; not in a measured record"},
      Field{"bill", &R::bill, "a month at these rates, of what the scenario gives a price"}};
}

constexpr auto fields_of(const NotModelled*) {
  return std::tuple{Field{"what", &NotModelled::what, "component or setting that is not modelled"},
                    Field{"effect", &NotModelled::effect, "no effect on the result, size only, or unknown"}};
}

constexpr auto fields_of(const Manifest*) {
  using M = Manifest;
  return std::tuple{Field{"version", &M::version, "of spillway"},
                    Field{"scenario", &M::scenario, "name"},
                    Field{"scenario_file", &M::scenario_file, "as given on the command line"},
                    Field{"scenario_hash", &M::scenario_hash, "of everything the scenario consists of"},
                    Field{"world", &M::world, "simulated or measured"},
                    Field{"seed", &M::seed, "of all random streams"},
                    Field{"duration_ns", &M::duration, "length of the traffic"},
                    Field{"drain_ns", &M::drain, "time after the traffic during which the run goes on"},
                    Field{"warm_up_ns", &M::warm_up, "requests that arrived in it are left out of `requests`"},
                    Field{"warm_up_found", &M::warm_up_found, "how it was found, or why not; empty: as given"},
                    Field{"step_ns", &M::step, "distance of the points of a series"},
                    Field{"parts", &M::parts, "program to its version"},
                    Field{"notes", &M::notes, "remarks of a measured run"}};
}

constexpr auto fields_of(const RunRecord*) {
  return std::tuple{Field{"manifest", &RunRecord::manifest, "what was run"},
                    Field{"replications", &RunRecord::replications, "one run each"},
                    Field{"not_modelled", &RunRecord::not_modelled,
                          "what the scenario asks for and the model leaves out"}};
}

template <class T, class Visit>
void for_each_field(Visit visit) {
  std::apply([&](const auto&... field) { (visit(field), ...); }, fields_of(static_cast<const T*>(nullptr)));
}

// ---- reading: a value that knows where it stands -------------------------------------------------------------------

/// A JSON value with its place. The path is spelled out only when something is wrong.
struct Node {
  const Json& value;
  const Node* parent = nullptr;
  std::string_view key = {};  ///< within the parent; empty for array elements
  std::size_t index = 0;

  std::string path() const {
    if (parent == nullptr) return {};
    const std::string above = parent->path();
    if (key.empty()) return above + "[" + std::to_string(index) + "]";
    return above.empty() ? std::string{key} : above + "." + std::string{key};
  }
  [[noreturn]] void fail(const std::string& reason) const {
    const std::string where = path();
    throw std::runtime_error(where.empty() ? reason : where + ": " + reason);
  }
  [[noreturn]] void expected(const char* what) const {
    fail(std::string{"is "} + value.type_name() + ", expected " + what);
  }
};

// ---- one Form per kind of value: write, read, schema ---------------------------------------------------------------

/// Primary template: the structs that have fields_of().
template <class T>
struct Form {
  static OrderedJson write(const T& object);
  static void read(const Node& node, T& object);
  static OrderedJson schema();
};

template <>
struct Form<std::string> {
  static OrderedJson write(const std::string& text) { return text; }
  static void read(const Node& node, std::string& text) {
    if (!node.value.is_string()) node.expected("a string");
    text = node.value.get_ref<const std::string&>();
  }
  static OrderedJson schema() { return {{"type", "string"}}; }
};

template <>
struct Form<std::int64_t> {
  static OrderedJson write(std::int64_t number) { return number; }
  static void read(const Node& node, std::int64_t& number) {
    if (!node.value.is_number_integer()) node.expected("an integer");
    if (node.value.is_number_unsigned() && node.value.get<std::uint64_t>() > INT64_MAX) node.fail("is above 2^63 - 1");
    number = node.value.get<std::int64_t>();
  }
  static OrderedJson schema() { return {{"type", "integer"}}; }
};

template <>
struct Form<std::uint64_t> {
  static OrderedJson write(std::uint64_t number) { return number; }
  static void read(const Node& node, std::uint64_t& number) {
    if (!node.value.is_number_unsigned()) node.expected("an integer from 0 to 2^64 - 1");
    number = node.value.get<std::uint64_t>();
  }
  static OrderedJson schema() { return {{"type", "integer"}, {"minimum", 0}}; }
};

template <>
struct Form<double> {
  static OrderedJson write(double number) {
    if (std::isfinite(number)) return number;
    if (std::isnan(number)) return "NaN";
    return number > 0 ? "Infinity" : "-Infinity";
  }
  static void read(const Node& node, double& number) {
    if (node.value.is_number()) {
      number = node.value.get<double>();
    } else if (node.value == "NaN") {
      number = std::numeric_limits<double>::quiet_NaN();
    } else if (node.value == "Infinity" || node.value == "-Infinity") {
      number = std::numeric_limits<double>::infinity() * (node.value == "Infinity" ? 1 : -1);
    } else {
      node.expected("a number");
    }
  }
  static OrderedJson schema() {
    return {{"oneOf", {{{"type", "number"}}, {{"enum", {"NaN", "Infinity", "-Infinity"}}}}}};
  }
};

template <>
struct Form<Duration> {
  static OrderedJson write(Duration duration) { return Form<std::int64_t>::write(duration.count()); }
  static void read(const Node& node, Duration& duration) {
    std::int64_t nanoseconds = 0;
    Form<std::int64_t>::read(node, nanoseconds);
    duration = Duration{nanoseconds};
  }
  static OrderedJson schema() { return Form<std::int64_t>::schema(); }
};

template <>
struct Form<Time> {
  static OrderedJson write(Time time) { return Form<Duration>::write(time.time_since_epoch()); }
  static void read(const Node& node, Time& time) {
    Duration since_start{};
    Form<Duration>::read(node, since_start);
    time = Time{since_start};
  }
  static OrderedJson schema() { return Form<Duration>::schema(); }
};

/// Absent when empty: for_each_field's callers ask is_optional.
template <class T>
struct Form<std::optional<T>> {
  static OrderedJson write(const std::optional<T>& value) { return Form<T>::write(*value); }
  static void read(const Node& node, std::optional<T>& value) { Form<T>::read(node, value.emplace()); }
  static OrderedJson schema() { return Form<T>::schema(); }
};

template <class T>
struct Form<std::vector<T>> {
  static OrderedJson write(const std::vector<T>& values) {
    OrderedJson array = OrderedJson::array();
    for (const T& value : values) array.push_back(Form<T>::write(value));
    return array;
  }
  static void read(const Node& node, std::vector<T>& values) {
    if (!node.value.is_array()) node.expected("an array");
    values.resize(node.value.size());
    for (std::size_t i = 0; i < values.size(); ++i) Form<T>::read(Node{node.value[i], &node, {}, i}, values[i]);
  }
  static OrderedJson schema() { return {{"type", "array"}, {"items", Form<T>::schema()}}; }
};

/// Adds a key that is known to be new; the library's own insertion would compare it with all the others.
void append(OrderedJson& object, std::string key, OrderedJson value) {
  object.get_ref<OrderedJson::object_t&>().emplace_back(std::move(key), std::move(value));
}

template <class T>
struct Form<std::map<std::string, T>> {
  static OrderedJson write(const std::map<std::string, T>& values) {
    OrderedJson object = OrderedJson::object();
    for (const auto& [key, value] : values) append(object, key, Form<T>::write(value));
    return object;
  }
  static void read(const Node& node, std::map<std::string, T>& values) {
    if (!node.value.is_object()) node.expected("an object");
    values.clear();
    for (const auto& [key, value] : node.value.items()) Form<T>::read(Node{value, &node, key}, values[key]);
  }
  static OrderedJson schema() { return {{"type", "object"}, {"additionalProperties", Form<T>::schema()}}; }
};

template <>
struct Form<Histogram> {
  static constexpr const char* zero = "zero";

  static OrderedJson write(const Histogram& histogram) {
    OrderedJson object = OrderedJson::object();
    for (const auto& [index, times] : histogram.buckets()) {
      append(object, index == INT_MIN ? zero : std::to_string(index), times);
    }
    return object;
  }
  static void read(const Node& node, Histogram& histogram) {
    if (!node.value.is_object()) node.expected("an object");
    std::map<int, std::int64_t> buckets;
    for (const auto& [key, value] : node.value.items()) {
      const Node bucket{value, &node, key};
      Form<std::int64_t>::read(bucket, buckets[index_of(bucket, key)]);
    }
    try {
      histogram = Histogram::from_buckets(buckets);
    } catch (const std::invalid_argument& problem) {
      node.fail(problem.what());
    }
  }
  static OrderedJson schema() {
    return {{"type", "object"},
            {"description", "bucket index i to the count of values in (g^(i-1), g^i], g = 1.01/0.99; "
                            "zero: the count of values <= 0"},
            {"patternProperties", {{"^(zero|-?[0-9]+)$", {{"type", "integer"}, {"minimum", 0}}}}},
            {"additionalProperties", false}};
  }

 private:
  static int index_of(const Node& bucket, const std::string& key) {
    if (key == zero) return INT_MIN;
    int index = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), index);
    if (error != std::errc{} || end != key.data() + key.size()) bucket.fail("is no bucket index");
    if (index == INT_MIN || key != std::to_string(index)) bucket.fail("is no bucket index");
    return index;
  }
};

template <class T>
constexpr bool is_optional = false;
template <class T>
constexpr bool is_optional<std::optional<T>> = true;

template <class Owner, class Member>
void write_field(const Field<Owner, Member>& field, const Owner& owner, OrderedJson& object) {
  if constexpr (is_optional<Member>) {
    if (!(owner.*field.member)) return;
  }
  append(object, field.name, Form<Member>::write(owner.*field.member));
}

template <class Owner, class Member>
void read_field(const Field<Owner, Member>& field, const Node& node, Owner& owner) {
  const auto found = node.value.find(field.name);
  if (found != node.value.end()) {
    Form<Member>::read(Node{*found, &node, field.name}, owner.*field.member);
  } else if constexpr (!is_optional<Member>) {
    node.fail(std::string{"has no key '"} + field.name + "'");
  }
}

template <class T>
OrderedJson Form<T>::write(const T& owner) {
  OrderedJson object = OrderedJson::object();
  for_each_field<T>([&](const auto& field) { write_field(field, owner, object); });
  return object;
}

template <class T>
void Form<T>::read(const Node& node, T& owner) {
  if (!node.value.is_object()) node.expected("an object");
  for_each_field<T>([&](const auto& field) { read_field(field, node, owner); });
}

template <class Owner, class Member>
void describe_field(const Field<Owner, Member>& field, OrderedJson& properties, OrderedJson& required) {
  OrderedJson schema = Form<Member>::schema();
  const auto inner = schema.find("description");
  schema["description"] = inner == schema.end() ? field.help : field.help + ("; " + inner->template get<std::string>());
  append(properties, field.name, std::move(schema));
  if constexpr (!is_optional<Member>) required.push_back(field.name);
}

template <class T>
OrderedJson Form<T>::schema() {
  OrderedJson properties = OrderedJson::object();
  OrderedJson required = OrderedJson::array();
  for_each_field<T>([&](const auto& field) { describe_field(field, properties, required); });
  return {{"type", "object"}, {"properties", properties}, {"required", required}};
}

// ---- text to values ------------------------------------------------------------------------------------------------

/// Parses within the limits on depth and number of values; the parser itself has none.
Json parse_bounded(std::string_view json) {
  std::int64_t values = 0;
  return Json::parse(json, [&values](int depth, Json::parse_event_t, const Json&) {
    if (depth > kMaxDepth) throw std::runtime_error("is nested deeper than " + std::to_string(kMaxDepth) + " levels");
    if (++values > kMaxValues) throw std::runtime_error("has more than " + std::to_string(kMaxValues) + " values");
    return true;
  });
}

std::string read_file(const std::filesystem::path& file) {
  if (!std::filesystem::is_regular_file(file)) throw std::runtime_error("is not a file that can be read");
  const std::uintmax_t size = std::filesystem::file_size(file);
  if (size > kMaxFileBytes) {
    throw std::runtime_error("has " + std::to_string(size) + " bytes, more than " + std::to_string(kMaxFileBytes));
  }
  std::ifstream in{file, std::ios::binary};
  std::string content(size, '\0');
  in.read(content.data(), static_cast<std::streamsize>(size));
  if (!in) throw std::runtime_error("cannot be read");
  return content;
}

// ---- writing a file ------------------------------------------------------------------------------------------------

[[noreturn]] void throw_errno(const std::filesystem::path& file, const std::string& what) {
  const std::string reason = std::generic_category().message(errno);
  throw std::runtime_error(file.string() + ": cannot " + what + ": " + reason);
}

/// A file that disappears unless it is renamed to its destination.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::filesystem::path& destination) : destination_{destination} {
    static std::atomic<unsigned> counter{0};
    do {  // a leftover of a killed process may have the name already
      path_ = destination;
      path_ += ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
      descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (descriptor_ < 0 && errno == EEXIST);
    if (descriptor_ < 0) throw_errno(destination_, "create a temporary file beside it");
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!renamed_) ::unlink(path_.c_str());
  }

  void write(std::string_view content) {
    while (!content.empty()) {
      const ssize_t written = ::write(descriptor_, content.data(), content.size());
      if (written >= 0) {
        content.remove_prefix(static_cast<std::size_t>(written));
      } else if (errno != EINTR) {
        throw_errno(destination_, "write");
      }
    }
  }

  void move_to_destination() {
    if (::fsync(descriptor_) != 0) throw_errno(destination_, "sync");
    if (::close(std::exchange(descriptor_, -1)) != 0) throw_errno(destination_, "close");
    if (::rename(path_.c_str(), destination_.c_str()) != 0) throw_errno(destination_, "rename");
    renamed_ = true;
  }

 private:
  std::filesystem::path destination_;
  std::filesystem::path path_;
  int descriptor_ = -1;
  bool renamed_ = false;
};

}  // namespace

std::string to_json(const RunRecord& record) {
  OrderedJson json = {{"schema", kSchemaName}};
  json.update(Form<RunRecord>::write(record));
  return json.dump(1, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

RunRecord from_json(std::string_view text) {
  try {
    const Json json = parse_bounded(text);
    const Node root{json};
    if (!json.is_object()) root.expected("an object");
    const auto schema = json.find("schema");
    if (schema == json.end()) root.fail(std::string{"has no key 'schema'; expected \""} + kSchemaName + "\"");
    if (*schema != kSchemaName) root.fail(std::string{"is no "} + kSchemaName);
    RunRecord record;
    Form<RunRecord>::read(root, record);
    return record;
  } catch (const Json::exception& problem) {
    const std::string message = problem.what();  // "[json.exception.parse_error.101] parse error at line 1, …"
    throw std::runtime_error(message.substr(message.find("] ") + 2));
  } catch (const std::bad_alloc&) {
    throw std::runtime_error("needs more memory than there is");
  }
}

RunRecord load_record(const std::filesystem::path& file) {
  try {
    return from_json(read_file(file));
  } catch (const std::exception& problem) {
    throw std::runtime_error(file.string() + ": " + problem.what());
  }
}

std::string record_schema() {
  OrderedJson json = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                      {"$id", "urn:spillway:run-record:1"},
                      {"title", kSchemaName},
                      {"description",
                       "What one run of spillway yields, simulated or measured. Keys ending in _ns are whole "
                       "nanoseconds; readers leave keys aside that they do not know."}};
  json.update(Form<RunRecord>::schema());
  const OrderedJson own = {{"const", kSchemaName}, {"description", "name and generation of this format"}};
  json["properties"]["schema"] = own;
  json["required"].push_back("schema");
  return json.dump(2) + "\n";
}

void write_file_atomically(const std::filesystem::path& file, const std::string& content) {
  std::error_code ignored;
  const auto status = std::filesystem::status(file, ignored);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    throw std::runtime_error(file.string() + ": is not a regular file");
  }
  TemporaryFile temporary{file};
  temporary.write(content);
  temporary.move_to_destination();
}

}  // namespace spillway
