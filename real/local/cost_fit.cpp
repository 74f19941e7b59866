#include "real/local/cost_fit.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <set>

#include "analysis/least_squares.hpp"

namespace spillway::real {
namespace {

using collector::Costs;
using collector::CostGeneration;
using collector::CostParameter;

/// What the grid cannot tell on a machine that others use: a loop that never sleeps gets the share of the CPU that they
/// leave.
const std::set<std::string> kKept{"cpu.batch.spin"};

/// What one unit of a parameter contributes to a row.
double share_of(const CostParameter& parameter, const GridRow& row) {
  Costs unit;
  *parameter.field(unit) = 1;
  if (unit.cpu.start_seconds > 0) return row.from_start ? 1 : 0;
  const Duration length = from_seconds(row.seconds);
  if (parameter.name.starts_with("cpu.")) return cpu_seconds(unit, row.work, length);
  return allocated_bytes(unit, row.work, length);
}

std::string percent_interval(const analysis::Coefficient& fit) {
  char text[64];
  std::snprintf(text, sizeof text, "%.3g - %.3g", fit.low, fit.high);
  return text;
}

class Fitter {
 public:
  Fitter(GridResult& result, const std::vector<GridRun>& grid, const CostGeneration& before, GridSize size)
      : result_{result}, grid_{grid}, found_{before}, size_{size} {
    found_.sources.resize(collector::cost_parameters().size());
  }

  CostGeneration run() {
    // Allocation decides how often garbage is collected, which is part of the CPU; the live heap decides both.
    fit_live_heap();
    fit("alloc.", [](const GridRow& row) { return row.allocated; }, 1e6, false);
    simulate();
    fit("cpu.", [](const GridRow& row) { return row.cpu; }, 0.01, true);
    fit_resident();
    for (std::size_t coder = 0; coder < collector::kCoders; ++coder) fit_sizes(coder);
    return found_;
  }

 private:
  void simulate() {
    collector::CostTable table;
    table.generations.push_back(found_);
    table.generations.front().from = collector::Version{0, 0, 0};
    simulate_twins(result_, grid_, table, size_);
  }

  /// All parameters of this prefix together. `floor`: what is smaller than that weighs less.
  void fit(const std::string& prefix, const std::function<double(const GridRow&)>& measured, double floor,
           bool with_start) {
    std::vector<const CostParameter*> columns;
    for (const CostParameter& parameter : collector::cost_parameters()) {
      if (!parameter.name.starts_with(prefix) || kKept.contains(parameter.name)) continue;
      const auto tells = [&](const GridRow& row) { return !row.held_out && share_of(parameter, row) != 0; };
      if (std::ranges::any_of(result_.rows, tells)) columns.push_back(&parameter);
    }
    if (columns.empty()) return;
    analysis::Equations equations;
    equations.columns = columns.size();
    for (const GridRow& row : result_.rows) {
      if (row.held_out || (row.from_start && !with_start)) continue;
      const double weight = 1 / (measured(row) + floor);
      std::vector<double> shares;
      for (const CostParameter* column : columns) shares.push_back(weight * share_of(*column, row));
      equations.add(shares, weight * measured(row));
    }
    const auto fits = analysis::non_negative_fit(equations);
    for (std::size_t j = 0; j < columns.size(); ++j) set(*columns[j], fits[j]);
  }

  /// Bodies of every compression that has this coder, without their frames.
  void fit_sizes(std::size_t coder) {
    constexpr double floor = 50;  // bytes
    const std::string prefix = std::string{"size."} + collector::kCoderNames[coder] + "_";
    std::vector<const CostParameter*> columns;
    for (const CostParameter& parameter : collector::cost_parameters()) {
      if (parameter.name.starts_with(prefix)) columns.push_back(&parameter);
    }
    analysis::Equations equations;
    equations.columns = columns.size();
    for (const SizeRow& row : result_.sizes) {
      if (row.held_out || static_cast<std::size_t>(coder_of(row.compression)) != coder) continue;
      const double weight = 1 / (row.bytes + floor);
      std::vector<double> shares;
      for (const CostParameter* column : columns) {
        Costs unit;
        *column->field(unit) = 1;
        shares.push_back(weight * coded_bytes(unit.coders[coder], row.contents));
      }
      const auto frame = static_cast<double>(collector::frame_bytes(row.compression, row.contents.bytes));
      equations.add(shares, weight * (row.bytes - frame));
    }
    if (equations.values.empty()) return;
    const auto fits = analysis::non_negative_fit(equations);
    for (std::size_t j = 0; j < columns.size(); ++j) set(*columns[j], fits[j]);
  }

  void fit_live_heap() {
    if (result_.idle_live_heap <= 0 || result_.held_bytes <= 0) return;
    set_measured("memory.idle_live_heap", result_.idle_live_heap, "forced collection of an idle collector");
    const double ratio = std::max(0.0, result_.held_live_heap - result_.idle_live_heap) / result_.held_bytes;
    set_measured("memory.live_per_held_byte", ratio, "forced collection with a full queue");
  }

  /// How resident memory grows with the heap is seen best where the heap is large; what is left is the level.
  void fit_resident() {
    const double held_heap = 2 * std::max(0.0, result_.held_live_heap - result_.idle_live_heap);
    if (held_heap > 0) {
      set_measured("memory.resident_per_heap_byte", std::max(0.0, result_.held_resident / held_heap),
                   "collector with a full queue against an idle one");
    }
    analysis::Equations equations;
    equations.columns = 1;
    for (const GridRow& row : result_.rows) {
      if (row.held_out || row.from_start || row.resident <= 0) continue;
      const double level = row.resident - found_.costs.resident_per_heap_byte * row.heap_growth;
      equations.add({1 / row.resident}, level / row.resident);
    }
    if (equations.values.empty()) return;
    set(*parameter("memory.idle_resident"), analysis::non_negative_fit(equations).front());
  }

  const CostParameter* parameter(const std::string& name) const {
    const auto all = collector::cost_parameters();
    return &*std::find_if(all.begin(), all.end(), [&](const CostParameter& p) { return name == p.name; });
  }
  void set(const CostParameter& which, const analysis::Coefficient& fit) {
    note(which, fit.value, "cost grid, otelcol " + collector::to_text(result_.version) + ", 95 %: " + percent_interval(fit));
  }
  void set_measured(const std::string& name, double value, const std::string& how) {
    note(*parameter(name), value, how + ", otelcol " + collector::to_text(result_.version));
  }
  void note(const CostParameter& which, double value, const std::string& source) {
    char rounded[32];
    std::snprintf(rounded, sizeof rounded, "%.4g", value);
    *which.field(found_.costs) = std::stod(rounded);
    found_.sources[static_cast<std::size_t>(&which - collector::cost_parameters().data())] = {source, result_.date};
  }

  GridResult& result_;
  const std::vector<GridRun>& grid_;
  CostGeneration found_;
  GridSize size_;
};

double relative(double predicted, double measured) { return measured > 0 ? predicted / measured - 1 : 0; }

std::string signed_percent(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%+.0f %%", 100 * value);
  return text;
}

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.0f %%", 100 * share);
  return text;
}

std::string in_unit(double value, double unit, const char* format) {
  char text[32];
  std::snprintf(text, sizeof text, format, value / unit);
  return text;
}

}  // namespace

CostGeneration fit_costs(GridResult& result, const std::vector<GridRun>& grid, const CostGeneration& before,
                         GridSize size) {
  return Fitter{result, grid, before, size}.run();
}

std::vector<CostPrediction> predictions(const GridResult& result, const Costs& costs) {
  double cpu = 0, spans = 0, resident = 0, rows = 0;
  for (const GridRow& row : result.rows) {
    if (row.held_out || row.spans <= 0) continue;
    cpu += row.cpu;
    spans += row.spans;
    resident += row.resident;
    rows += 1;
  }
  std::vector<CostPrediction> list;
  for (const GridRow& row : result.rows) {
    if (row.spans <= 0) continue;
    const double predicted =
        cpu_seconds(costs, row.work, from_seconds(row.seconds)) - (row.from_start ? 0 : costs.cpu.start_seconds);
    list.push_back({row.run, row.load, row.held_out, row.cpu, predicted, spans > 0 ? cpu / spans * row.spans : 0,
                    row.resident, costs.idle_resident + costs.resident_per_heap_byte * row.heap_growth,
                    rows > 0 ? resident / rows : 0});
  }
  return list;
}

CostErrors errors_of(const std::vector<CostPrediction>& list) {
  CostErrors errors;
  for (const CostPrediction& p : list) {
    const double cpu = std::abs(relative(p.predicted_cpu, p.cpu)), memory = std::abs(relative(p.predicted_resident, p.resident));
    errors.cpu = std::max(errors.cpu, cpu);
    errors.naive_cpu = std::max(errors.naive_cpu, std::abs(relative(p.naive_cpu, p.cpu)));
    errors.resident = std::max(errors.resident, memory);
    errors.naive_resident = std::max(errors.naive_resident, std::abs(relative(p.naive_resident, p.resident)));
    errors.mean_cpu += cpu / static_cast<double>(list.size());
    errors.mean_resident += memory / static_cast<double>(list.size());
  }
  return errors;
}

analysis::Block predictions_block(const std::vector<CostPrediction>& list, bool held_out, const std::string& title) {
  using enum analysis::Column::Align;
  analysis::Block block;
  block.table.columns = {{title},           {"spans x attributes"}, {"CPU", right},      {"predicted", right}, {"", right},
                         {"naive", right}, {"resident", right},    {"predicted", right}, {"", right},          {"naive", right}};
  for (const CostPrediction& p : list) {
    if (p.held_out != held_out) continue;
    constexpr double kMilli = 1e-3, kMiB = 1 << 20;
    block.table.rows.push_back({p.run, p.load, in_unit(p.cpu, kMilli, "%.0f ms"), in_unit(p.predicted_cpu, kMilli, "%.0f ms"),
                                signed_percent(relative(p.predicted_cpu, p.cpu)),
                                signed_percent(relative(p.naive_cpu, p.cpu)), in_unit(p.resident, kMiB, "%.1f MiB"),
                                in_unit(p.predicted_resident, kMiB, "%.1f MiB"),
                                signed_percent(relative(p.predicted_resident, p.resident)),
                                signed_percent(relative(p.naive_resident, p.resident))});
  }
  return block;
}

analysis::Block sizes_block(const GridResult& result, const Costs& costs, const Costs& before) {
  using enum analysis::Column::Align;
  using enum collector::Compression;
  analysis::Block block;
  block.table.columns = {{"compressed bodies"}, {"fitted", right},      {"mean error", right}, {"at most", right},
                         {"held out", right},   {"mean error", right}, {"at most", right},    {"before: mean", right},
                         {"at most", right}};
  constexpr std::array<std::pair<collector::Compression, const char*>, 6> kinds{
      {{gzip, "gzip"}, {zlib, "zlib"}, {zstd, "zstd"}, {snappy, "snappy"}, {snappy_framed, "snappy, framed"}, {lz4, "lz4"}}};
  for (const auto& [compression, name] : kinds) {
    const SizeErrors fitted = size_errors(result.sizes, costs, compression, false),
                     held = size_errors(result.sizes, costs, compression, true),
                     earlier = size_errors(result.sizes, before, compression, true);
    if (fitted.rows == 0) continue;
    block.table.rows.push_back({name, std::to_string(fitted.rows), percent(fitted.mean), percent(fitted.most),
                                std::to_string(held.rows), percent(held.mean), percent(held.most),
                                percent(earlier.mean), percent(earlier.most)});
  }
  return block;
}

}  // namespace spillway::real
