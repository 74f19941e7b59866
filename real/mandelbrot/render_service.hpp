// The two operations: a render, which fans out into stages, and a stage, which renders one tile.
#pragma once

#include "real/mandelbrot/awaitable.hpp"  // before the rest of Asio

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "real/mandelbrot/exporter.hpp"
#include "real/mandelbrot/render.hpp"

namespace spillway::mandelbrot {

/// What a handler answers.
struct HttpAnswer {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  Headers headers{};
};

/// A span that has not ended.
struct OpenSpan {
  SpanContext context;
  std::string name;
  Kind kind = Kind::internal;
  std::chrono::system_clock::time_point start = std::chrono::system_clock::now();
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  std::chrono::nanoseconds age() const { return std::chrono::steady_clock::now() - started; }
};

/// One thread: rendering a tile blocks requests and exports behind it, as in the service that this one stands for.
class RenderService {
 public:
  /// `exporter` may be null.
  RenderService(ExportParts parts, SpanExporter* exporter);

  /// POST /api/render. Requests to other clouds leave before this cloud's own tile is begun.
  boost::asio::awaitable<HttpAnswer> render(Incoming incoming, std::string body);
  /// POST /internal/render-stage: the tile's iterations, two bytes a pixel.
  HttpAnswer stage(const Incoming& incoming, std::string_view body);

  std::size_t pixels_under_way() const { return pixels_; }

 private:
  struct Job;
  /// Pixels that are counted as under way while this lives.
  class Share;

  OpenSpan begin(const Incoming& incoming, std::string name);
  OpenSpan child(const SpanContext& parent, std::string name, Kind kind);
  void end(const OpenSpan& span, bool failed, Tags tags);
  void end_request(const OpenSpan& span, const std::string& route, int status);
  Tile render_tile(const TileRequest& tile, const SpanContext& parent, std::string_view job_id);
  boost::asio::awaitable<HttpAnswer> run(const OpenSpan& root, const std::string& body);
  boost::asio::awaitable<void> run_stage(std::shared_ptr<Job> job, std::size_t number);
  boost::asio::awaitable<std::string> remote_tile(Job& job, std::size_t number, const SpanContext& client);
  boost::asio::awaitable<void> stages(const std::shared_ptr<Job>& job);
  HttpAnswer answer_of(Job& job, const OpenSpan& root);

  ExportParts parts_;
  SpanExporter* exporter_;
  IdSource ids_;
  std::size_t pixels_ = 0;
};

/// {"error": …, "problems": […]}
HttpAnswer refusal(int status, std::string_view error, const std::vector<std::string>& problems = {});

}  // namespace spillway::mandelbrot
