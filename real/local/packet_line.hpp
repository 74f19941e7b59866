// Lines between the places of a lab: packets take their time, and a line carries so many bytes a second. In user space,
// because the kernel of a plain machine need not have `netem`.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "real/local/file_descriptor.hpp"
#include "sim/time.hpp"

namespace spillway::real {

struct PacketLineConfig {
  std::vector<std::string> here{};       ///< IPv4 addresses of one end; whatever has another source comes from the other
  std::vector<std::string> at_once{};    ///< addresses whose packets share the bandwidth but take no latency
  std::function<Duration()> there{}, back{};  ///< one way; asked once a message, on the line's thread
  double bytes_per_second = 0;           ///< of each direction, IP headers included; 0: no limit
};

/// Moves IPv4 packets from TUN devices back into them, each after its time. A message, as far as TCP shows it, is what a
/// connection's one end sends until the other end sends something: all of it has one latency, and a connection's packets stay in
/// order. Connections do not delay each other but by the bandwidth, which packets take in the order of their coming. At most 64 MiB
/// wait in one direction; more is dropped, as a router would. On an idle machine packets come some 0.1 ms late.
class PacketLines {
 public:
  PacketLines();
  ~PacketLines();  ///< what waits is lost
  PacketLines(const PacketLines&) = delete;
  PacketLines& operator=(const PacketLines&) = delete;

  /// All lines come before start().
  void add(FileDescriptor device, PacketLineConfig config);
  void start();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace spillway::real
