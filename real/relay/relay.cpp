#include "real/relay/relay.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <deque>
#include <optional>
#include <string>

namespace spillway::real {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t kMostWaiting = 4U << 20U;  // bytes in one direction; then the sender has to wait

/// A connection and its continuation. Lives as long as an operation of it is under way.
class Pair : public std::enable_shared_from_this<Pair> {
 public:
  Pair(tcp::socket client, asio::io_context& io, std::shared_ptr<const RelayConfig> config)
      : config_{std::move(config)}, sockets_{std::move(client), tcp::socket{io}}, ways_{Way{io}, Way{io}} {}

  void start() {
    sockets_[1].async_connect(config_->target, [self = shared_from_this()](error_code error) {
      if (error) return self->reset();
      for (tcp::socket& socket : self->sockets_) {
        error_code ignored;
        socket.set_option(tcp::no_delay{true}, ignored);
      }
      self->read(0);
      self->read(1);
    });
  }
  /// The client sees what it would see of a dead server.
  void reset() {
    error_code ignored;
    sockets_[0].set_option(tcp::socket::linger{true, 0}, ignored);
    for (tcp::socket& socket : sockets_) socket.close(ignored);
    for (Way& way : ways_) way.timer.cancel();
  }

 private:
  struct Chunk {
    Clock::time_point at;
    std::string bytes;  ///< empty: the end
  };
  /// One direction.
  struct Way {
    explicit Way(asio::io_context& io) : timer{io} {}
    asio::steady_timer timer;
    std::deque<Chunk> chunks;
    std::size_t waiting = 0;  ///< bytes in chunks
    bool busy = false;        ///< a chunk waits for its time or is being written
    bool paused = false;      ///< nothing is read: too much waits
    Duration delay{};         ///< of the message at hand
    Clock::time_point last{};
    std::array<char, 16384> buffer{};
  };

  void read(std::size_t from) {
    Way& way = ways_[from];
    sockets_[from].async_read_some(asio::buffer(way.buffer), [self = shared_from_this(), from](error_code error, std::size_t size) {
      if (error && error != asio::error::eof) return self->reset();
      self->arrived(from, size);
    });
  }

  void arrived(std::size_t from, std::size_t size) {
    Way& way = ways_[from];
    if (size > 0 && speaking_ != from) {
      speaking_ = from;
      way.delay = from == 0 ? config_->there() : config_->back();
    }
    way.last = std::max(way.last, Clock::now() + way.delay);
    way.chunks.push_back({way.last, std::string{way.buffer.data(), size}});
    way.waiting += size;
    forward(from);
    if (size == 0) return;
    way.paused = way.waiting > kMostWaiting;
    if (!way.paused) read(from);
  }

  void forward(std::size_t from) {
    Way& way = ways_[from];
    if (way.busy || way.chunks.empty()) return;
    way.busy = true;
    way.timer.expires_at(way.chunks.front().at);
    way.timer.async_wait([self = shared_from_this(), from](error_code error) {
      if (!error) self->write(from);
    });
  }

  void write(std::size_t from) {
    Way& way = ways_[from];
    tcp::socket& to = sockets_[1 - from];
    const std::string& bytes = way.chunks.front().bytes;
    if (bytes.empty()) {
      error_code ignored;
      to.shutdown(tcp::socket::shutdown_send, ignored);
      return;
    }
    asio::async_write(to, asio::buffer(bytes), [self = shared_from_this(), from](error_code error, std::size_t) {
      if (error) return self->reset();
      self->written(from);
    });
  }

  void written(std::size_t from) {
    Way& way = ways_[from];
    way.waiting -= way.chunks.front().bytes.size();
    way.chunks.pop_front();
    way.busy = false;
    forward(from);
    if (way.paused && way.waiting <= kMostWaiting) {
      way.paused = false;
      read(from);
    }
  }

  std::shared_ptr<const RelayConfig> config_;  ///< may outlive the relay
  std::array<tcp::socket, 2> sockets_;  ///< of the client, of the target
  std::array<Way, 2> ways_;
  std::optional<std::size_t> speaking_;
};

}  // namespace

struct Relay::State : std::enable_shared_from_this<State> {
  State(asio::io_context& context, RelayConfig given)
      : io{context}, config{std::make_shared<const RelayConfig>(std::move(given))}, acceptor{context, config->listen} {}

  void accept() {
    acceptor.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (!error) {
        const auto pair = std::make_shared<Pair>(std::move(socket), self->io, self->config);
        std::erase_if(self->pairs, [](const auto& known) { return known.expired(); });
        self->pairs.push_back(pair);
        pair->start();
      }
      self->accept();
    });
  }

  asio::io_context& io;
  std::shared_ptr<const RelayConfig> config;
  tcp::acceptor acceptor;
  std::deque<std::weak_ptr<Pair>> pairs;
};

Relay::Relay(asio::io_context& io, RelayConfig config) : state_{std::make_shared<State>(io, std::move(config))} { state_->accept(); }

Relay::~Relay() {
  error_code ignored;
  state_->acceptor.close(ignored);
  for (const auto& pair : state_->pairs) {
    if (const auto open = pair.lock()) open->reset();
  }
}

tcp::endpoint Relay::endpoint() const { return state_->acceptor.local_endpoint(); }

}  // namespace spillway::real
