#include "real/local/packet_line.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <thread>
#include <tuple>

namespace spillway::real {
namespace {

using Clock = std::chrono::steady_clock;
using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kMostWaiting = 64U << 20U;  // bytes in one direction
constexpr std::size_t kMostFlows = 100'000;       // remembered connections; beyond, all are forgotten
constexpr std::size_t kLargestPacket = 65'535;
constexpr std::uint8_t kTcp = 6, kSyn = 2;

std::uint32_t address_of(const std::string& text) {
  in_addr address{};
  inet_pton(AF_INET, text.c_str(), &address);
  return ntohl(address.s_addr);
}

std::vector<std::uint32_t> addresses_of(const std::vector<std::string>& texts) {
  std::vector<std::uint32_t> numbers;
  for (const std::string& text : texts) numbers.push_back(address_of(text));
  return numbers;
}

bool contains(const std::vector<std::uint32_t>& list, std::uint32_t address) { return std::find(list.begin(), list.end(), address) != list.end(); }

std::uint32_t number_at(std::span<const std::uint8_t> bytes, std::size_t at, std::size_t size) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < size; ++i) number = number << 8U | bytes[at + i];
  return number;
}

/// What a line has to know of a packet.
struct Header {
  std::uint32_t source = 0, target = 0;
  std::uint32_t source_port = 0, target_port = 0;  ///< 0 unless TCP
  bool speaks = false;                             ///< carries data, or asks for or grants a connection
};

std::optional<Header> read_header(std::span<const std::uint8_t> packet) {
  if (packet.size() < 20 || packet[0] >> 4U != 4) return std::nullopt;
  const std::size_t length = (packet[0] & 15U) * 4U;
  Header header{number_at(packet, 12, 4), number_at(packet, 16, 4), 0, 0, true};
  if (packet[9] != kTcp || packet.size() < length + 20) return header;
  header.source_port = number_at(packet, length, 2);
  header.target_port = number_at(packet, length + 2, 2);
  const std::size_t data = length + (packet[length + 12] >> 4U) * 4U;
  header.speaks = packet.size() > data || (packet[length + 13] & kSyn) != 0;
  return header;
}

/// A connection, as both directions see it: this end's address and port, then the other's.
using FlowKey = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>;

struct Flow {
  std::size_t speaker = 2;  ///< direction of the message under way; 2: none yet
  std::array<Duration, 2> latency{};
  std::array<Clock::time_point, 2> last{};  ///< when the last packet leaves
};

class Line {
 public:
  Line(FileDescriptor device, PacketLineConfig config)
      : device_{std::move(device)}, config_{std::move(config)}, here_{addresses_of(config_.here)}, at_once_{addresses_of(config_.at_once)} {
    ::fcntl(device_.get(), F_SETFL, ::fcntl(device_.get(), F_GETFL) | O_NONBLOCK);
  }
  int descriptor() const { return device_.get(); }

  /// Takes what has come.
  void take() {
    std::array<std::uint8_t, kLargestPacket> buffer;
    while (true) {
      const ssize_t size = ::read(device_.get(), buffer.data(), buffer.size());
      if (size <= 0) return;
      const std::span packet{buffer.data(), static_cast<std::size_t>(size)};
      if (const auto header = read_header(packet)) keep(*header, packet);
    }
  }
  /// Sends on what has waited long enough.
  void give(Clock::time_point now) {
    while (!waiting_.empty() && waiting_.begin()->first <= now) {
      const auto& [direction, packet] = waiting_.begin()->second;
      [[maybe_unused]] const ssize_t ignored = ::write(device_.get(), packet.data(), packet.size());  // a full queue drops, as a router does
      bytes_waiting_[direction] -= packet.size();
      waiting_.erase(waiting_.begin());
    }
  }
  std::optional<Clock::time_point> next() const { return waiting_.empty() ? std::nullopt : std::optional{waiting_.begin()->first}; }

 private:
  void keep(const Header& header, std::span<const std::uint8_t> packet) {
    const std::size_t direction = contains(here_, header.source) ? 0 : 1;
    if (bytes_waiting_[direction] + packet.size() > kMostWaiting) return;
    const Clock::time_point now = Clock::now();
    Clock::time_point leaves = now;
    if (config_.bytes_per_second > 0) {
      const std::chrono::duration<double> takes{static_cast<double>(packet.size()) / config_.bytes_per_second};
      free_at_[direction] = std::max(free_at_[direction], now) + std::chrono::duration_cast<Clock::duration>(takes);
      leaves = free_at_[direction];
    }
    Flow& flow = flow_of(header, direction);
    flow.last[direction] = std::max(flow.last[direction], leaves + latency(flow, header, direction));
    bytes_waiting_[direction] += packet.size();
    waiting_.emplace(flow.last[direction], Waiting{direction, Bytes{packet.begin(), packet.end()}});
  }

  Flow& flow_of(const Header& header, std::size_t direction) {
    if (flows_.size() > kMostFlows) flows_.clear();
    FlowKey key{header.source, header.source_port, header.target, header.target_port};
    if (direction == 1) key = {header.target, header.target_port, header.source, header.source_port};
    return flows_[key];
  }

  /// An acknowledgement alone takes as long as what its sender said last.
  Duration latency(Flow& flow, const Header& header, std::size_t direction) {
    if (contains(at_once_, header.source) || contains(at_once_, header.target)) return {};
    if (header.speaks && flow.speaker != direction) {
      flow.speaker = direction;
      flow.latency[direction] = direction == 0 ? config_.there() : config_.back();
    }
    return flow.latency[direction];
  }

  struct Waiting {
    std::size_t direction;
    Bytes packet;
  };
  FileDescriptor device_;
  PacketLineConfig config_;
  std::vector<std::uint32_t> here_, at_once_;
  std::multimap<Clock::time_point, Waiting> waiting_;  // equal times in the order of coming
  std::array<std::size_t, 2> bytes_waiting_{};
  std::array<Clock::time_point, 2> free_at_{};
  std::map<FlowKey, Flow> flows_;
};

}  // namespace

struct PacketLines::State {
  FileDescriptor stop{::eventfd(0, EFD_CLOEXEC)};
  std::vector<Line> lines;
  std::thread thread;

  /// Until somebody writes to `stop`.
  void run() {
    std::vector<pollfd> watched{{stop.get(), POLLIN, 0}};
    for (const Line& line : lines) watched.push_back({line.descriptor(), POLLIN, 0});
    while (true) {
      wait(watched);
      if (watched.front().revents != 0) return;
      for (Line& line : lines) {
        line.take();
        line.give(Clock::now());
      }
    }
  }

  void wait(std::vector<pollfd>& watched) const {
    std::optional<Clock::time_point> next;
    for (const Line& line : lines) {
      if (const auto one = line.next()) next = next ? std::min(*next, *one) : *one;
    }
    if (!next) {
      ::poll(watched.data(), watched.size(), -1);
      return;
    }
    const auto left = std::max(Clock::duration::zero(), *next - Clock::now());
    const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
    const timespec limit{static_cast<time_t>(seconds.count()), static_cast<long>((left - seconds) / std::chrono::nanoseconds{1})};
    ::ppoll(watched.data(), watched.size(), &limit, nullptr);
  }
};

PacketLines::PacketLines() : state_{std::make_unique<State>()} {}

PacketLines::~PacketLines() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t ignored = ::write(state_->stop.get(), &one, sizeof one);
  if (state_->thread.joinable()) state_->thread.join();
}

void PacketLines::add(FileDescriptor device, PacketLineConfig config) { state_->lines.emplace_back(std::move(device), std::move(config)); }

void PacketLines::start() {
  if (!state_->lines.empty()) state_->thread = std::thread{[state = state_.get()] { state->run(); }};
}

}  // namespace spillway::real
