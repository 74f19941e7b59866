#include "real/mandelbrot/render_service.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <nlohmann/json.hpp>

namespace spillway::mandelbrot {

namespace asio = boost::asio;
using Json = nlohmann::json;

namespace {

constexpr auto kPatienceForWrites = std::chrono::milliseconds{10};
constexpr const char* kRenderRoute = "/api/render";
constexpr const char* kStageRoute = "/internal/render-stage";

double seconds(std::chrono::nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

double unix_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string base36(std::uint64_t value) {
  std::string text;
  do text.insert(text.begin(), "0123456789abcdefghijklmnopqrstuvwxyz"[value % 36]);
  while ((value /= 36) != 0);
  return text;
}

std::string new_job_id(std::uint64_t random) {
  return "m_" + base36(static_cast<std::uint64_t>(unix_now() * 1000)) + "_" + base36(random % 78'364'164'096);
}

}  // namespace

class RenderService::Share {
 public:
  Share(std::size_t& all, std::size_t pixels) : all_{all}, pixels_{pixels} { all_ += pixels_; }
  ~Share() { all_ -= pixels_; }
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;

 private:
  std::size_t& all_;
  std::size_t pixels_;
};

/// A render and its stages; lives until the last of them is over, which may be after the answer.
struct RenderService::Job {
  struct Stage {
    std::string status = "pending";  ///< complete | what went wrong
    std::chrono::nanoseconds duration{};
  };
  Job(asio::io_context& io, RenderRequest wanted, std::size_t& pixels, std::size_t count)
      : request{std::move(wanted)}, share{pixels, request.pixels()}, canvas{request}, stages(count), changed{io}, all_sent{io} {}

  bool failed() const {
    return std::any_of(stages.begin(), stages.end(), [](const Stage& s) { return s.status != "complete" && s.status != "pending"; });
  }

  std::string id;
  RenderRequest request;
  Share share;
  Canvas canvas;
  SpanContext root;
  std::vector<Stage> stages;
  std::int64_t iterations = 0;
  std::size_t open = 0;    ///< stages
  std::size_t unsent = 0;  ///< requests to other clouds
  asio::steady_timer changed, all_sent;
};

HttpAnswer refusal(int status, std::string_view error, const std::vector<std::string>& problems) {
  Json json{{"error", error}};
  if (!problems.empty()) json["problems"] = problems;
  return {status, "application/json", json.dump(), {}};
}

RenderService::RenderService(ExportParts parts, SpanExporter* exporter) : parts_{parts}, exporter_{exporter} {
  Metrics& metrics = parts_.metrics;
  metrics.declare_counter("mandelbrot_requests", "Requests by route and status.");
  metrics.declare_counter("mandelbrot_spans", "Finished spans, and whether they were sampled.");
  metrics.declare_counter("mandelbrot_tiles", "Tiles rendered here.");
  metrics.declare_counter("mandelbrot_pixels", "Pixels rendered here.");
  metrics.declare_counter("mandelbrot_iterations", "Iterations done for them.");
  metrics.declare_latency("mandelbrot_request_duration_seconds", "From the handler's begin to its answer, by route.");
  metrics.declare_latency("mandelbrot_stage_duration_seconds", "A stage as its render sees it, by cloud.");
  metrics.declare_latency("mandelbrot_tile_duration_seconds", "Rendering of a tile.");
}

OpenSpan RenderService::begin(const Incoming& incoming, std::string name) {
  OpenSpan span;
  span.name = std::move(name);
  span.kind = Kind::server;
  span.context.trace = incoming.trace.value_or(ids_.trace());
  span.context.span = ids_.number();
  span.context.parent = incoming.trace ? incoming.span : 0;
  span.context.sampled = incoming.sampled.value_or(head_sampled(span.context.trace, parts_.settings.sample_rate));
  span.context.trace_state = incoming.trace_state;
  return span;
}

OpenSpan RenderService::child(const SpanContext& parent, std::string name, Kind kind) {
  OpenSpan span;
  span.name = std::move(name);
  span.kind = kind;
  span.context = parent;
  span.context.parent = parent.span;
  span.context.span = ids_.number();
  return span;
}

void RenderService::end(const OpenSpan& span, bool failed, Tags tags) {
  parts_.metrics.count("mandelbrot_spans", label_text({{"sampled", span.context.sampled ? "true" : "false"}}));
  if (exporter_ == nullptr || !span.context.sampled) return;
  exporter_->finished({span.context, span.name, span.kind, span.start, span.age(), failed, std::move(tags)});
}

void RenderService::end_request(const OpenSpan& span, const std::string& route, int status) {
  const std::string code = std::to_string(status);
  parts_.metrics.count("mandelbrot_requests", label_text({{"route", route}, {"status", code}}));
  parts_.metrics.latency("mandelbrot_request_duration_seconds", label_text({{"route", route}}))
      .add(seconds(span.age()), span.context.sampled ? hex(span.context.trace) : "", unix_now());
  end(span, status >= 500, {{"http.method", "POST"}, {"http.route", route}, {"http.status_code", code}});
}

Tile RenderService::render_tile(const TileRequest& tile, const SpanContext& parent, std::string_view job_id) {
  const OpenSpan span = child(parent, "render tile", Kind::internal);
  Tile iterations = compute(tile);
  parts_.metrics.count("mandelbrot_tiles");
  parts_.metrics.count("mandelbrot_pixels", "", static_cast<double>(iterations.size()));
  parts_.metrics.count("mandelbrot_iterations", "", static_cast<double>(iterations_of(iterations)));
  parts_.metrics.latency("mandelbrot_tile_duration_seconds", "")
      .add(seconds(span.age()), span.context.sampled ? hex(span.context.trace) : "", unix_now());
  end(span, false, {{"tile.engine", "mandelbrot"}});
  parts_.log.info("mandelbrot stage rendered", {.span = &span.context, .job_id = job_id, .status = "complete"});
  return iterations;
}

HttpAnswer RenderService::stage(const Incoming& incoming, std::string_view body) {
  const OpenSpan span = begin(incoming, std::string{"POST "} + kStageRoute);
  std::vector<std::string> problems;
  const TileRequest tile = read_tile(body, problems);
  HttpAnswer answer = refusal(400, "this stage cannot be rendered", problems);
  if (problems.empty()) {
    answer = {200, "application/octet-stream", to_bytes(render_tile(tile, span.context, "")), {}};
  }
  end_request(span, kStageRoute, answer.status);
  return answer;
}

asio::awaitable<HttpAnswer> RenderService::render(Incoming incoming, std::string body) {
  const OpenSpan root = begin(incoming, std::string{"POST "} + kRenderRoute);
  HttpAnswer answer = co_await run(root, body);
  answer.headers.emplace_back("x-trace-id", hex(root.context.trace));
  end_request(root, kRenderRoute, answer.status);
  const std::string status = std::to_string(answer.status);
  parts_.log.info("request completed", {.span = &root.context, .status = status});
  co_return answer;
}

asio::awaitable<HttpAnswer> RenderService::run(const OpenSpan& root, const std::string& body) {
  std::vector<std::string> problems;
  RenderRequest request = read_render(body, problems);
  if (!problems.empty()) co_return refusal(400, "this picture cannot be rendered", problems);
  if (parts_.settings.error_rate > 0 && ids_.uniform() < parts_.settings.error_rate)
    co_return refusal(500, "failed as ERROR_RATE asks for");
  if (pixels_ + request.pixels() > parts_.settings.max_pixels) {
    HttpAnswer answer = refusal(503, "too many pictures under way");
    answer.headers.emplace_back("retry-after", "1");
    co_return answer;
  }
  const auto job = std::make_shared<Job>(parts_.io, request, pixels_, parts_.settings.stages.size());
  job->id = new_job_id(ids_.number());
  job->root = root.context;
  co_await stages(job);
  co_return answer_of(*job, root);
}

// Until all stages are over, or in strict mode until the first one fails.
asio::awaitable<void> RenderService::stages(const std::shared_ptr<Job>& job) {
  const auto& routes = parts_.settings.stages;
  job->open = routes.size();
  job->unsent = static_cast<std::size_t>(std::count_if(routes.begin(), routes.end(), [](const Stage& s) { return s.url.has_value(); }));
  job->all_sent.expires_after(job->unsent > 0 ? kPatienceForWrites : std::chrono::milliseconds{0});
  for (const bool remote : {true, false}) {
    for (std::size_t i = 0; i < routes.size(); ++i) {
      if (routes[i].url.has_value() == remote) asio::co_spawn(parts_.io, run_stage(job, i), rethrow);
    }
  }
  while (job->open > 0 && !(parts_.settings.strict && job->failed())) {
    job->changed.expires_at(asio::steady_timer::time_point::max());
    boost::system::error_code ignored;
    co_await job->changed.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

asio::awaitable<void> RenderService::run_stage(std::shared_ptr<Job> job, std::size_t number) {
  const Stage& route = parts_.settings.stages[number];
  const OpenSpan span = child(job->root, "render stage " + route.cloud, Kind::client);
  std::string status = "complete";
  if (route.url) {
    status = co_await remote_tile(*job, number, span.context);
  } else {
    boost::system::error_code ignored;
    co_await job->all_sent.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    const TileRequest tile{job->request, static_cast<int>(number), static_cast<int>(job->stages.size())};
    const Tile iterations = render_tile(tile, span.context, job->id);
    job->iterations += iterations_of(iterations);
    job->canvas.put(tile, iterations);
  }
  parts_.metrics.latency("mandelbrot_stage_duration_seconds", label_text({{"cloud", route.cloud}}))
      .add(seconds(span.age()), span.context.sampled ? hex(span.context.trace) : "", unix_now());
  if (status != "complete")
    parts_.log.warn("mandelbrot stage failed", {.span = &span.context, .job_id = job->id, .status = status, .detail = route.cloud});
  end(span, status != "complete", {});
  job->stages[number] = {status, span.age()};
  --job->open;
  job->changed.cancel();
}

/// "complete", or what went wrong.
asio::awaitable<std::string> RenderService::remote_tile(Job& job, std::size_t number, const SpanContext& client) {
  const TileRequest tile{job.request, static_cast<int>(number), static_cast<int>(job.stages.size())};
  HttpCall call;
  call.url = *parts_.settings.stages[number].url;
  if (call.url.path == "/") call.url.path = kStageRoute;
  call.headers = context_headers(client, parts_.settings.propagation);
  call.headers.emplace_back("content-type", "application/json");
  call.body = to_json(tile);
  call.timeout = parts_.settings.stage_timeout;
  call.reply_limit = tile.pixels() * 2 + 4096;
  call.written = [&job] {
    if (--job.unsent == 0) job.all_sent.cancel();
  };
  const HttpReply reply = co_await parts_.client.post(call);
  if (!reply.success()) co_return reply.text();
  const auto iterations = tile_of_bytes(reply.body, tile);
  if (!iterations) co_return "not a tile";
  job.iterations += iterations_of(*iterations);
  job.canvas.put(tile, *iterations);
  co_return "complete";
}

HttpAnswer RenderService::answer_of(Job& job, const OpenSpan& root) {
  const bool failed = job.failed();
  const bool late = std::any_of(job.stages.begin(), job.stages.end(), [](const Job::Stage& s) { return s.status == "timed out"; });
  const char* status = !failed ? "complete" : parts_.settings.strict ? "failed" : "degraded";
  Json json{{"jobId", job.id},
            {"status", status},
            {"traceId", hex(root.context.trace)},
            {"sampled", root.context.sampled},
            {"width", job.request.width},
            {"height", job.request.height},
            {"iterations", job.iterations},
            {"durationMs", seconds(root.age()) * 1000}};
  for (std::size_t i = 0; i < job.stages.size(); ++i) {
    const Stage& route = parts_.settings.stages[i];
    json["stages"].push_back({{"cloud", route.cloud},
                              {"status", job.stages[i].status},
                              {"inPlace", !route.url},
                              {"durationMs", seconds(job.stages[i].duration) * 1000}});
  }
  parts_.log.info("mandelbrot render completed", {.span = &root.context, .job_id = job.id, .status = status});
  if (failed && parts_.settings.strict) return {late ? 504 : 502, "application/json", json.dump(), {}};
  json["picture"] = "data:image/bmp;base64," + base64(job.canvas.bitmap());
  return {200, "application/json", json.dump(), {}};
}

}  // namespace spillway::mandelbrot
