// Isolated networks for real programs on one machine: a hub where traffic and backends live, and rooms around it,
// one for each collector, each with addresses, hosts file and processes of its own. No link leads outside.
//
//    room 0          room 1          room n          10.98.0.0/22, a /30 each, eth0 in the room
//       \_______________|_______________/
//                      hub                           10.98.200.1 … 250 on its loopback device, for backends
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "real/local/file_descriptor.hpp"
#include "real/local/process.hpp"
#include "sim/time.hpp"

namespace spillway::real {

/// A line of a hosts file.
struct HostEntry {
  std::string address{};
  std::vector<std::string> names{};
};

struct RoomSpec {
  std::string name{};              ///< not empty, unique in its lab
  std::vector<HostEntry> hosts{};  ///< the room's /etc/hosts, beside localhost; nothing else resolves
  std::vector<std::filesystem::path> private_folders{};  ///< absolute; in the room: there, at first empty, in memory
};

struct LabSpec {
  std::vector<RoomSpec> rooms{};
  int hub_addresses = 0;                     ///< up to kHubAddresses
  Duration grace = std::chrono::seconds{5};  ///< from TERM to KILL for programs that still run at the end
};

inline constexpr int kHubAddresses = 250;
inline constexpr int kRooms = 250;

std::string hub_address(int number);      ///< 10.98.200.(number + 1); number from 0
bool is_hub_address(const std::string& address);
std::string room_address(int number);     ///< of eth0 in the number-th room of the spec, from 0
std::string gateway_address(int number);  ///< the hub's end of that room's link

/// Two addresses of a lab. At least one is a room's: what flows between them passes the hub.
using Way = std::pair<std::string, std::string>;

/// A lab that stands. Only exists while run_in_lab runs its function. Rooms are named as in the spec; the empty
/// name is the hub, whose network the function itself lives in. All members may be called from the function's
/// thread; http_get and open_socket from any thread.
class Lab {
 public:
  Lab(const LabSpec& spec, int stop_fd, std::filesystem::path folder, std::vector<std::string> outside);
  ~Lab();
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;

  /// Starts a program in a room. Throws std::runtime_error naming program and reason. The reference holds as long
  /// as the lab; to start a program again, start another one.
  Process& start(std::string_view room, const ProgramSpec& program);
  /// TERM to all that run, KILL to those that still do after the grace. Done at the end of the lab anyway.
  void end_all();

  /// A TCP socket whose network is the room's, not connected, blocking, close-on-exec: for a connection to
  /// the room's localhost from out here. Asio takes it with socket.assign(). Throws std::runtime_error.
  FileDescriptor open_socket(std::string_view room) const;
  /// Body of `GET path` from inside a room; empty unless the answer is a complete 200 within `timeout`.
  std::optional<std::string> http_get(std::string_view room, const std::string& address, std::uint16_t port,
                                      const std::string& path, Duration timeout) const;
  /// Runs `f` in a thread that stands in the room (network and mounts) and waits for it; exceptions pass through.
  void inside(std::string_view room, const std::function<void()>& f) const;

  /// While a way is cut, packets between its two addresses vanish at the hub, in both directions, without a word to
  /// either end. Throws std::runtime_error when the packet filter refuses. Called from the function's thread.
  void set_cut(const std::vector<Way>& ways, bool cut) const;
  /// A device (TUN) at the hub through which every packet between these pairs of addresses goes from now on, in both
  /// directions: whoever reads a packet from it writes it back when it is to go on. At least one address of a way is a room's.
  /// Throws std::runtime_error when the kernel has no such devices.
  FileDescriptor open_line(const std::vector<Way>& ways);
  /// Other contents for the room's /etc/hosts, which programs in it read from now on (Go's resolver looks every 5 s).
  void set_hosts(std::string_view room, const std::vector<HostEntry>& hosts) const;

  /// True once the user wants the run to end. The descriptor becomes readable then, for an event loop.
  bool stop_requested() const;
  int stop_fd() const { return stop_fd_; }

  const std::vector<std::string>& rooms() const { return names_; }
  const std::filesystem::path& folder() const { return folder_; }  ///< scratch, removed after the lab
  /// IP addresses that this machine has outside the lab, taken before it was built; for ways_out.
  const std::vector<std::string>& outside_addresses() const { return outside_; }
  bool has_packet_filter() const { return packet_filter_; }  ///< a second lock besides the missing links

 private:
  struct Room {
    FileDescriptor network, mounts;
  };
  std::size_t number_of(std::string_view name) const;
  void build_hub(const LabSpec& spec);
  Room build_room(const RoomSpec& spec) const;
  void link_rooms(const LabSpec& spec);

  int stop_fd_;
  Duration grace_;
  std::filesystem::path folder_;
  std::vector<std::string> outside_;
  std::vector<std::string> names_;
  std::vector<Room> rooms_;
  bool packet_filter_ = false;
  int lines_ = 0;
  std::deque<Process> processes_;
};

/// Builds the lab in a child process, runs `function` there and returns its result (0…255; it may be 128 + signal
/// when the user wanted to stop, see run_confined). All processes, networks and scratch files are gone afterwards.
/// Throws std::runtime_error when the lab cannot be built, or with what the function threw.
int run_in_lab(const LabSpec& spec, const std::function<int(Lab&)>& function);

/// What this machine lacks for a lab, each with the way out; empty when a lab was just built and left without
/// trouble. Takes some 50 ms.
std::vector<std::string> missing_for_lab();

/// Why there can be no Lab::open_line on this machine; empty: there can.
std::string why_no_lines();

/// Proof that nothing gets out: devices that are up and neither loopback, veth nor a line of the lab, and addresses beyond the lab
/// (documentation and private networks, the machine's own) to which a connection does not fail at once for want of
/// a route. One line per finding, for the hub and every room; empty is good.
std::vector<std::string> ways_out(const Lab& lab);

}  // namespace spillway::real
