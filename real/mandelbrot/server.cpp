#include "real/mandelbrot/server.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http.hpp>
#include <fstream>

#include "real/mandelbrot/page.hpp"

namespace spillway::mandelbrot {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

namespace {

constexpr auto kHeaderTime = std::chrono::seconds{30};  // an idle connection is kept as long
constexpr auto kBodyTime = std::chrono::seconds{10};
constexpr auto kWriteTime = std::chrono::seconds{30};
constexpr auto kPauseWithoutDescriptors = std::chrono::milliseconds{100};

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

double resident_bytes() {
  std::ifstream in{"/proc/self/statm"};
  double total = 0, resident = 0;
  in >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

HttpAnswer text(int status, std::string body) { return {status, "text/plain; charset=utf-8", std::move(body), {}}; }

}  // namespace

Server::Server(ExportParts parts, RenderService& service, const SpanExporter* exporter)
    : parts_{parts}, service_{service}, exporter_{exporter}, acceptor_{parts.io} {
  Metrics& metrics = parts_.metrics;
  metrics.declare_counter("mandelbrot_refused", "Connections and requests that were refused unread, by reason.");
  metrics.declare_counter("process_cpu_seconds", "CPU time of this process.");
  metrics.declare_gauge("process_resident_memory_bytes", "Memory of this process.");
  metrics.declare_gauge("mandelbrot_connections", "Connections of clients.");
  metrics.declare_gauge("mandelbrot_exports_open", "Export requests under way.");
  metrics.declare_gauge("mandelbrot_export_queue_spans", "Spans waiting for export.");
  metrics.declare_gauge("mandelbrot_pixels_under_way", "Pixels of pictures that are not finished.");
}

void Server::listen() {
  const tcp::endpoint endpoint{asio::ip::make_address(parts_.settings.address), static_cast<std::uint16_t>(parts_.settings.port)};
  acceptor_.open(endpoint.protocol());
  acceptor_.set_option(tcp::acceptor::reuse_address{true});
  acceptor_.bind(endpoint);
  acceptor_.listen(1024);
  asio::co_spawn(parts_.io, accept(), rethrow);
}

void Server::stop() {
  stopping_ = true;
  error_code ignored;
  acceptor_.close(ignored);
}

asio::awaitable<void> Server::accept() {
  while (!stopping_) {
    error_code error;
    tcp::socket socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (stopping_) co_return;
    if (error) {  // out of descriptors, most likely: they come back when others close
      parts_.metrics.count("mandelbrot_refused", label_text({{"reason", "accept"}}));
      asio::steady_timer pause{parts_.io, kPauseWithoutDescriptors};
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
    } else if (connections_ >= parts_.settings.max_connections) {
      parts_.metrics.count("mandelbrot_refused", label_text({{"reason", "connections"}}));
    } else {
      asio::co_spawn(parts_.io, serve(std::move(socket)), rethrow);
    }
  }
}

asio::awaitable<void> Server::serve(tcp::socket socket) {
  ++connections_;
  {
    error_code error;
    socket.set_option(tcp::no_delay{true}, error);
    beast::tcp_stream stream{std::move(socket)};
    beast::flat_buffer buffer{kHeaderLimit + kBodyLimit};
    while (!stopping_ && co_await serve_one(stream, buffer)) {
    }
    stream.socket().shutdown(tcp::socket::shutdown_both, error);
  }
  --connections_;
}

/// False when the connection is over.
asio::awaitable<bool> Server::serve_one(beast::tcp_stream& stream, beast::flat_buffer& buffer) {
  Parser parser;
  if (!co_await read(stream, buffer, parser)) co_return false;
  ++requests_;
  const bool keep_alive = parser.get().keep_alive();
  HttpAnswer reply = co_await answer(parser.get());
  const bool written = co_await write(stream, std::move(reply), keep_alive);
  --requests_;
  co_return written && keep_alive;
}

asio::awaitable<bool> Server::read(beast::tcp_stream& stream, beast::flat_buffer& buffer, Parser& parser) {
  parser.header_limit(kHeaderLimit);
  parser.body_limit(kBodyLimit);
  error_code error;
  stream.expires_after(kHeaderTime);
  co_await http::async_read_header(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
  if (!error) {
    stream.expires_after(kBodyTime);
    if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
      http::response<http::empty_body> go_on{http::status::continue_, 11};
      co_await http::async_write(stream, go_on, asio::redirect_error(asio::use_awaitable, error));
    }
    if (!error) co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
  }
  if (!error) co_return true;
  co_await refuse(stream, error);
  co_return false;
}

// Of a broken or slow request only what can be said without reading on.
asio::awaitable<void> Server::refuse(beast::tcp_stream& stream, error_code error) {
  const bool from_parser = error.category() == make_error_code(http::error::bad_method).category();
  if (!from_parser || error == http::error::end_of_stream || error == http::error::partial_message) co_return;
  HttpAnswer reply = refusal(400, "this is no HTTP/1.1 request");
  if (error == http::error::header_limit || error == http::error::buffer_overflow) reply = refusal(431, "the headers are too long");
  if (error == http::error::body_limit) reply = refusal(413, "the body is too long");
  parts_.metrics.count("mandelbrot_refused", label_text({{"reason", std::to_string(reply.status)}}));
  const bool written = co_await write(stream, std::move(reply), false);
  if (!written) co_return;
  // A close with unread bytes would be a reset, and the client might never see the answer.
  stream.socket().shutdown(tcp::socket::shutdown_send, error);
  stream.expires_after(std::chrono::seconds{1});
  std::array<char, 4096> rest{};
  for (std::size_t bytes = 0; !error && bytes < 1024 * 1024;)
    bytes += co_await stream.async_read_some(asio::buffer(rest), asio::redirect_error(asio::use_awaitable, error));
}

asio::awaitable<bool> Server::write(beast::tcp_stream& stream, HttpAnswer answer, bool keep_alive) {
  http::response<http::string_body> response{http::int_to_status(static_cast<unsigned>(answer.status)), 11};
  response.set(http::field::content_type, answer.content_type);
  response.set("x-content-type-options", "nosniff");
  response.set(http::field::cache_control, "no-store");
  for (const auto& [name, value] : answer.headers) response.set(name, value);
  response.keep_alive(keep_alive);
  response.body() = std::move(answer.body);
  response.prepare_payload();
  error_code error;
  stream.expires_after(kWriteTime);
  co_await http::async_write(stream, response, asio::redirect_error(asio::use_awaitable, error));
  co_return !error;
}

asio::awaitable<HttpAnswer> Server::answer(Request& request) {
  const std::string target{request.target()};
  const std::string path = target.substr(0, target.find('?'));
  const bool operation = path == "/api/render" || path == "/internal/render-stage";
  const bool page = path == "/" || path == "/healthz" || path == "/readyz" || path == "/metrics";
  if (!operation && !page) co_return refusal(404, "nothing lives here");
  const auto wanted = operation ? http::verb::post : http::verb::get;
  if (request.method() != wanted) {
    HttpAnswer reply = refusal(405, "this path takes another method");
    reply.headers.emplace_back("allow", operation ? "POST" : "GET");
    co_return reply;
  }
  if (page) co_return show(path);
  const auto header = [&request](std::string_view name) {
    const auto value = request[beast::string_view{name.data(), name.size()}];
    return std::string_view{value.data(), value.size()};
  };
  const Incoming incoming = read_context(header, parts_.settings.propagation);
  if (path == "/internal/render-stage") co_return service_.stage(incoming, request.body());
  co_return co_await service_.render(incoming, std::move(request.body()));
}

HttpAnswer Server::show(std::string_view path) {
  if (path == "/healthz") return text(200, "ok\n");
  if (path == "/readyz") return parts_.settings.fail_ready || stopping_ ? text(503, "not ready\n") : text(200, "ready\n");
  if (path == "/metrics") return {200, "application/openmetrics-text; version=1.0.0; charset=utf-8", metrics_page(), {}};
  return {200, "text/html; charset=utf-8", kPage, {}};
}

std::string Server::metrics_page() {
  Metrics& metrics = parts_.metrics;
  metrics.set_counter("process_cpu_seconds", cpu_seconds());
  metrics.set("process_resident_memory_bytes", resident_bytes());
  metrics.set("mandelbrot_connections", static_cast<double>(connections_));
  metrics.set("mandelbrot_pixels_under_way", static_cast<double>(service_.pixels_under_way()));
  metrics.set("mandelbrot_exports_open", exporter_ == nullptr ? 0 : static_cast<double>(exporter_->open()));
  metrics.set("mandelbrot_export_queue_spans", exporter_ == nullptr ? 0 : static_cast<double>(exporter_->waiting()));
  return metrics.text();
}

}  // namespace spillway::mandelbrot
