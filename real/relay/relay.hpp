// A link between two places: forwards TCP connections and lets every message take its time.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>

#include "sim/time.hpp"

namespace spillway::real {

struct RelayConfig {
  boost::asio::ip::tcp::endpoint listen{};  ///< port 0: any free one
  boost::asio::ip::tcp::endpoint target{};
  std::function<Duration()> there{}, back{};  ///< one way; asked once a message
};

/// What arrives leaves again after the delay, in order. A message is what flows one way until something flows the other
/// way, as requests and answers on a connection of HTTP/1.1 do; all of it has the same delay. A connection's set-up takes no time.
/// Everything happens on the thread that runs the io_context.
class Relay {
 public:
  Relay(boost::asio::io_context& io, RelayConfig config);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  boost::asio::ip::tcp::endpoint endpoint() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace spillway::real
