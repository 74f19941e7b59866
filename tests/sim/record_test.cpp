#include "sim/record.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <stdexcept>

#include "sim/stream.hpp"

namespace spillway {
namespace {

using Json = nlohmann::ordered_json;
using namespace std::chrono_literals;

/// A folder of its own for each test, removed afterwards.
class Record : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "record_test.XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(const std::string& name, const std::string& content) const {
    std::ofstream{folder_ / name, std::ios::binary} << content;
    return folder_ / name;
  }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{folder_}, {}));
  }

  std::filesystem::path folder_;
};

std::string content_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream{file, std::ios::binary}.rdbuf();
  return text.str();
}

DestinationFates full_fates() {
  DestinationFates d;
  d.destination = "grafana-cloud";
  d.produced = 100;
  d.stored = 60;
  d.sampled_out = {{"aws/otel-collector processor tail_sampling", "policy", 25, Time{1500ms}}};
  d.lost = {{"aws/otel-collector exporter otlphttp", "queue full", 10, Time{3min}},
            {"sdk", "timeout", 1, std::nullopt}};
  d.in_flight = 4;
  d.duplicates = 3;
  d.stored_though_given_up = 2;
  d.span_set = "00ff00ff00ff00ff";
  d.span_ids = {"0000000000000001", "0000000000000002"};
  d.arrivals = {{"0000000000000001", {Time{2s}, Time{3s}}}, {"0000000000000002", {Time{4s}}}};
  return d;
}

Replication full_replication() {
  Replication r;
  r.number = 3;
  r.fingerprint = "0123456789abcdef";
  r.events = 123456789012;
  r.destinations = {full_fates()};
  r.metrics = {{"otelcol_exporter_queue_size", {{"exporter", "otlphttp"}, {"place", "aws"}}, 0.1}};
  r.snapshots = {{Time{10s}, {{"up", {}, 1}}}};
  r.series = {{"otelcol_exporter_queue_size", {{"place", "gcp"}}, {0, 1.5, 1e300}}};
  RequestStats stats{"frontend GET /", "aws", 10, 1, {}};
  for (const double v : {0.0, 1e-6, 0.2, 0.2, 30.0}) stats.latency.add(v);
  r.requests = {stats};
  r.answers = {{"sdk frontend", {{"202", 9}, {"timeout", 1}}}};
  r.posts = {{"feeder", 1, Time{1s}, {{Time{2s}, "503"}, {Time{4s}, "200"}}}};
  r.backends = {{"tempo", 11, 22'000, 333, {{"200", 10}, {"429", 1}}, 21'000}};
  r.links = {{"aws", "tempo", 11, 22'000}};
  r.bill = {{"tempo", "gcp-trace", 0.5, 0.1}};
  return r;
}

/// Every field set, every container filled.
RunRecord full_record() {
  RunRecord record;
  Manifest& m = record.manifest;
  m.version = "0.1.0";
  m.scenario = "trinity";
  m.scenario_file = "scenarios/trinity/busy.yaml";
  m.scenario_hash = "abc";
  m.world = "measured";
  m.seed = std::numeric_limits<std::uint64_t>::max();
  m.duration = 15min;
  m.drain = 30s;
  m.warm_up = 1ns;
  m.step = 1s;
  m.parts = {{"otel-collector", "0.114.0"}};
  m.notes = {{"offset", "0.1 s \"quoted\" ü"}};
  record.replications = {full_replication()};
  record.not_modelled = {{"aws/otel-collector extension health_check", "no effect on the result"}};
  return record;
}

/// The message of the exception that reading `json` gives; fails when there is none.
std::string problem_of(const std::string& json) {
  try {
    from_json(json);
  } catch (const std::runtime_error& problem) {
    return problem.what();
  }
  ADD_FAILURE() << "no exception for " << json.substr(0, 200);
  return {};
}

/// The full record with the value at `pointer` replaced.
std::string with(const char* pointer, const Json& value) {
  Json json = Json::parse(to_json(full_record()));
  json[Json::json_pointer{pointer}] = value;
  return json.dump();
}

TEST_F(Record, ComesBackFromJsonAsItWas) {
  const std::string json = to_json(full_record());
  const RunRecord back = from_json(json);
  EXPECT_EQ(to_json(back), json);
  EXPECT_EQ(back.manifest.seed, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(back.manifest.duration, 15min);
  const Replication& r = back.replications.at(0);
  EXPECT_EQ(r.events, 123456789012);
  EXPECT_EQ(r.metrics.at(0).value, 0.1);
  EXPECT_EQ(r.metrics.at(0).labels.at("place"), "aws");
  EXPECT_EQ(r.snapshots.at(0).at, Time{10s});
  EXPECT_EQ(r.series.at(0).values, (std::vector<double>{0, 1.5, 1e300}));
  EXPECT_EQ(r.requests.at(0).latency.buckets(), full_replication().requests[0].latency.buckets());
  const DestinationFates& d = r.destinations.at(0);
  EXPECT_EQ(d.lost.at(0).first, Time{3min});
  EXPECT_EQ(d.lost.at(1).first, std::nullopt);
  EXPECT_EQ(d.span_ids.size(), 2u);
  EXPECT_EQ(d.arrivals.at(0).at, (std::vector<Time>{Time{2s}, Time{3s}}));
  EXPECT_EQ(r.posts.at(0).answers.at(1).at, Time{4s});
  EXPECT_EQ(r.posts.at(0).answers.at(0).answer, "503");
  EXPECT_EQ(r.backends.at(0).answers.at("429"), 1);
  EXPECT_EQ(r.backends.at(0).stored_bytes, 21'000);
  EXPECT_EQ(r.links.at(0).body_bytes, 22'000);
  EXPECT_EQ(r.bill.at(0).usd, 0.1);
  EXPECT_EQ(back.not_modelled.at(0).effect, "no effect on the result");
}

TEST_F(Record, EmptyComesBackFromJsonToo) {
  EXPECT_EQ(to_json(from_json(to_json(RunRecord{}))), to_json(RunRecord{}));
}

TEST_F(Record, SaysItsSchemaFirstAndDurationsInNanoseconds) {
  const Json json = Json::parse(to_json(full_record()));
  EXPECT_EQ(json.begin().key(), "schema");
  EXPECT_EQ(json["schema"], "spillway.run-record/1");
  EXPECT_EQ(json["manifest"]["duration_ns"], 900'000'000'000);
  EXPECT_TRUE(json["manifest"]["duration_ns"].is_number_integer());
  EXPECT_EQ(json["replications"][0]["destinations"][0]["lost"][0]["first_ns"], 180'000'000'000);
  EXPECT_FALSE(json["replications"][0]["destinations"][0]["lost"][1].contains("first_ns"));
}

TEST_F(Record, WritesAHistogramAsBucketsInAscendingOrder) {
  const Json json = Json::parse(to_json(full_record()));
  const Json& latency = json["replications"][0]["requests"][0]["latency"];
  std::vector<std::string> keys;
  for (const auto& [key, count] : latency.items()) keys.push_back(key);
  // ceil(log(v) / log(1.01/0.99)) for 1e-6, 0.2 and 30
  EXPECT_EQ(keys, (std::vector<std::string>{"zero", "-690", "-80", "171"}));
  EXPECT_EQ(latency["-80"], 2);
}

TEST_F(Record, KeepsNumbersThatAreNotFinite) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  RunRecord record = full_record();
  record.replications[0].series[0].values = {std::nan(""), infinity, -infinity};
  const RunRecord back = from_json(to_json(record));
  const auto& values = back.replications[0].series[0].values;
  EXPECT_TRUE(std::isnan(values[0]));
  EXPECT_EQ(values[1], infinity);
  EXPECT_EQ(values[2], -infinity);
}

TEST_F(Record, WritesTextThatIsNotUtf8WithReplacementCharacters) {
  RunRecord record;
  record.manifest.scenario = "a\xff" "b";
  EXPECT_EQ(from_json(to_json(record)).manifest.scenario, "a\xef\xbf\xbd" "b");
}

// ---- schema --------------------------------------------------------------------------------------------------------

bool has_type(const Json& value, const std::string& type) {
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  return value.type_name() == type;
}

/// Checks by hand what the schema uses of JSON Schema; a full record must also use every property described.
void expect_valid(const Json& schema, const Json& value, const std::string& path);

void expect_valid_object(const Json& schema, const Json& value, const std::string& path) {
  const Json properties = schema.value("properties", Json::object());
  for (const auto& [key, inner] : value.items()) {
    const std::string below = path + "." + key;
    if (properties.contains(key)) {
      expect_valid(properties[key], inner, below);
    } else if (schema.contains("patternProperties")) {
      expect_valid(schema["patternProperties"].front(), inner, below);
    } else {
      ASSERT_TRUE(schema.contains("additionalProperties")) << below << " is not described";
      expect_valid(schema["additionalProperties"], inner, below);
    }
  }
  const Json required = schema.value("required", Json::array());
  for (const Json& key : required) {
    EXPECT_TRUE(value.contains(key.get<std::string>())) << path << ": " << key;
  }
}

void expect_valid(const Json& schema, const Json& value, const std::string& path) {
  if (schema.contains("const")) {
    EXPECT_EQ(value, schema["const"]) << path;
    return;
  }
  if (schema.contains("oneOf")) {
    EXPECT_TRUE(value.is_number() || value == "NaN") << path;
    return;
  }
  ASSERT_TRUE(schema.contains("type")) << path;
  EXPECT_TRUE(has_type(value, schema["type"])) << path << " is " << value.type_name();
  if (schema["type"] == "array") {
    for (const Json& element : value) expect_valid(schema["items"], element, path + "[]");
  }
  if (schema["type"] == "object") expect_valid_object(schema, value, path);
}

/// Paths of all properties described, and of all keys written; an array's elements share one path.
void described_paths(const Json& schema, const std::string& path, std::set<std::string>& paths) {
  const Json properties = schema.value("properties", Json::object());
  for (const auto& [key, inner] : properties.items()) {
    paths.insert(path + "." + key);
    described_paths(inner, path + "." + key, paths);
  }
  if (schema.contains("items")) described_paths(schema["items"], path, paths);
}

void written_paths(const Json& value, const std::string& path, std::set<std::string>& paths) {
  if (value.is_object()) {
    for (const auto& [key, inner] : value.items()) {
      paths.insert(path + "." + key);
      written_paths(inner, path + "." + key, paths);
    }
  }
  if (value.is_array()) {
    for (const Json& element : value) written_paths(element, path, paths);
  }
}

TEST_F(Record, SchemaDescribesWhatIsWritten) {
  const Json schema = Json::parse(record_schema());
  EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  expect_valid(schema, Json::parse(to_json(full_record())), "");
  expect_valid(schema, Json::parse(to_json(RunRecord{})), "");
}

TEST_F(Record, SchemaDescribesNothingThatIsNeverWritten) {
  std::set<std::string> described, written;
  described_paths(Json::parse(record_schema()), "", described);
  written_paths(Json::parse(to_json(full_record())), "", written);
  for (const auto& path : described) EXPECT_TRUE(written.contains(path)) << path;
  EXPECT_TRUE(described.contains(".replications.destinations.lost.first_ns"));
}

TEST_F(Record, SchemaExplainsEveryKey) {
  const Json schema = Json::parse(record_schema());
  EXPECT_EQ(schema["properties"]["manifest"]["properties"]["seed"]["description"], "of all random streams");
  const Json& latency = schema["properties"]["replications"]["items"]["properties"]["requests"]["items"]["properties"]
                              ["latency"];
  EXPECT_EQ(latency["description"].get<std::string>().find("histogram of seconds; bucket index"), 0u);
}

// ---- reading what others wrote -------------------------------------------------------------------------------------

TEST_F(Record, NamesThePlaceOfAProblem) {
  EXPECT_EQ(problem_of(with("/replications/0/destinations/0/lost/1/items", "ten")),
            "replications[0].destinations[0].lost[1].items: is string, expected an integer");
  EXPECT_EQ(problem_of(with("/manifest/seed", -1)), "manifest.seed: is number, expected an integer from 0 to 2^64 - 1");
  EXPECT_EQ(problem_of(with("/manifest", 5)), "manifest: is number, expected an object");
  EXPECT_EQ(problem_of(with("/replications/0/metrics/0/value", "much")),
            "replications[0].metrics[0].value: is string, expected a number");
  EXPECT_EQ(problem_of(with("/replications/0/events", 1.5)),
            "replications[0].events: is number, expected an integer");
  EXPECT_EQ(problem_of(with("/replications/0/events", std::uint64_t{1} << 63)),
            "replications[0].events: is above 2^63 - 1");
  Json json = Json::parse(to_json(full_record()));
  json["replications"][0].erase("events");
  EXPECT_EQ(problem_of(json.dump()), "replications[0]: has no key 'events'");
}

TEST_F(Record, RefusesOtherSchemas) {
  EXPECT_EQ(problem_of("[]"), "is array, expected an object");
  EXPECT_EQ(problem_of("{}"), "has no key 'schema'; expected \"spillway.run-record/1\"");
  EXPECT_EQ(problem_of(with("/schema", "spillway.run-record/2")), "is no spillway.run-record/1");
  EXPECT_EQ(problem_of(with("/schema", 1)), "is no spillway.run-record/1");
}

TEST_F(Record, LeavesUnknownKeysAside) {
  EXPECT_EQ(to_json(from_json(with("/manifest/from_the_future", 1))), to_json(full_record()));
}

TEST_F(Record, RefusesHistogramsThatWouldTakeAllMemory) {
  constexpr const char* latency = "/replications/0/requests/0/latency";
  for (const char* key : {"2147483647", "-2147483648", "-2147483649", "99999999999999", "40000", "x", "", "+1", "01"}) {
    EXPECT_EQ(problem_of(with(latency, {{key, 1}})).find("replications[0].requests[0].latency"), 0u) << key;
  }
  EXPECT_EQ(problem_of(with(latency, {{"3", -1}})),
            "replications[0].requests[0].latency: histogram: bucket 3 has the negative count -1");
}

TEST_F(Record, RefusesDeepNesting) {
  const std::string deep(100'000, '[');
  EXPECT_EQ(problem_of(deep), "is nested deeper than 32 levels");
  EXPECT_EQ(problem_of(R"({"schema": )" + deep), "is nested deeper than 32 levels");
}

TEST_F(Record, SurvivesEveryTruncation) {
  const std::string json = to_json(full_record());
  for (std::size_t length = 0; length + 2 < json.size(); ++length) {
    EXPECT_FALSE(problem_of(json.substr(0, length)).empty()) << length;
  }
}

TEST_F(Record, SurvivesDamagedBytes) {
  const std::string json = to_json(full_record());
  Draws draws{stream_key(1, 0, "record", "damage"), 0};
  for (int i = 0; i < 3'000; ++i) {
    std::string damaged = json;
    for (int k = 0; k < 3; ++k) damaged[draws.bits() % damaged.size()] = static_cast<char>(draws.bits() & 0xff);
    try {
      EXPECT_FALSE(to_json(from_json(damaged)).empty());
    } catch (const std::runtime_error& problem) {
      EXPECT_STRNE(problem.what(), "");
    }
  }
}

TEST_F(Record, LoadsFromAFile) {
  const auto file = folder_ / "run.json";
  write_file_atomically(file, to_json(full_record()));
  EXPECT_EQ(to_json(load_record(file)), to_json(full_record()));
}

TEST_F(Record, LoadingNamesTheFile) {
  const auto missing = folder_ / "missing.json";
  const auto empty = write("empty.json", "");
  for (const auto& file : {missing, empty, folder_, std::filesystem::path{"/dev/zero"}}) {
    try {
      load_record(file);
      ADD_FAILURE() << file;
    } catch (const std::runtime_error& problem) {
      EXPECT_EQ(std::string{problem.what()}.find(file.string() + ": "), 0u) << problem.what();
    }
  }
}

TEST_F(Record, RefusesFilesAboveTheLimitWithoutReadingThem) {
  const auto file = write("huge.json", "{}");
  std::filesystem::resize_file(file, (std::uintmax_t{512} << 20) + 1);  // sparse
  EXPECT_THROW(load_record(file), std::runtime_error);
}

// ---- writing files -------------------------------------------------------------------------------------------------

TEST_F(Record, WritingAtomicallyReplacesTheContentAndLeavesNothingElse) {
  const auto file = write("out.json", "old");
  write_file_atomically(file, "new");
  EXPECT_EQ(content_of(file), "new");
  write_file_atomically(file, "");
  EXPECT_EQ(content_of(file), "");
  EXPECT_EQ(files(), 1u);
}

TEST_F(Record, WritingAtomicallyFollowsTheUmask) {
  const mode_t before = ::umask(027);
  write_file_atomically(folder_ / "out.json", "x");
  ::umask(before);
  struct stat status{};
  ASSERT_EQ(::stat((folder_ / "out.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0640u);
}

TEST_F(Record, WritingToAMissingFolderSaysSo) {
  try {
    write_file_atomically(folder_ / "missing" / "out.json", "x");
    FAIL();
  } catch (const std::runtime_error& problem) {
    EXPECT_NE(std::string{problem.what()}.find("out.json: cannot create a temporary file beside it: No such file"),
              std::string::npos)
        << problem.what();
  }
}

TEST_F(Record, FailedWritingRemovesTheTemporaryFile) {
  std::filesystem::create_directory(folder_ / "taken");
  EXPECT_THROW(write_file_atomically(folder_ / "taken", "x"), std::runtime_error);
  EXPECT_THROW(write_file_atomically("/dev/null", "x"), std::runtime_error);
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
  EXPECT_EQ(files(), 1u);
}

}  // namespace
}  // namespace spillway
