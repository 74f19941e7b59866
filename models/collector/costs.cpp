#include "models/collector/costs.hpp"

#include <algorithm>
#include <array>

namespace spillway::collector {
namespace {

constexpr double kMostTime = 1e9;    // us
constexpr double kMostBytes = 1e12;

constexpr std::array kParameters{
    CostParameter{"cpu.start", "s", "a fresh process reading its configuration", 3600,
                  [](Costs& c) { return &c.cpu.start_seconds; }},
    CostParameter{"cpu.idle", "cores", "with nothing to do, its metrics page read about once a second", 1024,
                  [](Costs& c) { return &c.cpu.idle_cores; }},
    CostParameter{"cpu.wake", "us", "something to do after a pause of some milliseconds, on top of the request's own", kMostTime,
                  [](Costs& c) { return &c.cpu.wake; }},
    CostParameter{"cpu.zipkin.request", "us", "zipkin receiver", kMostTime,
                  [](Costs& c) { return &c.cpu.zipkin.request; }},
    CostParameter{"cpu.zipkin.span", "us", "zipkin receiver", kMostTime, [](Costs& c) { return &c.cpu.zipkin.span; }},
    CostParameter{"cpu.zipkin.attribute", "us", "zipkin receiver", kMostTime,
                  [](Costs& c) { return &c.cpu.zipkin.attribute; }},
    CostParameter{"cpu.zipkin.byte", "us", "zipkin receiver, of the JSON body", kMostTime,
                  [](Costs& c) { return &c.cpu.zipkin.byte; }},
    CostParameter{"cpu.otlp.request", "us", "otlp receiver over HTTP", kMostTime,
                  [](Costs& c) { return &c.cpu.otlp.request; }},
    CostParameter{"cpu.otlp.span", "us", "otlp receiver", kMostTime, [](Costs& c) { return &c.cpu.otlp.span; }},
    CostParameter{"cpu.otlp.attribute", "us", "otlp receiver", kMostTime,
                  [](Costs& c) { return &c.cpu.otlp.attribute; }},
    CostParameter{"cpu.otlp.byte", "us", "otlp receiver", kMostTime, [](Costs& c) { return &c.cpu.otlp.byte; }},
    CostParameter{"cpu.batch.span", "us", "batch processor", kMostTime, [](Costs& c) { return &c.cpu.batch_span; }},
    CostParameter{"cpu.batch.timer_turn", "us", "batch processor's timer, also with nothing to send", kMostTime,
                  [](Costs& c) { return &c.cpu.timer_turn; }},
    CostParameter{"cpu.batch.spin", "cores", "timer too short to sleep in between", 1024,
                  [](Costs& c) { return &c.cpu.spin_cores; }},
    CostParameter{"cpu.queue.request", "us", "sending queue", kMostTime, [](Costs& c) { return &c.cpu.queue_request; }},
    CostParameter{"cpu.export.request", "us", "otlp_http exporter, each attempt", kMostTime,
                  [](Costs& c) { return &c.cpu.exported.request; }},
    CostParameter{"cpu.export.span", "us", "otlp_http exporter", kMostTime,
                  [](Costs& c) { return &c.cpu.exported.span; }},
    CostParameter{"cpu.export.attribute", "us", "otlp_http exporter", kMostTime,
                  [](Costs& c) { return &c.cpu.exported.attribute; }},
    CostParameter{"cpu.export.byte", "us", "otlp_http exporter, before compression", kMostTime,
                  [](Costs& c) { return &c.cpu.exported.byte; }},
    CostParameter{"cpu.gzip.request", "us", "compression", kMostTime, [](Costs& c) { return &c.cpu.gzip_request; }},
    CostParameter{"cpu.gzip.byte", "us", "compression, byte of the uncompressed body", kMostTime,
                  [](Costs& c) { return &c.cpu.gzip_byte; }},
    CostParameter{"cpu.gc.byte", "us", "garbage collection, byte of live heap", kMostTime,
                  [](Costs& c) { return &c.cpu.collected_byte; }},
    CostParameter{"alloc.zipkin.request", "bytes", "heap allocated", kMostBytes,
                  [](Costs& c) { return &c.zipkin_garbage.request; }},
    CostParameter{"alloc.zipkin.span", "bytes", "heap allocated", kMostBytes,
                  [](Costs& c) { return &c.zipkin_garbage.span; }},
    CostParameter{"alloc.zipkin.attribute", "bytes", "heap allocated", kMostBytes,
                  [](Costs& c) { return &c.zipkin_garbage.attribute; }},
    CostParameter{"alloc.zipkin.byte", "bytes", "heap allocated", kMostBytes,
                  [](Costs& c) { return &c.zipkin_garbage.byte; }},
    CostParameter{"alloc.otlp.request", "bytes", "heap allocated", kMostBytes,
                  [](Costs& c) { return &c.otlp_garbage.request; }},
    CostParameter{"alloc.otlp.span", "bytes", "heap allocated", kMostBytes,
                  [](Costs& c) { return &c.otlp_garbage.span; }},
    CostParameter{"alloc.otlp.attribute", "bytes", "heap allocated", kMostBytes,
                  [](Costs& c) { return &c.otlp_garbage.attribute; }},
    CostParameter{"alloc.otlp.byte", "bytes", "heap allocated", kMostBytes,
                  [](Costs& c) { return &c.otlp_garbage.byte; }},
    CostParameter{"alloc.export.request", "bytes", "heap allocated", kMostBytes,
                  [](Costs& c) { return &c.exported_garbage.request; }},
    CostParameter{"alloc.export.span", "bytes", "heap allocated", kMostBytes,
                  [](Costs& c) { return &c.exported_garbage.span; }},
    CostParameter{"alloc.export.attribute", "bytes", "heap allocated", kMostBytes,
                  [](Costs& c) { return &c.exported_garbage.attribute; }},
    CostParameter{"alloc.export.byte", "bytes", "heap allocated", kMostBytes,
                  [](Costs& c) { return &c.exported_garbage.byte; }},
    CostParameter{"alloc.idle", "bytes/s", "heap allocated with nothing to do", kMostBytes,
                  [](Costs& c) { return &c.idle_garbage; }},
    CostParameter{"memory.idle_live_heap", "bytes", "heap after a collection with nothing held", kMostBytes,
                  [](Costs& c) { return &c.idle_live_heap; }},
    CostParameter{"memory.live_per_held_byte", "ratio", "decoded spans on the heap over their OTLP size", 1000,
                  [](Costs& c) { return &c.live_per_held_byte; }},
    CostParameter{"memory.idle_resident", "bytes", "resident memory with nothing to do", kMostBytes,
                  [](Costs& c) { return &c.idle_resident; }},
    CostParameter{"memory.resident_per_heap_byte", "ratio", "growth of resident memory over growth of the heap", 1000,
                  [](Costs& c) { return &c.resident_per_heap_byte; }},
    CostParameter{"size.gzip_fixed", "bytes", "compressed body, whatever is in it", kMostBytes,
                  [](Costs& c) { return &c.gzip_fixed; }},
    CostParameter{"size.gzip_span", "bytes", "compressed body, each span", kMostBytes,
                  [](Costs& c) { return &c.gzip_span; }},
};

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
  const double microseconds = priced(cpu.zipkin, work.zipkin) + priced(cpu.otlp, work.otlp) +
                              priced(cpu.exported, work.exported) +
                              cpu.gzip_request * static_cast<double>(work.compressed.requests) +
                              cpu.gzip_byte * static_cast<double>(work.compressed.bytes) +
                              cpu.batch_span * static_cast<double>(work.batched_spans) +
                              cpu.queue_request * static_cast<double>(work.queued) + cpu.timer_turn * work.timer_turns +
                              cpu.wake * work.wakes +
                              cpu.collected_byte * work.collected_bytes;
  return cpu.start_seconds + cpu.idle_cores * seconds(uptime) + cpu.spin_cores * work.spinning_seconds +
         microseconds * 1e-6;
}

double allocated_bytes(const Costs& costs, const Work& work, Duration uptime) {
  return priced(costs.zipkin_garbage, work.zipkin) + priced(costs.otlp_garbage, work.otlp) +
         priced(costs.exported_garbage, work.exported) + costs.idle_garbage * seconds(uptime);
}

std::int64_t compressed_bytes(const Costs& costs, const Payload& payload) {
  const double bytes = costs.gzip_fixed + costs.gzip_span * static_cast<double>(payload.items());
  return std::min(payload.bytes(), static_cast<std::int64_t>(bytes));
}

std::span<const CostParameter> cost_parameters() { return kParameters; }

const Costs& CostTable::of(Version version) const {
  const CostGeneration* found = &generations.front();
  for (const CostGeneration& generation : generations) {
    if (generation.from <= version) found = &generation;
  }
  return found->costs;
}

}  // namespace spillway::collector
