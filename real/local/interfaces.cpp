#include "real/local/interfaces.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <string_view>

#include "real/local/file_descriptor.hpp"

namespace spillway::real {
namespace {

struct AddressList {
  ifaddrs* first = nullptr;
  AddressList() {
    if (getifaddrs(&first) != 0) first = nullptr;
  }
  AddressList(const AddressList&) = delete;
  AddressList& operator=(const AddressList&) = delete;
  ~AddressList() {
    if (first != nullptr) freeifaddrs(first);
  }
};

/// Text of an address that can be reached without naming a device; empty for others.
std::string text_of(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address == nullptr) return {};
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size());
  }
  if (address->sa_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
    if (!IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr)) inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size());
  }
  return text.data();
}

/// Name of the driver behind a device; empty when it does not say.
std::string driver_of(const FileDescriptor& socket, const char* device) {
  ethtool_drvinfo info{};
  info.cmd = ETHTOOL_GDRVINFO;
  ifreq request{};
  std::strncpy(request.ifr_name, device, IFNAMSIZ - 1);
  request.ifr_data = reinterpret_cast<char*>(&info);
  return ::ioctl(socket.get(), SIOCETHTOOL, &request) == 0 ? info.driver : "";
}

bool is_foreign(const FileDescriptor& socket, const char* device) {
  ifreq request{};
  std::strncpy(request.ifr_name, device, IFNAMSIZ - 1);
  if (::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0) return true;
  const bool up = (request.ifr_flags & IFF_UP) != 0;
  const bool loopback = (request.ifr_flags & IFF_LOOPBACK) != 0;
  const std::string driver = driver_of(socket, device);
  const bool line = driver == "tun" && std::string_view{device}.starts_with("line");
  return up && !loopback && driver != "veth" && !line;
}

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

SocketAddress port_nine(const std::string& address) {
  SocketAddress result;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&result.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&result.storage);
  constexpr std::uint16_t port = 9;
  if (inet_pton(AF_INET, address.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    result.size = sizeof *v4;
  } else if (inet_pton(AF_INET6, address.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    result.size = sizeof *v6;
  }
  return result;
}

/// The error of a connection attempt, 0 when it succeeds, ETIMEDOUT when nothing is heard within the limit.
int connect_error(const FileDescriptor& socket, const SocketAddress& to, Duration limit) {
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to.storage), to.size) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd waiting{socket.get(), POLLOUT, 0};
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(limit).count();
  if (::poll(&waiting, 1, static_cast<int>(milliseconds)) <= 0) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

}  // namespace

std::vector<std::string> addresses_of_this_network() {
  const AddressList list;
  std::vector<std::string> texts;
  for (const ifaddrs* one = list.first; one != nullptr; one = one->ifa_next) {
    if ((one->ifa_flags & IFF_LOOPBACK) != 0) continue;
    std::string text = text_of(one->ifa_addr);
    if (!text.empty()) texts.push_back(std::move(text));
  }
  return texts;
}

std::vector<std::string> foreign_devices() {
  const FileDescriptor socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  struct Free {
    void operator()(struct if_nameindex* names) const { if_freenameindex(names); }
  };
  const std::unique_ptr<struct if_nameindex, Free> names{if_nameindex()};
  std::vector<std::string> found;
  for (const struct if_nameindex* one = names.get(); one != nullptr && one->if_name != nullptr; ++one) {
    if (is_foreign(socket, one->if_name)) found.emplace_back(one->if_name);
  }
  return found;
}

std::string try_to_reach(const std::string& address) {
  const SocketAddress to = port_nine(address);
  if (to.size == 0) return "is no IP address";
  const FileDescriptor socket{::socket(to.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!socket.open()) return errno == EAFNOSUPPORT ? "" : std::strerror(errno);
  const int error = connect_error(socket, to, std::chrono::seconds{1});
  if (error == ENETUNREACH || error == EHOSTUNREACH || error == EADDRNOTAVAIL) return {};
  return error == 0 ? "connected" : std::strerror(error);
}

bool answers(const std::string& address, Duration limit) {
  const FileDescriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  const int error = connect_error(socket, port_nine(address), limit);
  return error == 0 || error == ECONNREFUSED;
}

}  // namespace spillway::real
