// How finished spans leave the service.
#pragma once

#include "real/mandelbrot/awaitable.hpp"  // before the rest of Asio

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <string>

#include "real/mandelbrot/http_client.hpp"
#include "real/mandelbrot/log.hpp"
#include "real/mandelbrot/metrics.hpp"
#include "real/mandelbrot/settings.hpp"
#include "real/mandelbrot/span.hpp"

namespace spillway::mandelbrot {

/// Takes sampled spans. Counts `mandelbrot_exports` (requests) and `mandelbrot_exported_spans` by endpoint and status.
class SpanExporter {
 public:
  virtual ~SpanExporter() = default;
  virtual void finished(FinishedSpan span) = 0;
  /// The service is about to end: what waits is sent now.
  virtual void flush() {}
  virtual std::size_t open() const { return 0; }     ///< requests under way
  virtual std::size_t waiting() const { return 0; }  ///< spans in a queue
};

/// What exporters share. All of it outlives them.
struct ExportParts {
  boost::asio::io_context& io;
  const Settings& settings;
  HttpClient& client;
  Log& log;
  Metrics& metrics;
};

/// Every span is POSTed on its own to every endpoint, at once: fire and forget. A failure is logged and counted.
class ZipkinExporter final : public SpanExporter {
 public:
  explicit ZipkinExporter(ExportParts parts);
  void finished(FinishedSpan span) override;
  std::size_t open() const override { return open_; }

 private:
  boost::asio::awaitable<void> post(std::size_t endpoint, std::string body);

  ExportParts parts_;
  Resource resource_;
  std::size_t open_ = 0;
};

/// As the batch span processor of an OpenTelemetry SDK with an OTLP/HTTP exporter: a bounded queue, a batch when it is full
/// or the delay is over, one export at a time; a span that finds the queue full is lost. Leaves out: retries.
class OtlpExporter final : public SpanExporter {
 public:
  explicit OtlpExporter(ExportParts parts);
  void finished(FinishedSpan span) override;
  void flush() override;
  std::size_t open() const override { return exporting_ ? 1 : 0; }
  std::size_t waiting() const override { return queue_.size(); }

 private:
  void wait();
  void export_batch();
  boost::asio::awaitable<void> post(std::vector<FinishedSpan> batch);

  ExportParts parts_;
  Resource resource_;
  std::deque<FinishedSpan> queue_;
  boost::asio::steady_timer timer_;
  bool exporting_ = false;
  bool flushing_ = false;
};

/// As the settings say; null: spans go nowhere.
std::unique_ptr<SpanExporter> make_exporter(ExportParts parts);

/// Tags that stand on everything that the service exports.
Resource resource_of(const Settings& settings);

/// Ends the program when a coroutine that nobody awaits fails: that is a defect of ours.
void rethrow(std::exception_ptr error);

}  // namespace spillway::mandelbrot
