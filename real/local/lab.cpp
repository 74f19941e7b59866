#include "real/local/lab.hpp"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "real/local/confined.hpp"
#include "real/local/http_get.hpp"
#include "real/local/interfaces.hpp"
#include "real/local/private_folder.hpp"

namespace spillway::real {
namespace {

namespace fs = std::filesystem;

constexpr Duration kPatience = std::chrono::seconds{10};  // beyond the grace, for a function that is told to stop

/// Output only: incoming packets can only come from the lab.
constexpr char kFilterRules[] =
    "*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n"
    "-A OUTPUT -d 127.0.0.0/8 -j ACCEPT\n"
    "-A OUTPUT -d 10.98.0.0/16 -j ACCEPT\n"
    "-A OUTPUT -j REJECT --reject-with icmp-net-unreachable\n"
    "-A FORWARD -s 10.98.0.0/16 -d 10.98.0.0/16 -j ACCEPT\n"
    "-A FORWARD -j REJECT --reject-with icmp-net-unreachable\n"
    "COMMIT\n";

[[noreturn]] void fail(const std::string& what, int error) {
  throw std::runtime_error(what + ": " + std::strerror(error));
}

std::string address_in_room_network(int number, int host) {
  const int last = number * 4 + host;
  return "10.98." + std::to_string(last / 256) + "." + std::to_string(last % 256);
}

/// Lines of iproute2 commands, without the leading `ip`.
void run_ip(const std::string& lines) {
  static const fs::path ip = find_program("ip");
  if (ip.empty()) throw std::runtime_error("the command 'ip' is missing; install the package iproute2");
  const ToolResult result = run_tool({ip.string(), "-batch", "-"}, lines);
  if (result.end.signal != 0 || result.end.exit_code != 0)
    throw std::runtime_error("cannot set up the lab's network: ip: " + result.output);
}

bool has_ipv6() { return fs::exists("/proc/sys/net/ipv6"); }

/// The first thing in a new network: whatever is not said otherwise is unreachable.
void close_network() {
  run_ip("route add unreachable default metric 4278198272\n");
  if (has_ipv6()) run_ip("route add unreachable ::/0 metric 4278198272\n");
  run_ip("link set lo up\n");
}

/// Why the rules of a filter could not be changed; empty: they are in place.
std::string change_filter(std::vector<std::string> words, const std::string& rules) {
  const fs::path tool = find_program("iptables-restore");
  if (tool.empty()) return "the command 'iptables-restore' is missing; install the package iptables";
  words.insert(words.begin(), tool.string());
  const ToolResult result = run_tool(words, rules);
  return result.end.signal == 0 && result.end.exit_code == 0 ? "" : "iptables-restore: " + result.output;
}

bool filter_packets() { return change_filter({}, kFilterRules).empty(); }

/// In front of the other rules, or taken away again.
std::string cut_rules(const std::vector<Way>& ways, bool cut) {
  std::string rules = "*filter\n";
  for (const auto& [a, b] : ways) {
    for (const char* const chain : {"INPUT", "OUTPUT", "FORWARD"}) {
      const std::string head = std::string{cut ? "-I " : "-D "} + chain;
      rules += head + " -s " + a + " -d " + b + " -j DROP\n" + head + " -s " + b + " -d " + a + " -j DROP\n";
    }
  }
  return rules + "COMMIT\n";
}

/// A new TUN device of this network, which carries bare IP packets.
FileDescriptor open_tun(const std::string& device) {
  FileDescriptor fd{::open("/dev/net/tun", O_RDWR | O_CLOEXEC)};
  ifreq request{};
  std::strncpy(request.ifr_name, device.c_str(), IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (!fd.open() || ::ioctl(fd.get(), TUNSETIFF, &request) != 0) fail("cannot make a network device with /dev/net/tun", errno);
  return fd;
}

/// Before the first line: which table a packet's way is looked up in is asked before whether its target is here, and
/// no connection remembers where its packets came from.
std::string rules_before_lines() { return "rule add pref 100 lookup local\nrule del pref 0\n"; }

/// Packets on their way from one address to the other take this table, unless they come from a line.
std::string line_rule(const std::string& from, const std::string& to, int rooms, int table) {
  std::string origin = "iif lo from " + from;
  for (int i = 0; i < rooms; ++i) {
    if (room_address(i) == from) origin = "iif room" + std::to_string(i);
  }
  return "rule add pref 10 " + origin + " to " + to + " lookup " + std::to_string(table) + "\n";
}

/// Locally administered; `end` 0: at the hub, 1: in the room.
std::string mac_address(int end, int room) {
  std::array<char, 18> text{};
  std::snprintf(text.data(), text.size(), "02:98:00:%02x:%02x:%02x", end & 0xff, room >> 8 & 0xff, room & 0xff);
  return text.data();
}

/// The hub's end of a room's link. Neighbours are permanent: no address resolution, which would take a second
/// whenever its first packet is lost.
std::string hub_links(int room, const std::string& network) {
  const std::string device = "room" + std::to_string(room);
  return "link add " + device + " address " + mac_address(0, room) + " type veth peer name eth0 address " +
         mac_address(1, room) + " netns " + network + "\n" + "addr add " + gateway_address(room) + "/30 dev " + device +
         "\n" + "link set " + device + " up\n" + "neigh add " + room_address(room) + " lladdr " + mac_address(1, room) +
         " dev " + device + " nud permanent\n";
}

/// A room knows the way to each address that exists and to no other: a connection to one that does not fails at
/// once in the room itself. (An unreachable reply from the hub could come while the kernel is still in connect(),
/// which then takes it for temporary and tries again a second later.)
std::string room_links(int room, int rooms, int hub_addresses) {
  const std::string via = " via " + gateway_address(room) + "\n";
  std::string lines = "addr add " + room_address(room) + "/30 dev eth0\nlink set eth0 up\n";
  lines += "neigh add " + gateway_address(room) + " lladdr " + mac_address(0, room) + " dev eth0 nud permanent\n";
  for (int i = 0; i < hub_addresses; ++i) lines += "route add " + hub_address(i) + via;
  for (int i = 0; i < rooms; ++i) {
    if (i != room) lines += "route add " + room_address(i) + via;
  }
  return lines;
}

/// A new link loses packets until the kernel has noticed that both ends are up, and TCP would repeat the first one
/// only a second later: so the first packets are ours.
void await_link(int room) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{5};
  while (!answers(gateway_address(room), std::chrono::milliseconds{20})) {
    if (std::chrono::steady_clock::now() > until)
      throw std::runtime_error("the link to room " + std::to_string(room) + " does not come up");
  }
}

void write_text(const fs::path& file, const std::string& text) {
  std::ofstream out{file};
  out << text << std::flush;
  if (!out) fail("cannot write " + file.string(), errno);
}

std::string hosts_file(const std::vector<HostEntry>& hosts) {
  std::string text = "127.0.0.1 localhost\n";
  if (has_ipv6()) text += "::1 localhost ip6-localhost\n";
  for (const HostEntry& entry : hosts) {
    text += entry.address;
    for (const std::string& name : entry.names) text += ' ' + name;
    text += '\n';
  }
  return text;
}

/// A machine without the file needs no replacement: nothing resolves there anyway.
void put_over(const fs::path& file, const std::string& text, const fs::path& target) {
  if (!fs::exists(target)) return;
  write_text(file, text);
  if (mount(file.c_str(), target.c_str(), nullptr, MS_BIND, nullptr) != 0)
    fail("cannot put a file over " + target.string(), errno);
}

FileDescriptor open_namespace(const char* name) {
  const std::string path = std::string{"/proc/thread-self/ns/"} + name;
  FileDescriptor fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd.open()) fail("cannot open " + path, errno);
  return fd;
}

/// Runs `f` in a thread, so that namespaces which it enters stay its own; exceptions pass through.
void in_thread(const std::function<void()>& f) {
  std::exception_ptr error;
  std::thread thread{[&] {
    try {
      f();
    } catch (...) {
      error = std::current_exception();
    }
  }};
  thread.join();
  if (error) std::rethrow_exception(error);
}

class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (fs::temp_directory_path() / "spillway-lab-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) fail("cannot make the folder " + name, errno);
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

std::string hub_address(int number) { return "10.98.200." + std::to_string(number + 1); }
bool is_hub_address(const std::string& address) { return address.starts_with("10.98.200."); }
std::string gateway_address(int number) { return address_in_room_network(number, 1); }
std::string room_address(int number) { return address_in_room_network(number, 2); }

Lab::Lab(const LabSpec& spec, int stop_fd, fs::path folder, std::vector<std::string> outside)
    : stop_fd_{stop_fd}, grace_{spec.grace}, folder_{std::move(folder)}, outside_{std::move(outside)} {
  if (spec.hub_addresses > kHubAddresses || spec.rooms.size() > static_cast<std::size_t>(kRooms))
    throw std::logic_error("a lab has at most 250 hub addresses and 250 rooms");
  build_hub(spec);
  for (const RoomSpec& room : spec.rooms) {
    names_.push_back(room.name);
    in_thread([&] { rooms_.push_back(build_room(room)); });
  }
  link_rooms(spec);
}

Lab::~Lab() { end_all(); }

void Lab::build_hub(const LabSpec& spec) {
  close_network();
  packet_filter_ = filter_packets();
  std::string lines;
  for (int i = 0; i < spec.hub_addresses; ++i) lines += "addr add " + hub_address(i) + "/32 dev lo\n";
  run_ip(lines);
  write_text("/proc/sys/net/ipv4/ip_forward", "1\n");
}

/// On a thread that may leave the hub for good.
Lab::Room Lab::build_room(const RoomSpec& spec) const {
  if (unshare(CLONE_FS | CLONE_NEWNS | CLONE_NEWNET) != 0) fail("cannot make room " + spec.name, errno);
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    fail("cannot make the mounts of room " + spec.name + " private", errno);
  close_network();
  filter_packets();
  const std::string number = std::to_string(number_of(spec.name));
  put_over(folder_ / ("hosts." + number), hosts_file(spec.hosts), "/etc/hosts");
  put_over(folder_ / ("resolv.conf." + number), "", "/etc/resolv.conf");
  for (std::size_t i = 0; i < spec.private_folders.size(); ++i) {
    const fs::path stage = folder_ / ("beside." + number + "." + std::to_string(i));
    put_private_folder(spec.private_folders[i], stage);
  }
  return {open_namespace("net"), open_namespace("mnt")};
}

void Lab::link_rooms(const LabSpec& spec) {
  std::string lines;
  for (std::size_t i = 0; i < rooms_.size(); ++i) {
    const std::string network = "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(rooms_[i].network.get());
    lines += hub_links(static_cast<int>(i), network);
  }
  run_ip(lines);
  for (std::size_t i = 0; i < rooms_.size(); ++i) {
    const int number = static_cast<int>(i);
    inside(names_[i], [&] {
      run_ip(room_links(number, static_cast<int>(rooms_.size()), spec.hub_addresses));
      await_link(number);
    });
  }
}

std::size_t Lab::number_of(std::string_view name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found == names_.end()) throw std::logic_error("the lab has no room " + std::string{name});
  return static_cast<std::size_t>(found - names_.begin());
}

void Lab::inside(std::string_view room, const std::function<void()>& f) const {
  if (room.empty()) return in_thread(f);
  const Room& place = rooms_[number_of(room)];
  in_thread([&] {
    if (unshare(CLONE_FS) != 0 || setns(place.network.get(), CLONE_NEWNET) != 0 ||
        setns(place.mounts.get(), CLONE_NEWNS) != 0)
      fail("cannot enter room " + std::string{room}, errno);
    f();
  });
}

Process& Lab::start(std::string_view room, const ProgramSpec& program) {
  inside(room, [&] { processes_.emplace_back(program); });
  return processes_.back();
}

void Lab::end_all() {
  for (Process& process : processes_) process.signal(SIGTERM);
  const auto until = std::chrono::steady_clock::now() + grace_;
  for (Process& process : processes_) {
    const auto left = until - std::chrono::steady_clock::now();
    if (process.wait(std::max<Duration>(left, Duration::zero()))) continue;
    process.signal(SIGKILL);
    process.wait(grace_);
  }
}

// The file itself is what lies over the room's: another one in its place would not be seen. It is written over and then
// cut, so that no reader finds it empty.
void Lab::set_hosts(std::string_view room, const std::vector<HostEntry>& hosts) const {
  const fs::path file = folder_ / ("hosts." + std::to_string(number_of(room)));
  if (!fs::exists(file)) return;
  const std::string text = hosts_file(hosts);
  const FileDescriptor out{::open(file.c_str(), O_WRONLY | O_CLOEXEC)};
  const auto size = static_cast<ssize_t>(text.size());
  if (!out.open() || ::write(out.get(), text.data(), text.size()) != size || ::ftruncate(out.get(), size) != 0)
    fail("cannot write " + file.string(), errno);
}

FileDescriptor Lab::open_socket(std::string_view room) const {
  FileDescriptor result;
  inside(room, [&] {
    result = FileDescriptor{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!result.open()) fail("cannot open a socket in room " + std::string{room}, errno);
  });
  return result;
}

std::optional<std::string> Lab::http_get(std::string_view room, const std::string& address, std::uint16_t port,
                                         const std::string& path, Duration timeout) const {
  return real::http_get(open_socket(room), address, port, path, timeout);
}

void Lab::set_cut(const std::vector<Way>& ways, bool cut) const {
  if (ways.empty()) return;
  if (const std::string why = change_filter({"--noflush"}, cut_rules(ways, cut)); !why.empty())
    throw std::runtime_error("cannot cut a link: " + why);
}

FileDescriptor Lab::open_line(const std::vector<Way>& ways) {
  const int number = lines_++;
  const std::string device = "line" + std::to_string(number);
  const int table = 1000 + number, rooms = static_cast<int>(rooms_.size());
  FileDescriptor fd = open_tun(device);
  // What comes back from a line may well have an address of the hub as its source.
  const fs::path settings{"/proc/sys/net/ipv4"};
  write_text(settings / "conf/all/rp_filter", "0\n");
  write_text(settings / "conf" / device / "rp_filter", "0\n");
  write_text(settings / "conf" / device / "accept_local", "1\n");
  write_text(settings / "ip_early_demux", "0\n");
  std::string lines = number == 0 ? rules_before_lines() : "";
  lines += "link set " + device + " up\nroute add default dev " + device + " table " + std::to_string(table) + "\n";
  for (const auto& [a, b] : ways) lines += line_rule(a, b, rooms, table) + line_rule(b, a, rooms, table);
  run_ip(lines);
  return fd;
}

bool Lab::stop_requested() const {
  pollfd stop{stop_fd_, POLLIN, 0};
  return ::poll(&stop, 1, 0) > 0;
}

int run_in_lab(const LabSpec& spec, const std::function<int(Lab&)>& function) {
  const ScratchFolder scratch;
  std::vector<std::string> outside = addresses_of_this_network();
  std::erase_if(outside, [](const std::string& address) { return address.starts_with("10.98."); });
  return run_confined(
      [&](int stop_fd) {
        Lab lab{spec, stop_fd, scratch.path(), outside};
        return function(lab);
      },
      spec.grace + kPatience);
}

std::vector<std::string> missing_for_lab() {
  std::vector<std::string> missing;
  if (find_program("ip").empty()) missing.emplace_back("the command 'ip' is missing; install the package iproute2");
  try {
    run_confined([](int) { return 0; }, kPatience);
    if (missing.empty()) run_in_lab({.rooms = {{.name = "probe"}}, .hub_addresses = 1}, [](Lab&) { return 0; });
  } catch (const std::exception& error) {
    missing.emplace_back(error.what());
  }
  return missing;
}

std::string why_no_lines() {
  if (FileDescriptor{::open("/dev/net/tun", O_RDWR | O_CLOEXEC)}.open()) return {};
  return std::string{"cannot open /dev/net/tun: "} + std::strerror(errno);
}

std::vector<std::string> ways_out(const Lab& lab) {
  std::vector<std::string> beyond{"192.0.2.1", "10.1.2.3", "10.98.199.1", "8.8.8.8", "2001:db8::1"};
  beyond.insert(beyond.end(), lab.outside_addresses().begin(), lab.outside_addresses().end());
  std::vector<std::string> places{""};
  places.insert(places.end(), lab.rooms().begin(), lab.rooms().end());
  std::vector<std::string> found;
  for (const std::string& place : places) {
    const std::string name = place.empty() ? "hub: " : "room " + place + ": ";
    lab.inside(place, [&] {
      for (const std::string& device : foreign_devices()) found.push_back(name + "device " + device + " is up");
      for (const std::string& address : beyond) {
        const std::string answer = try_to_reach(address);
        if (!answer.empty()) found.push_back(name + address + ": " + answer);
      }
    });
  }
  return found;
}

}  // namespace spillway::real
