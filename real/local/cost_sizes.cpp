#include "real/local/cost_sizes.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <sstream>
#include <utility>

#include "real/local/cost_bodies.hpp"
#include "real/local/cost_scenario.hpp"

namespace spillway::real {
namespace {

using collector::Compression;
using collector::Contents;
using collector::Semantics;

constexpr double kStep = 0.1;    ///< from post to post: more than any of them takes
constexpr double kFirst = 0.05;  ///< after a reading of the twin

/// An exporter of the run, and the backend that it has to itself.
struct Coded {
  std::string setting;  ///< of `compression`
  Compression compression;
};

std::vector<Coded> exporters_of(collector::Version version) {
  const Semantics semantics = collector::semantics_of(version);
  std::vector<Coded> exporters;
  for (const char* setting : {"none", "gzip", "zlib", "zstd", "snappy", "x-snappy-framed", "lz4"}) {
    const std::string name = setting;
    if (name == "lz4" && !semantics.lz4_compression) continue;
    if (name == "x-snappy-framed" && !semantics.framed_snappy) continue;
    exporters.push_back({name, collector::compression_of(name, semantics, false)});
  }
  return exporters;
}

std::string collector_file(const std::vector<Coded>& coded_ones) {
  std::string exporters, names;
  for (const Coded& one : coded_ones) {
    exporters += "  otlphttp/" + one.setting + ": {endpoint: \"http://" + one.setting + ".example:4318\", compression: " +
                 one.setting + ", sending_queue: {enabled: false}, retry_on_failure: {enabled: false}}\n";
    names += (names.empty() ? "otlphttp/" : ", otlphttp/") + one.setting;
  }
  return "receivers: {otlp: {protocols: {http: {endpoint: 0.0.0.0:4318}}}}\nexporters:\n" + exporters +
         "service: {pipelines: {traces: {receivers: [otlp], exporters: [" + names + "]}}}\n";
}

std::string scenario_file(const std::vector<Coded>& coded_ones, collector::Version version, std::size_t posts) {
  std::string out = "scenario: cost-sizes\nduration: " + std::to_string(kStep * static_cast<double>(posts + 2)) +
                    "s\nreplications: 1\nrecord: {step: " + std::to_string(kStep) +
                    "s}\ncollectors:\n  c: {config: collector.yaml, addresses: [c.example], version: " +
                    collector::to_text(version) + "}\nbackends:\n";
  for (const Coded& one : coded_ones) out += "  " + one.setting + ": {addresses: [\"" + one.setting + ".example:4318\"], latency: 100us}\n";
  return out + "clients:\n  p: {url: \"http://c.example:4318/v1/traces\", recording: posts.jsonl, timeout: 10s}\n";
}

std::map<std::string, std::string> files_of(const std::vector<Coded>& coded_ones, collector::Version version,
                                            const std::vector<DesignedBody>& bodies) {
  std::map<std::string, std::string> files{{"collector.yaml", collector_file(coded_ones)},
                                           {"scenario.yaml", scenario_file(coded_ones, version, bodies.size())}};
  std::string posts;
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    const std::string name = "body-" + std::to_string(i) + ".json";
    files[name] = bodies[i].json;
    posts += "{\"at\": " + std::to_string(kFirst + kStep * static_cast<double>(i)) +
             R"(, "headers": {"content-type": "application/json"}, "body_file": ")" + name + "\"}\n";
  }
  files["posts.jsonl"] = posts;
  return files;
}

std::vector<double> numbers_in(const RunRecord& record, const std::string& note) {
  const auto found = record.manifest.notes.find(note);
  std::vector<double> numbers;
  std::istringstream words{found == record.manifest.notes.end() ? std::string{} : found->second};
  for (double number = 0; words >> number;) numbers.push_back(number);
  return numbers;
}

/// The body that the twin sent with this coder between two readings; several exporters may have sent it.
Contents body_between(const Look& before, const Look& after, std::size_t coder) {
  Contents sum = after.work.compressed[coder] - before.work.compressed[coder];
  for (auto* field : {&sum.spans, &sum.bytes, &sum.traces, &sum.times, &sum.changes, &sum.fresh})
    *field /= std::max<std::int64_t>(1, sum.requests);
  sum.requests = std::min<std::int64_t>(1, sum.requests);
  return sum;
}

/// Bodies of one exporter, in order. None and a remark when not all of them came.
std::vector<SizeRow> rows_of(const Coded& coded, const std::vector<DesignedBody>& bodies, const RunRecord& record,
                             const std::vector<Look>& looks, std::vector<std::string>& remarks) {
  const std::vector<double> sizes = numbers_in(record, coded.setting + " body sizes");
  std::vector<SizeRow> rows;
  if (sizes.size() != bodies.size() || looks.size() < bodies.size()) {
    remarks.push_back("sizes of " + coded.setting + ": left out, " + std::to_string(sizes.size()) + " bodies came of " +
                      std::to_string(bodies.size()));
    return rows;
  }
  const auto coder = static_cast<std::size_t>(coder_of(coded.compression));
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    const Contents contents = body_between(i == 0 ? Look{} : looks[i - 1], looks[i], coder);
    rows.push_back({bodies[i].name, coded.compression, bodies[i].held_out, contents, sizes[i]});
  }
  return rows;
}

}  // namespace

std::vector<SizeRow> measure_sizes(collector::Version version, const collector::CostTable& costs, MeasureOptions options,
                                   std::vector<std::string>& remarks) {
  const std::vector<DesignedBody> bodies = designed_bodies();
  const std::vector<Coded> exporters = exporters_of(version);
  const CostScenario scenario{files_of(exporters, version, bodies), costs};
  const std::vector<Look> looks = play_twin(*scenario.prepared());
  options.note_body_sizes = true;
  const RunRecord record = measure(scenario.prepared(), options);
  const std::vector<double> plain = numbers_in(record, "none body sizes");
  std::vector<SizeRow> all;
  for (const Coded& coded : exporters) {
    if (coded.compression == Compression::none) continue;
    const std::vector<SizeRow> rows = rows_of(coded, bodies, record, looks, remarks);
    all.insert(all.end(), rows.begin(), rows.end());
    for (std::size_t i = 0; i < rows.size() && i < plain.size(); ++i) {
      if (static_cast<double>(rows[i].contents.bytes) == plain[i]) continue;
      remarks.push_back(rows[i].body + ": uncompressed " + std::to_string(static_cast<std::int64_t>(plain[i])) +
                        " bytes, its twin has " + std::to_string(rows[i].contents.bytes));
    }
  }
  return all;
}

SizeErrors size_errors(const std::vector<SizeRow>& rows, const collector::Costs& costs, Compression compression,
                       bool held_out) {
  SizeErrors errors;
  for (const SizeRow& row : rows) {
    if (row.compression != compression || row.held_out != held_out) continue;
    const double error =
        std::abs(static_cast<double>(compressed_bytes(costs, compression, row.contents)) / row.bytes - 1);
    errors.mean += error;
    errors.most = std::max(errors.most, error);
    ++errors.rows;
  }
  errors.mean /= std::max(1, errors.rows);
  return errors;
}

}  // namespace spillway::real
