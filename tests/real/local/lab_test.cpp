#include "real/local/lab.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

#include "real/local/confined.hpp"
#include "real/local/interfaces.hpp"
#include "real/local/packet_line.hpp"

namespace spillway::real {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

std::string content(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream{file}.rdbuf();
  return text.str();
}

/// Serves one fixed answer to every connection, on a thread, from a socket made in some network.
class TinyServer {
 public:
  TinyServer(FileDescriptor socket, const std::string& address, std::uint16_t port, std::string answer)
      : socket_{std::move(socket)}, answer_{std::move(answer)} {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    inet_pton(AF_INET, address.c_str(), &at.sin_addr);
    bound_ = ::bind(socket_.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) == 0 && ::listen(socket_.get(), 8) == 0;
    thread_ = std::thread{[this] { serve(); }};
  }
  ~TinyServer() {
    done_ = true;
    thread_.join();
  }
  TinyServer(const TinyServer&) = delete;
  TinyServer& operator=(const TinyServer&) = delete;
  bool bound() const { return bound_; }

 private:
  void serve() {
    while (!done_) {
      pollfd waiting{socket_.get(), POLLIN, 0};
      if (::poll(&waiting, 1, 20) <= 0) continue;
      const FileDescriptor client{::accept(socket_.get(), nullptr, nullptr)};
      char request[4096];
      if (::recv(client.get(), request, sizeof request, 0) <= 0) continue;
      [[maybe_unused]] const auto sent = ::send(client.get(), answer_.data(), answer_.size(), MSG_NOSIGNAL);
    }
  }
  FileDescriptor socket_;
  std::string answer_;
  std::atomic<bool> done_{false};
  bool bound_ = false;
  std::thread thread_;
};

constexpr char kHello[] = "HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n";

class LabTest : public ::testing::Test {
 protected:
  void SetUp() override {
    static const std::vector<std::string> missing = missing_for_lab();
    if (!missing.empty()) GTEST_SKIP() << "no lab on this machine: " << missing.front();
  }
  /// Expectations inside a lab are in another process: its result says whether they held.
  static void in_lab(const LabSpec& spec, const std::function<void(Lab&)>& body) {
    EXPECT_EQ(run_in_lab(spec, [&](Lab& lab) { return body(lab), ::testing::Test::HasFailure() ? 1 : 0; }), 0);
  }
};

LabSpec two_rooms() {
  LabSpec spec;
  spec.rooms = {{"aws", {{hub_address(0), {"backend", "backend.example"}}, {room_address(1), {"gcp-collector"}}}},
                {.name = "gcp"}};
  spec.hub_addresses = 2;
  spec.grace = 2s;
  return spec;
}

TEST(LabAddresses, AreDistinctAndInTheirNetworks) {
  EXPECT_EQ(hub_address(0), "10.98.200.1");
  EXPECT_EQ(hub_address(kHubAddresses - 1), "10.98.200.250");
  EXPECT_EQ(gateway_address(0), "10.98.0.1");
  EXPECT_EQ(room_address(0), "10.98.0.2");
  EXPECT_EQ(room_address(64), "10.98.1.2");
  EXPECT_EQ(room_address(kRooms - 1), "10.98.3.230");
}

TEST_F(LabTest, HasNoWayOut) {
  in_lab(two_rooms(), [](Lab& lab) {
    EXPECT_EQ(ways_out(lab), std::vector<std::string>{});
    EXPECT_FALSE(lab.outside_addresses().empty());
  });
}

TEST(Interfaces, SeesADeviceAndAnAddressThatCanBeReached) {
  EXPECT_NE(try_to_reach("127.0.0.1"), "");
  EXPECT_NE(try_to_reach("nonsense"), "");
}

TEST_F(LabTest, UnknownAddressesInsideTheLabFailAtOnce) {
  in_lab(two_rooms(), [](Lab& lab) {
    const auto before = std::chrono::steady_clock::now();
    lab.inside("aws", [] { EXPECT_EQ(try_to_reach("10.98.77.77"), ""); });
    EXPECT_LT(std::chrono::steady_clock::now() - before, 900ms);
  });
}

TEST_F(LabTest, RoomsReachTheHubAndEachOtherAndOnlyByThoseAddresses) {
  in_lab(two_rooms(), [](Lab& lab) {
    TinyServer hub{lab.open_socket(""), hub_address(1), 4318, kHello};
    TinyServer gcp{lab.open_socket("gcp"), room_address(1), 4317, kHello};
    TinyServer local{lab.open_socket("gcp"), "127.0.0.1", 8888, kHello};
    ASSERT_TRUE(hub.bound() && gcp.bound() && local.bound());
    for (const std::string room : {"", "aws", "gcp"}) {
      EXPECT_EQ(lab.http_get(room, hub_address(1), 4318, "/", 5s), "hello\n") << room;
      EXPECT_EQ(lab.http_get(room, room_address(1), 4317, "/", 5s), "hello\n") << room;
    }
    EXPECT_EQ(lab.http_get("gcp", "127.0.0.1", 8888, "/metrics", 5s), "hello\n");
    EXPECT_EQ(lab.http_get("aws", "127.0.0.1", 8888, "/metrics", 5s), std::nullopt);
    EXPECT_EQ(lab.http_get("aws", hub_address(0), 4318, "/", 5s), std::nullopt);
  });
}

TEST_F(LabTest, HttpGetWantsACompleteSuccess) {
  in_lab(two_rooms(), [](Lab& lab) {
    TinyServer cut{lab.open_socket(""), "127.0.0.1", 81, "HTTP/1.0 200 OK\r\ncontent-length: 60\r\n\r\nhel"};
    TinyServer bad{lab.open_socket(""), "127.0.0.1", 82, "HTTP/1.0 503 Busy\r\nContent-Length: 0\r\n\r\n"};
    TinyServer odd{lab.open_socket(""), "127.0.0.1", 83, "rubbish"};
    for (const std::uint16_t port : std::array<std::uint16_t, 3>{81, 82, 83})
      EXPECT_EQ(lab.http_get("", "127.0.0.1", port, "/", 5s), std::nullopt);
    const FileDescriptor silent = lab.open_socket("");
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(84);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::bind(silent.get(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    ASSERT_EQ(::listen(silent.get(), 1), 0);
    EXPECT_EQ(lab.http_get("", "127.0.0.1", 84, "/", 100ms), std::nullopt);
  });
}

TEST_F(LabTest, EachRoomHasItsOwnHostsFileAndNoResolver) {
  const std::string before = content("/etc/hosts");
  in_lab(two_rooms(), [&](Lab& lab) {
    const fs::path out = lab.folder() / "out";
    Process& reader =
        lab.start("aws", {.argv = {"cat", "/etc/hosts", "/etc/resolv.conf"}, .stdout_file = out, .stderr_file = out});
    ASSERT_TRUE(reader.wait(10s));
    const std::string text = content(out);
    EXPECT_NE(text.find("127.0.0.1 localhost\n"), std::string::npos) << text;
    EXPECT_NE(text.find("10.98.200.1 backend backend.example\n10.98.0.6 gcp-collector\n"), std::string::npos) << text;
    EXPECT_TRUE(text.ends_with("gcp-collector\n")) << text;
    EXPECT_EQ(content("/etc/hosts"), before);
    lab.inside("gcp", [] { EXPECT_EQ(content("/etc/hosts").find("backend"), std::string::npos); });
  });
}

TEST_F(LabTest, ARoomReadsItsNewHosts) {
  const std::string before = content("/etc/hosts");
  in_lab(two_rooms(), [&](Lab& lab) {
    lab.set_hosts("aws", {{"10.98.200.2", {"tier"}}});  // shorter than what it had
    lab.inside("aws", [] {
      const std::string text = content("/etc/hosts");
      EXPECT_TRUE(text.starts_with("127.0.0.1 localhost\n")) << text;
      EXPECT_TRUE(text.ends_with("\n10.98.200.2 tier\n")) << text;
      EXPECT_EQ(text.find("backend"), std::string::npos) << text;
    });
    lab.inside("gcp", [] { EXPECT_EQ(content("/etc/hosts").find("tier"), std::string::npos); });
    EXPECT_EQ(content("/etc/hosts"), before);
  });
}

/// How long it takes to get `/` from there, and that it comes whole.
double seconds_to_get(const Lab& lab, const std::string& room, const std::string& address, std::size_t size) {
  const auto before = std::chrono::steady_clock::now();
  const auto body = lab.http_get(room, address, 4318, "/", 10s);
  EXPECT_EQ(body.value_or("").size(), size) << room << " to " << address;
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
}

TEST_F(LabTest, ALineHoldsUpItsOwnPacketsAndNoOthers) {
  if (const std::string why = why_no_lines(); !why.empty()) GTEST_SKIP() << why;
  in_lab(two_rooms(), [](Lab& lab) {
    TinyServer far{lab.open_socket(""), hub_address(0), 4318, kHello}, near{lab.open_socket(""), hub_address(1), 4318, kHello};
    TinyServer gcp{lab.open_socket("gcp"), room_address(1), 4318, kHello};
    ASSERT_TRUE(far.bound() && near.bound() && gcp.bound());
    PacketLines lines;
    lines.add(lab.open_line({{room_address(0), hub_address(0)}, {room_address(0), room_address(1)}}),
              {{room_address(0)}, {}, [] { return Duration{40ms}; }, [] { return Duration{60ms}; }, 0});
    lines.start();
    // A connection and a request: twice there and back.
    for (const std::string& address : {hub_address(0), room_address(1)}) {
      const double taken = seconds_to_get(lab, "aws", address, 6);
      EXPECT_GE(taken, 0.2) << address;
      EXPECT_LT(taken, 0.35) << address;
    }
    EXPECT_LT(seconds_to_get(lab, "aws", hub_address(1), 6), 0.1);
    EXPECT_LT(seconds_to_get(lab, "gcp", hub_address(0), 6), 0.1);
    EXPECT_EQ(ways_out(lab), std::vector<std::string>{});
  });
}

TEST_F(LabTest, ALineCarriesNoMoreThanItsBandwidth) {
  if (const std::string why = why_no_lines(); !why.empty()) GTEST_SKIP() << why;
  const std::string body(50'000, 'b');
  const std::string answer = "HTTP/1.0 200 OK\r\nContent-Length: 50000\r\n\r\n" + body;
  in_lab(two_rooms(), [&](Lab& lab) {
    TinyServer far{lab.open_socket(""), hub_address(0), 4318, answer};
    ASSERT_TRUE(far.bound());
    PacketLines lines;
    const auto at_once = [] { return Duration{0}; };
    lines.add(lab.open_line({{room_address(0), hub_address(0)}}), {{room_address(0)}, {}, at_once, at_once, 100'000});
    lines.start();
    const double taken = seconds_to_get(lab, "aws", hub_address(0), body.size());
    EXPECT_GE(taken, 0.5);  // the body alone; headers of packets take some per cent more
    EXPECT_LT(taken, 0.65);
  });
}

TEST_F(LabTest, PrivateFoldersAreEmptyAndStayInTheRoom) {
  LabSpec spec = two_rooms();
  spec.rooms[0].private_folders = {"/var/tmp"};
  in_lab(spec, [](Lab& lab) {
    lab.inside("aws", [] {
      EXPECT_TRUE(fs::is_empty("/var/tmp"));
      std::ofstream{"/var/tmp/spillway-private"} << "x";
      EXPECT_TRUE(fs::exists("/var/tmp/spillway-private"));
    });
    lab.inside("gcp", [] { EXPECT_FALSE(fs::exists("/var/tmp/spillway-private")); });
  });
  EXPECT_FALSE(fs::exists("/var/tmp/spillway-private"));
}

TEST_F(LabTest, PrivateFoldersNeedNotExistOutside) {
  LabSpec spec = two_rooms();
  spec.rooms[0].private_folders = {"/spillway-test/queue", "/var/lib/spillway-test/queue", "/var/tmp", "/var/tmp/inner"};
  in_lab(spec, [&spec](Lab& lab) {
    lab.inside("aws", [&spec] {
      for (const fs::path& folder : spec.rooms[0].private_folders) std::ofstream{folder / "kept"} << "x";
      EXPECT_TRUE(fs::exists("/etc/passwd")) << "what lies beside stays";
      EXPECT_TRUE(fs::exists("/var/lib/dpkg") || !fs::exists("/usr/bin/dpkg"));
    });
    const fs::path out = lab.folder() / "out.txt";
    Process& reader = lab.start("aws", {.argv = {"cat", "/spillway-test/queue/kept", "/var/lib/spillway-test/queue/kept",
                                                 "/var/tmp/inner/kept"},
                                        .stdout_file = out});
    ASSERT_TRUE(reader.wait(10s));
    EXPECT_EQ(content(out), "xxx") << "and a later program finds what an earlier one wrote";
    EXPECT_NE(content("/etc/hosts"), "");
    lab.inside("gcp", [] { EXPECT_FALSE(fs::exists("/spillway-test")); });
  });
  EXPECT_FALSE(fs::exists("/spillway-test"));
  EXPECT_FALSE(fs::exists("/var/lib/spillway-test"));
}

TEST_F(LabTest, ProcessesAreMeasuredAndEndedWithTheLab) {
  in_lab(two_rooms(), [](Lab& lab) {
    Process& polite = lab.start("aws", {.argv = {"sleep", "60"}});
    Process& stubborn = lab.start("gcp", {.argv = {"sh", "-c", "trap '' TERM; sleep 60; sleep 60"}});
    std::this_thread::sleep_for(200ms);
    EXPECT_GT(polite.usage().rss, 0);
    lab.end_all();
    EXPECT_EQ(polite.end()->text(), "signal 15");
    EXPECT_EQ(stubborn.end()->text(), "signal 9");
  });
}

TEST_F(LabTest, FailuresInsideAreReportedOutside) {
  EXPECT_EQ(run_in_lab(two_rooms(), [](Lab&) { return 42; }), 42);
  try {
    run_in_lab(two_rooms(), [](Lab&) -> int { throw std::runtime_error("the reason"); });
    FAIL() << "no exception";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "the reason");
  }
  LabSpec impossible = two_rooms();
  impossible.rooms[0].private_folders = {"/etc/hosts/folder"};
  EXPECT_THROW(run_in_lab(impossible, [](Lab&) { return 0; }), std::runtime_error);
}

TEST_F(LabTest, ACrashInsideIsNoSuccess) {
  int code = 0;
  try {
    code = run_in_lab(two_rooms(), [](Lab&) -> int { std::abort(); });
  } catch (const std::runtime_error& error) {  // a sanitizer would leave with a code of its own instead
    EXPECT_NE(std::string{error.what()}.find("was ended by signal"), std::string::npos) << error.what();
    code = 1;
  }
  EXPECT_NE(code, 0);
}

/// Runs a lab in a child process of the test, so that the child can be sent signals as a user would.
struct LabRun {
  pid_t pid;
  FileDescriptor from_lab;  ///< says the scratch folder once the lab stands; closed when all of it is gone

  explicit LabRun(const std::function<int(Lab&)>& after_start) {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    from_lab = FileDescriptor{ends[0]};
    pid = fork();
    if (pid == 0) {
      const int code = run_in_lab(two_rooms(), [&](Lab& lab) {
        lab.start("aws", {.argv = {"sleep", "600"}});
        const std::string folder = lab.folder().string() + "\n";
        EXPECT_GT(::write(ends[1], folder.data(), folder.size()), 0);
        return after_start(lab);
      });
      _exit(code);
    }
    ::close(ends[1]);
  }
  std::string folder() {
    char buffer[256];
    const ssize_t got = ::read(from_lab.get(), buffer, sizeof buffer);
    return got > 0 ? std::string(buffer, static_cast<std::size_t>(got - 1)) : "";
  }
  bool gone_within(std::chrono::milliseconds limit) {
    pollfd waiting{from_lab.get(), POLLIN, 0};
    return ::poll(&waiting, 1, static_cast<int>(limit.count())) > 0;
  }
  int code() {
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
};

int until_stopped(Lab& lab) {
  while (!lab.stop_requested()) std::this_thread::sleep_for(5ms);
  return 0;
}

int forever(Lab&) {
  for (;;) std::this_thread::sleep_for(1h);
}

TEST_F(LabTest, AnInterruptEndsTheLabInGoodOrder) {
  LabRun run{until_stopped};
  const std::string folder = run.folder();
  EXPECT_TRUE(fs::exists(folder)) << folder;
  kill(run.pid, SIGINT);
  EXPECT_EQ(run.code(), 128 + SIGINT);
  EXPECT_TRUE(run.gone_within(5s));
  EXPECT_FALSE(fs::exists(folder));
}

TEST_F(LabTest, ASecondInterruptKills) {
  LabRun run{forever};
  const std::string folder = run.folder();
  kill(run.pid, SIGTERM);
  std::this_thread::sleep_for(100ms);
  kill(run.pid, SIGINT);
  EXPECT_EQ(run.code(), 128 + SIGINT);
  EXPECT_TRUE(run.gone_within(5s));
  EXPECT_FALSE(fs::exists(folder));
}

TEST_F(LabTest, NothingSurvivesACallerThatIsKilled) {
  LabRun run{forever};
  const std::string folder = run.folder();
  kill(run.pid, SIGKILL);
  EXPECT_EQ(run.code(), -SIGKILL);
  EXPECT_TRUE(run.gone_within(5s));
  fs::remove_all(folder);  // nobody was left to do it
}

TEST_F(LabTest, PatienceEnds) {
  const auto stop_never = [](int) -> int {
    kill(getppid(), 0);
    for (;;) std::this_thread::sleep_for(1h);
  };
  const pid_t pid = fork();
  if (pid == 0) _exit(run_confined(stop_never, 200ms));
  std::this_thread::sleep_for(300ms);
  kill(pid, SIGHUP);
  int status = 0;
  waitpid(pid, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 128 + SIGHUP);
}

TEST_F(LabTest, WorksForAnOrdinaryUser) {
  if (geteuid() != 0) GTEST_SKIP() << "the other tests show it";
  const pid_t pid = fork();
  if (pid == 0) {
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(3);
    prctl(PR_SET_DUMPABLE, 1);  // as after an exec: setuid has made our /proc files root's
    int code = 2;
    try {
      code = run_in_lab(two_rooms(), [](Lab& lab) {
        for (const std::string& way : ways_out(lab)) std::printf("%s\n", way.c_str());
        return ways_out(lab).empty() ? 0 : 1;
      });
    } catch (const std::exception& error) {
      std::printf("%s\n", error.what());
    }
    std::fflush(nullptr);
    _exit(code);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  if (WEXITSTATUS(status) == 2) GTEST_SKIP() << "no user namespaces for ordinary users here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace spillway::real
