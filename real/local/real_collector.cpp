#include "real/local/real_collector.hpp"

#include <algorithm>
#include <csignal>
#include <ctime>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "real/local/prometheus_text.hpp"

namespace spillway::real {
namespace {

using SteadyClock = std::chrono::steady_clock;

std::string read_text(const std::filesystem::path& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

// How often `what` stands in the text: a log goes on after a restart.
std::size_t count_of(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

/// CPU seconds of a running process, all its threads; nothing when it has ended.
std::optional<double> cpu_clock(pid_t pid) {
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return std::nullopt;
  return static_cast<double>(used.tv_sec) + 1e-9 * static_cast<double>(used.tv_nsec);
}

}  // namespace

RealCollector::RealCollector(boost::asio::io_context& io, Lab& lab, RealCollectorSpec spec)
    : io_{io}, lab_{lab}, spec_{std::move(spec)}, timer_{io}, memory_timer_{io} {}

// A group goes when its programs have gone.
RealCollector::~RealCollector() {
  if (!group_ || process_ == nullptr) return;
  process_->signal(SIGKILL);
  process_->wait(std::chrono::seconds{2});
}

void RealCollector::launch() {
  ProgramSpec program;
  program.argv = {spec_.program.string()};
  for (const auto& file : spec_.config) program.argv.push_back("--config=" + std::filesystem::absolute(file).string());
  program.environment = spec_.environment;
  program.stdout_file = program.stderr_file = spec_.log;
  program.cpus = spec_.cpus;
  if (spec_.memory_limit > 0 && !group_) {
    std::string name = "spillway-" + spec_.name;
    std::replace(name.begin(), name.end(), '/', '-');
    group_ = std::make_unique<MemoryGroup>(name, spec_.memory_limit);
  }
  if (group_) group_->enter();
  process_ = &lab_.start(spec_.room, program);
  launched_ = SteadyClock::now();
  signalled_ = false;
  if (!group_) return;
  group_->leave();
  if (!group_->problem().empty()) throw std::runtime_error(spec_.name + ": " + group_->problem());
  watch_memory();
}

// Who is killed though nobody signalled was out of memory: what the kubelet does then is done here.
void RealCollector::watch_memory() {
  const bool killed = !signalled_ && !process_->running() && process_->end() && process_->end()->signal == SIGKILL;
  if (signalled_) return;
  if (killed) ++out_of_memory_kills_;
  const Duration ran = SteadyClock::now() - launched_;
  memory_timer_.expires_after(killed ? back_off_.next(ran) : Duration{std::chrono::milliseconds{5}});
  memory_timer_.async_wait([this, killed](const boost::system::error_code& error) {
    if (error) return;
    killed ? launch() : watch_memory();
  });
}

bool RealCollector::ready() const { return count_of(read_text(spec_.log), "Everything is ready") > 0; }

void RealCollector::start() {
  launch();
  const auto deadline = SteadyClock::now() + std::chrono::seconds{30};
  while (!ready()) {
    if (!process_->running() || SteadyClock::now() > deadline) {
      const std::string log = read_text(spec_.log);
      throw std::runtime_error(spec_.name + ": the collector does not start: " + log.substr(log.size() - std::min<std::size_t>(log.size(), 1500)));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
}

void RealCollector::signal(const Fault& fault) {
  signalled_ = fault.signal != Fault::Signal::hup;
  switch (fault.signal) {
    case Fault::Signal::term: process_->signal(SIGTERM); break;
    case Fault::Signal::kill: process_->signal(SIGKILL); break;
    case Fault::Signal::hup: process_->signal(SIGHUP); return;
  }
  std::optional<SteadyClock::time_point> kill_at;
  if (fault.signal == Fault::Signal::term) kill_at = SteadyClock::now() + fault.grace;
  watch_end(fault.restart_after, kill_at);
}

void RealCollector::watch_end(std::optional<Duration> restart_after, std::optional<SteadyClock::time_point> kill_at) {
  const bool ended = !process_->running();
  if (ended && !restart_after) return;
  if (!ended && kill_at && SteadyClock::now() >= *kill_at) process_->signal(SIGKILL);
  timer_.expires_after(ended ? *restart_after : Duration{std::chrono::milliseconds{5}});
  timer_.async_wait([this, ended, restart_after, kill_at](const boost::system::error_code& error) {
    if (error) return;
    ended ? launch() : watch_end(restart_after, kill_at);
  });
}

std::vector<MetricValue> RealCollector::scrape() const {
  std::vector<MetricValue> values;
  if (spec_.memory_limit > 0) values.push_back({kRestartsMetric, {{"collector", spec_.name}}, double(out_of_memory_kills_)});
  if (spec_.telemetry.level == "none") return values;
  const bool any = spec_.telemetry.host == "0.0.0.0" || spec_.telemetry.host == "localhost";
  const auto page = lab_.http_get(spec_.room, any ? "127.0.0.1" : spec_.telemetry.host,
                                  static_cast<std::uint16_t>(spec_.telemetry.port), "/metrics", std::chrono::seconds{2});
  if (!page) return values;
  for (MetricValue& value : parse_prometheus_text(*page).values) {
    if (!value.name.starts_with("otelcol_")) continue;
    label_as(value, spec_.name);
    values.push_back(std::move(value));
  }
  if (const auto cpu = spec_.precise_cpu ? cpu_clock(process_->pid()) : std::nullopt) {
    values.push_back({"spillway_process_cpu_seconds", {{"collector", spec_.name}}, *cpu});
  }
  return values;
}

}  // namespace spillway::real
