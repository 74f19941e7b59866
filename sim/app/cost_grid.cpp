#include "sim/app/cost_grid.hpp"

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "analysis/report/table.hpp"
#include "real/local/cost_fit.hpp"
#include "sim/app/commands.hpp"

namespace spillway::app {
namespace {

using collector::CostGeneration;
using collector::CostTable;
using real::GridResult;
using real::GridSize;

/// Means beyond these say that the parameters are wrong, not the machine busy: the CPU of a span rises when caches and
/// hyper-threads are shared.
constexpr double kMostCpuError = 0.6;
constexpr double kMostResidentError = 0.2;

void say(const std::string& what) { std::cerr << "spillway: " << what << "\n"; }

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.0f %%", 100 * share);
  return text;
}

/// The first version from which the parameters found on a program hold. Between 0.111 and 0.159 a request became
/// dearer; which release did it is not known, so the switch stands where the HTTP server's telemetry was rebuilt.
collector::Version valid_from(collector::Version measured) {
  return measured < collector::Version{0, 140, 0} ? collector::Version{0, 111, 0} : collector::Version{0, 140, 0};
}

void print_remarks(const GridResult& result) {
  for (const std::string& remark : result.remarks) std::cout << "note: " << remark << "\n";
  std::cout << "least idle share of the machine during a run: " << percent(result.least_idle) << "\n";
}

void print_errors(const char* what, const real::CostErrors& errors) {
  std::cout << what << ": CPU off by " << percent(errors.mean_cpu) << " on average, " << percent(errors.cpu)
            << " at most (naive: " << percent(errors.naive_cpu) << "); resident memory " << percent(errors.mean_resident)
            << " and " << percent(errors.resident) << " (naive: " << percent(errors.naive_resident) << ")\n";
}

std::vector<real::CostPrediction> only(std::vector<real::CostPrediction> list, bool held_out) {
  std::erase_if(list, [&](const real::CostPrediction& p) { return p.held_out != held_out; });
  return list;
}

void print_predictions(const std::vector<real::CostPrediction>& list) {
  std::cout << "\n" << analysis::to_text({real::predictions_block(list, false, "fitted"),
                                          real::predictions_block(list, true, "held out")});
  print_errors("\nfitted", errors_of(only(list, false)));
  print_errors("held out", errors_of(only(list, true)));
}

const CostGeneration& generation_of(const CostTable& table, collector::Version version) {
  const CostGeneration* found = &table.generations.front();
  for (const CostGeneration& generation : table.generations) {
    if (generation.from <= version) found = &generation;
  }
  return *found;
}

/// Returns the least idle share of the machine.
double fit_one(collector::Version version, const real::MeasureOptions& options, CostTable& found) {
  const auto grid = real::cost_grid(GridSize::full, version);
  const CostGeneration& before = generation_of(collector::standard_costs(), version);
  GridResult result = run_cost_grid(grid, version, collector::standard_costs(), options, GridSize::full, say);
  measure_beside(result, collector::standard_costs(), options, say);
  CostGeneration fitted = fit_costs(result, grid, before, GridSize::full);
  fitted.from = valid_from(version);
  std::cout << "\notelcol " << collector::to_text(version) << "\n";
  print_remarks(result);
  print_predictions(predictions(result, fitted.costs));
  std::cout << "\n" << analysis::to_text({sizes_block(result, fitted.costs, before.costs)});
  found.generations.push_back(std::move(fitted));
  return result.least_idle;
}

int check_one(collector::Version version, const real::MeasureOptions& options) {
  const auto grid = real::cost_grid(GridSize::quick, version);
  const CostTable& costs = collector::standard_costs();
  const GridResult result = run_cost_grid(grid, version, costs, options, GridSize::quick, say);
  const auto list = predictions(result, costs.of(version));
  std::cout << "\notelcol " << collector::to_text(version) << ", parameters that are part of the program\n";
  print_remarks(result);
  std::cout << "\n" << analysis::to_text({real::predictions_block(list, false, "run"),
                                          real::predictions_block(list, true, "run, never fitted")});
  const real::CostErrors errors = errors_of(list);
  print_errors("\nall", errors);
  if (list.size() < grid.size()) {
    std::cout << "too few rows arrived in time to judge\n";
    return kEnvironment;
  }
  const bool fine = errors.mean_cpu <= kMostCpuError && errors.mean_resident <= kMostResidentError;
  std::cout << (fine ? "agree" : "DIFFER") << ": allowed on average are " << percent(kMostCpuError) << " of CPU and "
            << percent(kMostResidentError) << " of memory\n";
  return fine ? kFine : kFailed;
}

/// Fits what compressed bodies tell; all else stays.
void fit_sizes(collector::Version version, const real::MeasureOptions& options, CostTable& found) {
  const CostGeneration& before = generation_of(collector::standard_costs(), version);
  GridResult result;
  result.version = version;
  result.date = real::today();
  result.sizes = measure_sizes(version, collector::standard_costs(), options, result.remarks);
  found.generations.push_back(fit_costs(result, {}, before, GridSize::full));
  found.generations.back().from = valid_from(version);
  std::cout << "\notelcol " << collector::to_text(version) << "\n";
  for (const std::string& remark : result.remarks) std::cout << "note: " << remark << "\n";
  std::cout << "\n" << analysis::to_text({sizes_block(result, found.generations.back().costs, before.costs)});
}

/// A part of the grid beside what the standard parameters predict.
void look_at(const std::string& only, collector::Version version, const real::MeasureOptions& options) {
  const CostTable& costs = collector::standard_costs();
  auto grid = real::cost_grid(GridSize::full, version);
  std::erase_if(grid, [&](const real::GridRun& run) { return run.name.find(only) == std::string::npos; });
  const GridResult result = run_cost_grid(grid, version, costs, options, GridSize::full, say);
  std::cout << "\notelcol " << collector::to_text(version) << ", parameters that are part of the program\n";
  print_remarks(result);
  const auto list = predictions(result, costs.of(version));
  std::cout << "\n" << analysis::to_text({real::predictions_block(list, false, "run"),
                                          real::predictions_block(list, true, "run, never fitted")});
}

}  // namespace

int measure_costs(const CostGridSettings& settings, const real::MeasureOptions& options) {
  if (options.collectors.empty()) {
    std::cerr << "spillway: error: cannot measure here: no built collector; run real/collector/build.sh\n";
    return kEnvironment;
  }
  int code = kFine;
  double least_idle = 1;
  CostTable found;
  for (const auto& [version, program] : options.collectors) {
    if (settings.only == "sizes") fit_sizes(version, options, found);
    else if (!settings.only.empty()) look_at(settings.only, version, options);
    else if (settings.quick) code = graver(code, check_one(version, options));
    else least_idle = std::min(least_idle, fit_one(version, options, found));
  }
  if (!settings.file.empty() && !found.generations.empty()) {
    const std::string idle = "least idle share of the machine during a run " + percent(least_idle);
    const std::string headline = "what collectors cost; written by spillway measure --cost-grid, " +
                                 (settings.only.empty() ? idle : "sizes of compressed bodies anew");
    write_file_atomically(settings.file, costs_file(found, headline));
    std::cout << "\nparameters written to " << settings.file << "\n";
  }
  return code;
}

}  // namespace spillway::app
