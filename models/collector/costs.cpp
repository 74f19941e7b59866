#include "models/collector/costs.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace spillway::collector {
namespace {

constexpr double kMostTime = 1e9;    // us
constexpr double kMostBytes = 1e12;

/// A parameter that stands alone.
struct Single {
  const char* name;
  const char* unit;
  const char* about;
  double most;
  double* (*field)(Costs&);
};
constexpr std::array kSingles{
    Single{"cpu.start", "s", "a fresh process reading its configuration", 3600,
           [](Costs& c) { return &c.cpu.start_seconds; }},
    Single{"cpu.idle", "cores", "with nothing to do, its metrics page read about once a second", 1024,
           [](Costs& c) { return &c.cpu.idle_cores; }},
    Single{"cpu.wake", "us", "something to do after a pause of some milliseconds, on top of the request's own", kMostTime,
           [](Costs& c) { return &c.cpu.wake; }},
    Single{"cpu.zipkin.request", "us", "zipkin receiver", kMostTime,
           [](Costs& c) { return &c.cpu.zipkin.request; }},
    Single{"cpu.zipkin.span", "us", "zipkin receiver", kMostTime, [](Costs& c) { return &c.cpu.zipkin.span; }},
    Single{"cpu.zipkin.attribute", "us", "zipkin receiver", kMostTime,
           [](Costs& c) { return &c.cpu.zipkin.attribute; }},
    Single{"cpu.zipkin.byte", "us", "zipkin receiver, of the JSON body", kMostTime,
           [](Costs& c) { return &c.cpu.zipkin.byte; }},
    Single{"cpu.otlp.request", "us", "otlp receiver over HTTP", kMostTime,
           [](Costs& c) { return &c.cpu.otlp.request; }},
    Single{"cpu.otlp.span", "us", "otlp receiver", kMostTime, [](Costs& c) { return &c.cpu.otlp.span; }},
    Single{"cpu.otlp.attribute", "us", "otlp receiver", kMostTime,
           [](Costs& c) { return &c.cpu.otlp.attribute; }},
    Single{"cpu.otlp.byte", "us", "otlp receiver", kMostTime, [](Costs& c) { return &c.cpu.otlp.byte; }},
    Single{"cpu.batch.span", "us", "batch processor", kMostTime, [](Costs& c) { return &c.cpu.batch_span; }},
    Single{"cpu.batch.timer_turn", "us", "batch processor's timer, also with nothing to send", kMostTime,
           [](Costs& c) { return &c.cpu.timer_turn; }},
    Single{"cpu.batch.spin", "cores", "timer too short to sleep in between", 1024,
           [](Costs& c) { return &c.cpu.spin_cores; }},
    Single{"cpu.queue.request", "us", "sending queue", kMostTime, [](Costs& c) { return &c.cpu.queue_request; }},
    Single{"cpu.export.request", "us", "otlp_http exporter, each attempt", kMostTime,
           [](Costs& c) { return &c.cpu.exported.request; }},
    Single{"cpu.export.span", "us", "otlp_http exporter", kMostTime,
           [](Costs& c) { return &c.cpu.exported.span; }},
    Single{"cpu.export.attribute", "us", "otlp_http exporter", kMostTime,
           [](Costs& c) { return &c.cpu.exported.attribute; }},
    Single{"cpu.export.byte", "us", "otlp_http exporter, before compression", kMostTime,
           [](Costs& c) { return &c.cpu.exported.byte; }},
    Single{"cpu.gc.byte", "us", "garbage collection, byte of live heap", kMostTime,
           [](Costs& c) { return &c.cpu.collected_byte; }},
    Single{"alloc.zipkin.request", "bytes", "heap allocated", kMostBytes,
           [](Costs& c) { return &c.zipkin_garbage.request; }},
    Single{"alloc.zipkin.span", "bytes", "heap allocated", kMostBytes,
           [](Costs& c) { return &c.zipkin_garbage.span; }},
    Single{"alloc.zipkin.attribute", "bytes", "heap allocated", kMostBytes,
           [](Costs& c) { return &c.zipkin_garbage.attribute; }},
    Single{"alloc.zipkin.byte", "bytes", "heap allocated", kMostBytes,
           [](Costs& c) { return &c.zipkin_garbage.byte; }},
    Single{"alloc.otlp.request", "bytes", "heap allocated", kMostBytes,
           [](Costs& c) { return &c.otlp_garbage.request; }},
    Single{"alloc.otlp.span", "bytes", "heap allocated", kMostBytes,
           [](Costs& c) { return &c.otlp_garbage.span; }},
    Single{"alloc.otlp.attribute", "bytes", "heap allocated", kMostBytes,
           [](Costs& c) { return &c.otlp_garbage.attribute; }},
    Single{"alloc.otlp.byte", "bytes", "heap allocated", kMostBytes,
           [](Costs& c) { return &c.otlp_garbage.byte; }},
    Single{"alloc.export.request", "bytes", "heap allocated", kMostBytes,
           [](Costs& c) { return &c.exported_garbage.request; }},
    Single{"alloc.export.span", "bytes", "heap allocated", kMostBytes,
           [](Costs& c) { return &c.exported_garbage.span; }},
    Single{"alloc.export.attribute", "bytes", "heap allocated", kMostBytes,
           [](Costs& c) { return &c.exported_garbage.attribute; }},
    Single{"alloc.export.byte", "bytes", "heap allocated", kMostBytes,
           [](Costs& c) { return &c.exported_garbage.byte; }},
    Single{"alloc.idle", "bytes/s", "heap allocated with nothing to do", kMostBytes,
           [](Costs& c) { return &c.idle_garbage; }},
    Single{"memory.idle_live_heap", "bytes", "heap after a collection with nothing held", kMostBytes,
           [](Costs& c) { return &c.idle_live_heap; }},
    Single{"memory.live_per_held_byte", "ratio", "decoded spans on the heap over their OTLP size", 1000,
           [](Costs& c) { return &c.live_per_held_byte; }},
    Single{"memory.idle_resident", "bytes", "resident memory with nothing to do", kMostBytes,
           [](Costs& c) { return &c.idle_resident; }},
    Single{"memory.resident_per_heap_byte", "ratio", "growth of resident memory over growth of the heap", 1000,
           [](Costs& c) { return &c.resident_per_heap_byte; }},
};

/// One of every coder.
struct CoderParameter {
  const char* before;  ///< the coder's name
  const char* behind;
  const char* unit;
  const char* about;
  double CoderCosts::*field;
};
constexpr std::array kCoderParameters{
    CoderParameter{"cpu.", ".request", "us", "compression of a body", &CoderCosts::cpu_request},
    CoderParameter{"cpu.", ".byte", "us", "compression, byte of the uncompressed body", &CoderCosts::cpu_byte},
    CoderParameter{"size.", "_fixed", "bytes", "compressed body, whatever is in it", &CoderCosts::fixed},
    CoderParameter{"size.", "_span", "bytes", "compressed body, each span: its id", &CoderCosts::span},
    CoderParameter{"size.", "_trace", "bytes", "compressed body, span of another trace than the one before", &CoderCosts::trace},
    CoderParameter{"size.", "_time", "bytes", "compressed body, span of other times than the one before", &CoderCosts::time},
    CoderParameter{"size.", "_change", "bytes", "compressed body, name or value other than that of the span before",
                   &CoderCosts::change},
    CoderParameter{"size.", "_fresh_byte", "bytes", "compressed body, byte of texts that is in none before", &CoderCosts::fresh},
    CoderParameter{"size.", "_byte", "bytes", "compressed body, byte of the uncompressed one", &CoderCosts::byte},
    CoderParameter{"memory.", "_buffer", "bytes", "heap that a writer keeps from body to body", &CoderCosts::buffer},
};

constexpr std::array<std::pair<const char*, const char*>, kSteps> kStepParameters{{
    {"processor.span", "span in a processor or connector that is not named here"},
    {"ottl.statement", "condition or statement of OTTL on a span or resource"},
    {"action", "action of attributes or resource on a span or resource"},
    {"pattern", "regular expression of span or redaction, tried once"},
    {"groupbyattrs.span", "groupbyattrs"},
    {"tail_sampling.span", "tail_sampling, until it is decided"},
    {"tail_sampling.trace", "tail_sampling, until it is decided"},
    {"tail_sampling.policy", "tail_sampling, policy asked of a trace"},
    {"groupbytrace.span", "groupbytrace"},
    {"groupbytrace.trace", "groupbytrace"},
    {"span_metrics.span", "span_metrics connector"},
}};

template <std::size_t coder, std::size_t parameter>
double* coder_field(Costs& costs) {
  return &(costs.coders[coder].*kCoderParameters[parameter].field);
}
template <std::size_t step, bool garbage>
double* step_field(Costs& costs) {
  return garbage ? &costs.steps[step].garbage : &costs.steps[step].cpu;
}

template <std::size_t coder, std::size_t... parameter>
void add_coder(std::vector<CostParameter>& all, std::index_sequence<parameter...>) {
  const auto add = [&](const CoderParameter& p, double* (*field)(Costs&)) {
    const double most = std::string_view{p.unit} == "us" ? kMostTime : kMostBytes;
    all.push_back({std::string{p.before} + kCoderNames[coder] + p.behind, p.unit, p.about, most, field});
  };
  (add(kCoderParameters[parameter], &coder_field<coder, parameter>), ...);
}
template <std::size_t... coder>
void add_coders(std::vector<CostParameter>& all, std::index_sequence<coder...>) {
  (add_coder<coder>(all, std::make_index_sequence<kCoderParameters.size()>{}), ...);
}
template <std::size_t... step>
void add_steps(std::vector<CostParameter>& all, std::index_sequence<step...>) {
  const auto add = [&](const auto& names, double* (*cpu)(Costs&), double* (*garbage)(Costs&)) {
    all.push_back({std::string{"cpu."} + names.first, "us", names.second, kMostTime, cpu});
    all.push_back({std::string{"alloc."} + names.first, "bytes", names.second, kMostBytes, garbage});
  };
  (add(kStepParameters[step], &step_field<step, false>, &step_field<step, true>), ...);
}

/// Parameters of one family stand together, as files have them.
std::vector<CostParameter> all_parameters() {
  std::vector<CostParameter> all;
  for (const Single& one : kSingles) all.push_back({one.name, one.unit, one.about, one.most, one.field});
  add_coders(all, std::make_index_sequence<kCoders>{});
  add_steps(all, std::make_index_sequence<kSteps>{});
  const auto family = [](const CostParameter& p) { return p.name.substr(0, p.name.find('.')); };
  const std::vector<std::string> order{"cpu", "alloc", "memory", "size"};
  std::ranges::stable_sort(all, {}, [&](const CostParameter& p) { return std::ranges::find(order, family(p)); });
  return all;
}

}  // namespace

double priced(const Price& price, const Handled& handled) {
  return price.request * static_cast<double>(handled.requests) + price.span * static_cast<double>(handled.spans) +
         price.attribute * static_cast<double>(handled.attributes) + price.byte * static_cast<double>(handled.bytes);
}

std::int64_t count_attributes(const Payload& payload, const Catalog& catalog, bool resource) {
  std::size_t count = 0;
  payload.for_each([&](const Span& span) {
    count += catalog.shape(span.shape).attributes.size();
    if (resource) count += catalog.resource(span.resource).attributes.size();
  });
  return static_cast<std::int64_t>(count);
}

double cpu_seconds(const Costs& costs, const Work& work, Duration uptime) {
  const Costs::Cpu& cpu = costs.cpu;
  double microseconds = priced(cpu.zipkin, work.zipkin) + priced(cpu.otlp, work.otlp) +
                        priced(cpu.exported, work.exported) +
                        cpu.batch_span * static_cast<double>(work.batched_spans) +
                        cpu.queue_request * static_cast<double>(work.queued) + cpu.timer_turn * work.timer_turns +
                        cpu.wake * work.wakes + cpu.collected_byte * work.collected_bytes;
  for (std::size_t i = 0; i < kCoders; ++i) {
    microseconds += costs.coders[i].cpu_request * static_cast<double>(work.compressed[i].requests) +
                    costs.coders[i].cpu_byte * static_cast<double>(work.compressed[i].bytes);
  }
  for (std::size_t i = 0; i < kSteps; ++i) microseconds += costs.steps[i].cpu * static_cast<double>(work.steps[i]);
  return cpu.start_seconds + cpu.idle_cores * seconds(uptime) + cpu.spin_cores * work.spinning_seconds +
         microseconds * 1e-6;
}

double allocated_bytes(const Costs& costs, const Work& work, Duration uptime) {
  double bytes = priced(costs.zipkin_garbage, work.zipkin) + priced(costs.otlp_garbage, work.otlp) +
                 priced(costs.exported_garbage, work.exported) + costs.idle_garbage * seconds(uptime);
  for (std::size_t i = 0; i < kSteps; ++i) bytes += costs.steps[i].garbage * static_cast<double>(work.steps[i]);
  return bytes;
}

double coded_bytes(const CoderCosts& coder, const Contents& c) {
  const auto count = [](std::int64_t items) { return static_cast<double>(items); };
  return coder.fixed * count(c.requests) + coder.span * count(c.spans) + coder.trace * count(c.traces) +
         coder.time * count(c.times) + coder.change * count(c.changes) + coder.fresh * count(c.fresh) +
         coder.byte * count(c.bytes);
}

// What cannot be made smaller is sent as it is, in a frame.
std::int64_t compressed_bytes(const Costs& costs, Compression compression, const Contents& contents) {
  constexpr std::int64_t frame = 20;
  const double bytes = coded_bytes(costs.coders[static_cast<std::size_t>(coder_of(compression))], contents);
  return std::min(contents.bytes + frame, static_cast<std::int64_t>(bytes) + frame_bytes(compression, contents.bytes));
}

std::span<const CostParameter> cost_parameters() {
  static const std::vector<CostParameter> all = all_parameters();
  return all;
}

const Costs& CostTable::of(Version version) const {
  const CostGeneration* found = &generations.front();
  for (const CostGeneration& generation : generations) {
    if (generation.from <= version) found = &generation;
  }
  return found->costs;
}

}  // namespace spillway::collector
