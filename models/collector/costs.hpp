// What a collector costs: CPU, allocation and memory, linear in what it does. The parameters are data: costs.yaml,
// written by `spillway measure --cost-grid` from runs of real collectors, is part of the program; other files may
// replace any of them.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "models/collector/compression.hpp"
#include "models/collector/version.hpp"
#include "models/collector/work.hpp"
#include "models/scenario/document.hpp"
#include "sim/time.hpp"

namespace spillway::collector {

/// Price of handling requests: of each, of each span and attribute in them, of each byte of their bodies.
struct Price {
  double request = 0, span = 0, attribute = 0, byte = 0;
};

/// What a coder takes for a body, and what it makes of it: a sum over what is in the body (Contents).
struct CoderCosts {
  double cpu_request = 0, cpu_byte = 0;  ///< on top of `exported`; of the uncompressed body
  double fixed = 0, span = 0, trace = 0, time = 0, change = 0, fresh = 0, byte = 0;  ///< bytes of the compressed body
  double buffer = 0;  ///< bytes of heap that a writer keeps from body to body
};

/// What a step of the work inside takes.
struct StepCosts {
  double cpu = 0;      ///< microseconds
  double garbage = 0;  ///< bytes of heap allocated
};

/// Parameters of one version. CPU in microseconds of one core, sizes in bytes, unless said otherwise.
struct Costs {
  struct Cpu {
    double start_seconds = 0;  ///< a fresh process reading its configuration
    double idle_cores = 0;     ///< with nothing to do, its page read once a second
    Price zipkin, otlp, exported;
    double batch_span = 0;
    double queue_request = 0;
    double wake = 0;              ///< of having something to do after a pause
    double timer_turn = 0;        ///< of a batch processor's timer
    double spin_cores = 0;        ///< of a timer loop that never sleeps
    double collected_byte = 0;    ///< live heap that a garbage collection looks at
  } cpu;
  std::array<CoderCosts, kCoders> coders;
  std::array<StepCosts, kSteps> steps;
  Price zipkin_garbage, otlp_garbage, exported_garbage;  ///< bytes of heap allocated, whether they live on or not
  double idle_garbage = 0;           ///< bytes a second
  double idle_live_heap = 0;         ///< after a collection with nothing held
  double live_per_held_byte = 0;     ///< decoded spans on the heap over their OTLP size
  double idle_resident = 0;          ///< resident memory with nothing to do
  double resident_per_heap_byte = 0; ///< resident memory that grows with what the heap may grow to, over that growth
};

/// What these requests cost together.
double priced(const Price& price, const Handled& handled);
/// CPU seconds of a process that has done this since it started.
double cpu_seconds(const Costs& costs, const Work& work, Duration uptime);
/// Bytes of heap that it has allocated meanwhile.
double allocated_bytes(const Costs& costs, const Work& work, Duration uptime);
/// The sum for these contents, as the coder's own form has it.
double coded_bytes(const CoderCosts& coder, const Contents& contents);
/// Bytes of a body with these contents, compressed; not much more than uncompressed. Fitted to bodies of 1 to 1000 spans with
/// attributes of all kinds: how far it is off stands in the README.
std::int64_t compressed_bytes(const Costs& costs, Compression compression, const Contents& contents);

/// A parameter as files and reports name it.
struct CostParameter {
  std::string name;   ///< "cpu.zipkin.span"
  const char* unit;   ///< "us", "bytes", …
  const char* about;
  double most;        ///< no file may say more; the least is 0
  double* (*field)(Costs&);
};
std::span<const CostParameter> cost_parameters();

/// Where a value comes from.
struct CostSource {
  std::string source;
  std::string date;   ///< YYYY-MM-DD
};

/// Parameters of the collectors from one version on.
struct CostGeneration {
  Version from;
  Costs costs;
  std::vector<CostSource> sources;  ///< one a parameter, in the order of cost_parameters()
};

/// What files say, in ascending order of versions. A version has the parameters of the last generation not after it.
struct CostTable {
  std::vector<CostGeneration> generations;
  const Costs& of(Version version) const;
};

/// The parameters that are part of the program.
const CostTable& standard_costs();

/// The standard table with what the files say over it, in order; a file may give some parameters only. Every problem
/// of every file at once. Null when one has an error. Files: models/collector/README.md, "Costs".
std::shared_ptr<const CostTable> load_costs(const std::vector<std::filesystem::path>& files, Problems& problems);
/// One file's content over `table`; for content that is in memory. `name` stands for the file in messages.
void read_costs(std::string_view text, const std::string& name, CostTable& table, Problems& problems);

/// The content of a parameter file that says exactly this.
std::string costs_file(const CostTable& table, const std::string& headline);

}  // namespace spillway::collector
