#include "real/mandelbrot/exporter.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace spillway::mandelbrot {

namespace asio = boost::asio;

namespace {

std::string url_text(const Url& url) { return url.scheme + "://" + url.host + ":" + std::to_string(url.port) + url.path; }

void count_export(const ExportParts& parts, const Url& url, const std::string& status, std::size_t spans, bool success) {
  const std::string labels = label_text({{"endpoint", url_text(url)}, {"status", status}});
  parts.metrics.count("mandelbrot_exports", labels);
  parts.metrics.count("mandelbrot_exported_spans", labels, static_cast<double>(spans));
  if (!success) parts.log.warn("span export failed", {.status = status, .detail = url_text(url)});
}

}  // namespace

void rethrow(std::exception_ptr error) {
  if (error) std::rethrow_exception(error);
}

Resource resource_of(const Settings& settings) {
  Resource resource{settings.service, {{"platform", settings.platform}, {"cloud", settings.cloud}}};
  for (const auto& [key, value] : settings.resource) resource.tags.emplace_back(key, value);
  return resource;
}

ZipkinExporter::ZipkinExporter(ExportParts parts) : parts_{parts}, resource_{resource_of(parts.settings)} {}

void ZipkinExporter::finished(FinishedSpan span) {
  const std::string body = zipkin_json(span, resource_);
  for (std::size_t i = 0; i < parts_.settings.endpoints.size(); ++i) {
    if (open_ >= parts_.settings.max_open_exports) {
      count_export(parts_, parts_.settings.endpoints[i], "too many open", 1, false);
      continue;
    }
    ++open_;
    asio::co_spawn(parts_.io, post(i, body), rethrow);
  }
}

asio::awaitable<void> ZipkinExporter::post(std::size_t endpoint, std::string body) {
  const Url& url = parts_.settings.endpoints[endpoint];
  HttpCall call;
  call.url = url;
  call.headers = {{"content-type", "application/json"}};
  call.body = std::move(body);
  call.timeout = parts_.settings.export_timeout;
  const HttpReply reply = co_await parts_.client.post(call);
  --open_;
  count_export(parts_, url, reply.text(), 1, reply.success());
}

OtlpExporter::OtlpExporter(ExportParts parts) : parts_{parts}, resource_{resource_of(parts.settings)}, timer_{parts.io} {
  wait();
}

void OtlpExporter::wait() {
  timer_.expires_after(parts_.settings.schedule_delay);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    export_batch();
    wait();
  });
}

void OtlpExporter::finished(FinishedSpan span) {
  if (queue_.size() >= parts_.settings.max_queue_size) {
    parts_.metrics.count("mandelbrot_queue_full_spans");
    return;
  }
  queue_.push_back(std::move(span));
  if (queue_.size() >= parts_.settings.max_export_batch_size) export_batch();
}

void OtlpExporter::flush() {
  flushing_ = true;
  export_batch();
}

void OtlpExporter::export_batch() {
  if (exporting_ || queue_.empty()) return;
  exporting_ = true;
  const std::size_t size = std::min(queue_.size(), parts_.settings.max_export_batch_size);
  std::vector<FinishedSpan> batch;
  for (std::size_t i = 0; i < size; ++i) {
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  asio::co_spawn(parts_.io, post(std::move(batch)), rethrow);
}

asio::awaitable<void> OtlpExporter::post(std::vector<FinishedSpan> batch) {
  HttpCall call;
  call.url = parts_.settings.endpoints.front();
  call.headers = {{"content-type", "application/x-protobuf"}};
  call.body = otlp_proto(batch, resource_);
  call.timeout = parts_.settings.export_timeout;
  const HttpReply reply = co_await parts_.client.post(call);
  exporting_ = false;
  count_export(parts_, call.url, reply.text(), batch.size(), reply.success());
  if (flushing_ || queue_.size() >= parts_.settings.max_export_batch_size) export_batch();
}

std::unique_ptr<SpanExporter> make_exporter(ExportParts parts) {
  parts.metrics.declare_counter("mandelbrot_exports", "Export requests by endpoint and how they ended.");
  parts.metrics.declare_counter("mandelbrot_exported_spans", "Spans in these requests.");
  if (parts.settings.exporter == Settings::Exporter::zipkin) return std::make_unique<ZipkinExporter>(parts);
  if (parts.settings.exporter != Settings::Exporter::otlp) return nullptr;
  parts.metrics.declare_counter("mandelbrot_queue_full_spans", "Spans lost because the export queue was full.");
  return std::make_unique<OtlpExporter>(parts);
}

}  // namespace spillway::mandelbrot
