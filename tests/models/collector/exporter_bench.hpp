// An exporter between a sender and a table of answers.
#pragma once

#include <memory>

#include "models/collector/exporter.hpp"
#include "tests/models/bench.hpp"

namespace spillway::collector {

inline constexpr Version kOld{0, 111, 0};
inline constexpr Version kNew{0, 159, 0};

struct ExporterBench : Bench {
  explicit ExporterBench(OtlpHttpExporterConfig settings, Version version = kNew, Compression compression = Compression::gzip)
      : config{std::move(settings)}, usage{run, standard_costs().of(version), {}} {
    ExporterSettings exporter_settings;
    exporter_settings.name = "exporter";
    exporter_settings.config = &config;
    exporter_settings.semantics = semantics_of(version);
    exporter_settings.compression = compression;
    exporter_settings.usage = &usage;
    exporter = std::make_unique<Exporter>(run, transport, exporter_settings, reach, held_bytes);
    exporter->start();
    sender = std::make_unique<Sender>(*this, *exporter);
  }
  const ExporterCounters& counters() const { return exporter->counters(); }

  OtlpHttpExporterConfig config;
  AnswerTable transport{*this};
  std::int64_t held_bytes = 0;
  Usage usage;
  std::unique_ptr<Exporter> exporter;
  std::unique_ptr<Sender> sender;
};

/// Defaults without jitter.
inline OtlpHttpExporterConfig steady_config() {
  OtlpHttpExporterConfig config;
  config.retry_on_failure.randomization_factor = 0;
  return config;
}
inline OtlpHttpExporterConfig queue_config(std::int64_t queue_size, std::int64_t num_consumers) {
  OtlpHttpExporterConfig config = steady_config();
  config.sending_queue.queue_size = queue_size;
  config.sending_queue.num_consumers = num_consumers;
  return config;
}
inline OtlpHttpExporterConfig batching_config(Duration flush_timeout, std::int64_t min_size, std::int64_t max_size) {
  OtlpHttpExporterConfig config = steady_config();
  config.sending_queue.batch = ExporterBatchConfig{flush_timeout, min_size, max_size, Sizer::items};
  return config;
}
inline std::function<Answer(std::size_t)> always(Answer answer) {
  return [answer](std::size_t) { return answer; };
}

}  // namespace spillway::collector
