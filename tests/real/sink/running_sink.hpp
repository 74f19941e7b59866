// A sink with a thread of its own, as a test wants it.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <future>
#include <thread>

#include "real/sink/sink.hpp"

namespace spillway::real::test {

class RunningSink {
 public:
  template <typename F>
  auto on_its_thread(F f) {
    std::packaged_task<decltype(f(*sink_))()> task{[this, &f] { return f(*sink_); }};
    auto result = task.get_future();
    boost::asio::post(io_, [&task] { task(); });
    return result.get();
  }

  explicit RunningSink(SinkConfig config) : sink_{std::make_unique<Sink>(io_, at_loopback(std::move(config)))} {
    sink_->start();
    thread_ = std::thread{[this] { io_.run(); }};
  }
  ~RunningSink() {
    work_.reset();
    io_.stop();
    thread_.join();
  }
  RunningSink(const RunningSink&) = delete;
  RunningSink& operator=(const RunningSink&) = delete;

  std::uint16_t port() {
    return on_its_thread([](Sink& sink) { return sink.endpoint().port(); });
  }
  SinkCounts counts() {
    return on_its_thread([](Sink& sink) { return sink.counters(); });
  }
  void set_behaviour(std::optional<Behaviour> fault) {
    on_its_thread([&](Sink& sink) { return sink.set_behaviour(fault), 0; });
  }

 private:
  static SinkConfig at_loopback(SinkConfig config) {
    config.endpoint = {boost::asio::ip::address_v4::loopback(), 0};
    return config;
  }
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_ = boost::asio::make_work_guard(io_);
  std::unique_ptr<Sink> sink_;
  std::thread thread_;
};

}  // namespace spillway::real::test
