// The Mandelbrot service: one binary for every cloud; all settings come from the environment (settings.hpp).
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>

#include "real/mandelbrot/server.hpp"

namespace {

namespace mandelbrot = spillway::mandelbrot;
namespace asio = boost::asio;

constexpr auto kGrace = std::chrono::seconds{10};  // for requests and exports under way when told to end

std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> all;
  for (char** entry = ::environ; *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) all.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return all;
}

/// One write a line: lines of one process never mix, and none waits in a buffer.
void write_line(const std::string& line) {
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) return;  // nobody reads: nothing to be done about it
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// Ends the loop when nothing is under way any more, at the latest after the grace.
class Ending {
 public:
  Ending(asio::io_context& io, mandelbrot::Server& server, mandelbrot::SpanExporter* exporter)
      : io_{io}, server_{server}, exporter_{exporter}, timer_{io} {}

  void begin() {
    server_.stop();
    until_ = std::chrono::steady_clock::now() + kGrace;
    look();
  }

 private:
  void look() {
    if (exporter_ != nullptr && server_.requests() == 0) exporter_->flush();
    const bool idle = server_.requests() == 0 && (exporter_ == nullptr || exporter_->open() + exporter_->waiting() == 0);
    if (idle || std::chrono::steady_clock::now() > until_) return io_.stop();
    timer_.expires_after(std::chrono::milliseconds{10});
    timer_.async_wait([this](const boost::system::error_code&) { look(); });
  }

  asio::io_context& io_;
  mandelbrot::Server& server_;
  mandelbrot::SpanExporter* exporter_;
  asio::steady_timer timer_;
  std::chrono::steady_clock::time_point until_{};
};

int serve(const mandelbrot::Settings& settings) {
  asio::io_context io{1};
  mandelbrot::Log log{settings, write_line};
  mandelbrot::Metrics metrics;
  mandelbrot::HttpClient client{io};
  const mandelbrot::ExportParts parts{io, settings, client, log, metrics};
  const auto exporter = mandelbrot::make_exporter(parts);
  mandelbrot::RenderService service{parts, exporter.get()};
  mandelbrot::Server server{parts, service, exporter.get()};
  server.listen();
  log.info("mandelbrot is listening", {.detail = settings.address + ":" + std::to_string(server.port())});
  Ending ending{io, server, exporter.get()};
  asio::signal_set signals{io, SIGTERM, SIGINT};
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (!error) ending.begin();
  });
  io.run();
  log.info("mandelbrot has ended");
  return 0;
}

}  // namespace

int main() {
  std::vector<std::string> problems;
  const mandelbrot::Settings settings = mandelbrot::read_settings(environment(), problems);
  for (const std::string& problem : problems) std::fprintf(stderr, "mandelbrot: error: %s\n", problem.c_str());
  if (!problems.empty()) return 2;
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  try {
    return serve(settings);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mandelbrot: error: %s\n", error.what());
    return 3;
  }
}
