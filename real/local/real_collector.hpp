// A real collector process in its room: started, signalled, started again, its metrics page read.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/collector/config.hpp"
#include "models/scenario/scenario.hpp"
#include "models/hosts/restart_back_off.hpp"
#include "real/local/lab.hpp"
#include "real/local/memory_group.hpp"
#include "sim/record.hpp"

namespace spillway::real {

struct RealCollectorSpec {
  std::string name;  ///< "aws/otel-collector": label `collector` of its metrics
  std::string room;
  std::filesystem::path program;
  std::vector<std::filesystem::path> config;
  std::map<std::string, std::string> environment;
  collector::TelemetryConfig telemetry;
  int cpus = 2;
  std::int64_t memory_limit = 0;  ///< bytes; 0: none
  std::filesystem::path log;
  bool precise_cpu = false;  ///< its page also has the kernel's clock of the process, in nanoseconds' resolution
};

class RealCollector {
 public:
  RealCollector(boost::asio::io_context& io, Lab& lab, RealCollectorSpec spec);
  ~RealCollector();
  RealCollector(const RealCollector&) = delete;
  RealCollector& operator=(const RealCollector&) = delete;

  /// Starts it and waits until it says that it is ready. Throws with the end of its log when it does not.
  void start();
  void signal(const Fault& fault);
  /// Empty when it is down or shows no page. May be called from another thread than the rest.
  std::vector<MetricValue> scrape() const;
  ProcessUsage usage() { return process_->usage(); }
  const std::string& name() const { return spec_.name; }

 private:
  void launch();
  bool ready() const;
  void watch_memory();
  void watch_end(std::optional<Duration> restart_after, std::optional<std::chrono::steady_clock::time_point> kill_at);

  boost::asio::io_context& io_;
  Lab& lab_;
  RealCollectorSpec spec_;
  Process* process_ = nullptr;
  boost::asio::steady_timer timer_;
  std::unique_ptr<MemoryGroup> group_;  ///< when its memory is limited
  boost::asio::steady_timer memory_timer_;
  RestartBackOff back_off_;
  std::chrono::steady_clock::time_point launched_{};
  bool signalled_ = false;
  std::atomic<int> out_of_memory_kills_{0};
};

}  // namespace spillway::real
