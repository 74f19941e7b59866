// The cost grid without real programs: what it would run, and that a fit finds what rows were made with.
#include "real/local/cost_grid.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "models/collector/compression.hpp"
#include "models/wire/spans.hpp"
#include "real/emitter/encode.hpp"
#include "real/local/cost_bodies.hpp"
#include "real/local/cost_fit.hpp"
#include "real/local/cost_scenario.hpp"
#include "real/sink/coding.hpp"

namespace spillway::real {
namespace {

using collector::Compression;
using collector::Costs;
using collector::CostTable;
using collector::Step;
using collector::Version;

constexpr Version kOld{0, 111, 0}, kNew{0, 159, 0};
constexpr Coding coding_of(Compression compression) {
  switch (compression) {
    case Compression::none: return Coding::plain;
    case Compression::gzip: return Coding::gzip;
    case Compression::zlib: return Coding::zlib;
    case Compression::zstd: return Coding::zstd;
    case Compression::snappy: return Coding::snappy;
    case Compression::snappy_framed: return Coding::snappy_framed;
    case Compression::lz4: return Coding::lz4;
  }
  return Coding::plain;
}
constexpr std::array kAll{Compression::gzip,   Compression::zlib,          Compression::zstd,
                          Compression::snappy, Compression::snappy_framed, Compression::lz4};

/// A body as an exporter would send it, and what is in it.
struct Body {
  std::string plain;
  collector::Contents contents;
};
std::vector<Body> bodies_as_sent() {
  std::vector<Body> all;
  for (const DesignedBody& designed : designed_bodies()) {
    Run run{1, 0, QueueKind::wheel};
    std::vector<Span> spans;
    const auto groups = wire::decode_otlp_json(designed.json);
    for (const wire::WireGroup& group : groups.value()) {
      const ResourceId resource = run.catalog.add_resource(group.resource);
      for (const wire::WireSpan& span : group.spans) {
        spans.push_back(to_span(run.catalog, span, resource));
        spans.back().bytes = run.catalog.otlp_bytes(spans.back());
      }
    }
    const Payload payload = run.pool.grouped(spans);
    collector::BodyReader reader{run.catalog};
    all.push_back({encode(payload, run.catalog, WireFormat::otlp_proto, 0), reader.spans(payload)});
  }
  return all;
}

// The libraries here are not those of the collector, but of the same formats.
TEST(DesignedBodies, AreCompressedToAboutWhatTheStandardParametersSay) {
  const std::vector<Body> bodies = bodies_as_sent();
  for (const Version version : {kOld, kNew}) {
    for (const Compression compression : kAll) {
      double mean = 0;
      for (const Body& body : bodies) {
        // The encoder here leaves out some fields that a collector sends empty.
        EXPECT_NEAR(static_cast<double>(body.plain.size()) / static_cast<double>(body.contents.bytes), 1, 0.06);
        const auto size = static_cast<double>(encode_body(coding_of(compression), body.plain).size());
        const auto said = compressed_bytes(collector::standard_costs().of(version), compression, body.contents);
        EXPECT_NEAR(static_cast<double>(said) / size, 1, 0.6);
        mean += std::abs(static_cast<double>(said) / size - 1) / static_cast<double>(bodies.size());
      }
      EXPECT_LT(mean, 0.15) << collector::kCoderNames[static_cast<std::size_t>(coder_of(compression))];
    }
  }
}

TEST(DesignedBodies, FramesDifferAsTheModelSays) {
  for (const Body& body : bodies_as_sent()) {
    const auto size = [&](Coding coding) { return static_cast<std::int64_t>(encode_body(coding, body.plain).size()); };
    const auto plain = static_cast<std::int64_t>(body.plain.size());
    EXPECT_EQ(size(Coding::zlib) - size(Coding::gzip), frame_bytes(Compression::zlib, plain));
    EXPECT_EQ(size(Coding::snappy_framed) - size(Coding::snappy), frame_bytes(Compression::snappy_framed, plain));
  }
}

TEST(CostGrid, EveryRunCanBePlayedAndItsSpansComeInTheirStretch) {
  for (const Version version : {kOld, kNew}) {
    for (const GridRun& run : cost_grid(GridSize::full, version)) {
      const CostScenario scenario{files_of(run, version, GridSize::full), collector::standard_costs()};
      const std::vector<Look> looks = play_twin(*scenario.prepared());
      const std::vector<Stretch> stretches = stretches_of(run, GridSize::full);
      ASSERT_EQ(stretches.size(), run.loads.size() + (run.silence ? 2 : 1)) << run.name;
      ASSERT_LT(stretches.back().to, looks.size()) << run.name;
      for (std::size_t i = 0; i < run.loads.size(); ++i) {
        const Stretch& stretch = stretches[i + (run.silence ? 2 : 1)];
        const auto received = [&](std::size_t at) { return looks[at].work.zipkin.spans + looks[at].work.otlp.spans; };
        const double posting = run.posting > 0 ? run.posting : 2.4;
        EXPECT_EQ(received(stretch.to) - received(stretch.from),
                  run.loads[i].spans * static_cast<int>(run.loads[i].per_second * posting)) << run.name;
      }
    }
  }
}

/// The grid as if collectors took exactly what these costs say.
GridResult made_up_result(Version version, const std::vector<GridRun>& grid, const CostTable& truth) {
  GridResult result;
  result.version = version;
  result.date = "2026-01-31";
  for (const GridRun& run : grid) {
    for (const Stretch& stretch : stretches_of(run, GridSize::full)) {
      GridRow row;
      row.run = run.name;
      row.load = stretch.load;
      row.held_out = run.held_out;
      row.from_start = stretch.from_start;
      row.seconds = reading_step() * static_cast<double>(stretch.from_start ? stretch.to + 1 : stretch.to - stretch.from);
      row.spans = stretch.from_start ? 0 : 1;
      result.rows.push_back(row);
    }
  }
  simulate_twins(result, grid, truth, GridSize::full);
  const Costs& costs = truth.generations.front().costs;
  for (GridRow& row : result.rows) {
    const Duration length = from_seconds(row.seconds);
    row.cpu = cpu_seconds(costs, row.work, length) - (row.from_start ? 0 : costs.cpu.start_seconds);
    row.allocated = allocated_bytes(costs, row.work, length);
    row.resident = costs.idle_resident + costs.resident_per_heap_byte * row.heap_growth;
  }
  return result;
}

/// For all versions.
CostTable table_of(collector::CostGeneration generation) {
  generation.from = Version{0, 0, 0};
  CostTable table;
  table.generations.push_back(std::move(generation));
  return table;
}

TEST(CostFit, FindsWhatTheRowsWereMadeWith) {
  const auto grid = cost_grid(GridSize::full, kNew);
  CostTable truth = table_of(collector::standard_costs().generations.back());
  Costs& costs = truth.generations.front().costs;
  costs.cpu.spin_cores = 0;
  for (std::size_t i = 0; i < collector::kSteps; ++i) costs.steps[i] = {0.4 + 0.1 * static_cast<double>(i), 50.0 + 10.0 * static_cast<double>(i)};
  GridResult result = made_up_result(kNew, grid, truth);
  const auto& before = collector::standard_costs().generations.back();
  const auto found = fit_costs(result, grid, before, GridSize::full);
  for (std::size_t i = 0; i < collector::kSteps; ++i) {
    EXPECT_NEAR(found.costs.steps[i].cpu, costs.steps[i].cpu, 0.05 * costs.steps[i].cpu) << i;
    EXPECT_NEAR(found.costs.steps[i].garbage, costs.steps[i].garbage, 0.05 * costs.steps[i].garbage) << i;
  }
  const auto errors = errors_of(predictions(result, found.costs));
  EXPECT_LT(errors.cpu, 0.02);
  EXPECT_LT(errors.resident, 0.02);
  EXPECT_EQ(found.costs.idle_live_heap, before.costs.idle_live_heap) << "not measured: kept";
  EXPECT_EQ(found.costs.coders[0].fixed, before.costs.coders[0].fixed) << "not measured: kept";
}

TEST(CostFit, KeepsTheCodersThatAVersionDoesNotHave) {
  const auto grid = cost_grid(GridSize::full, kOld);
  const CostTable truth = table_of(collector::standard_costs().generations.front());
  GridResult result = made_up_result(kOld, grid, truth);
  auto before = collector::standard_costs().generations.front();
  const auto lz4 = static_cast<std::size_t>(collector::Coder::lz4);
  before.costs.coders[lz4].cpu_byte = 42;
  EXPECT_EQ(fit_costs(result, grid, before, GridSize::full).costs.coders[lz4].cpu_byte, 42);
}

TEST(CostFit, FindsSizes) {
  GridResult result;
  result.version = kNew;
  collector::CostGeneration before = collector::standard_costs().generations.back();
  Costs truth = before.costs;
  truth.coders[0] = {0, 0, 80, 9, 15, 13, 2, 0.6, 0.02, 0};
  for (const Body& body : bodies_as_sent()) {
    for (const Compression compression : {Compression::gzip, Compression::zlib}) {
      const auto bytes = coded_bytes(truth.coders[0], body.contents) +
                         static_cast<double>(frame_bytes(compression, body.contents.bytes));
      result.sizes.push_back({"", compression, false, body.contents, bytes});
    }
  }
  const auto found = fit_costs(result, {}, before, GridSize::full);
  EXPECT_NEAR(found.costs.coders[0].trace, 15, 0.1);
  EXPECT_NEAR(found.costs.coders[0].fresh, 0.6, 0.01);
  EXPECT_EQ(found.costs.coders[1].trace, before.costs.coders[1].trace);
  EXPECT_LT(size_errors(result.sizes, found.costs, Compression::gzip, false).most, 0.02);
  EXPECT_EQ(found.sources.back().date.size(), 10u);
}

}  // namespace
}  // namespace spillway::real
