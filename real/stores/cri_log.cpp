#include "real/stores/cri_log.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <stdexcept>
#include <string_view>

namespace spillway::real {
namespace {

constexpr std::size_t kLongestLine = 16 * 1024;
constexpr int kPollMilliseconds = 50;

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

std::string moment_now() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  std::tm parts{};
  ::gmtime_r(&now.tv_sec, &parts);
  std::array<char, 64> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text.data() + size, text.size() - size, ".%09ldZ", now.tv_nsec);
  return text.data();
}

}  // namespace

CriLog::CriLog(std::filesystem::path pipe, const std::filesystem::path& file) : pipe_{std::move(pipe)} {
  std::filesystem::create_directories(file.parent_path());
  if (::mkfifo(pipe_.c_str(), 0600) != 0) fail("cannot make the pipe " + pipe_.string());
  // Also open for writing: it does not end when the program ends, and opening does not wait for one.
  in_ = FileDescriptor{::open(pipe_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC)};
  if (!in_.open()) fail("cannot open the pipe " + pipe_.string());
  out_ = FileDescriptor{::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)};
  if (!out_.open()) fail("cannot write " + file.string());
  thread_ = std::thread{[this] { run(); }};
}

CriLog::~CriLog() { stop(); }

void CriLog::stop() {
  stopped_ = true;
  if (thread_.joinable()) thread_.join();
}

void CriLog::run() {
  std::string pending;
  while (true) {
    const bool last = stopped_;  // before looking: what was written until then is still read
    pollfd wait{in_.get(), POLLIN, 0};
    ::poll(&wait, 1, last ? 0 : kPollMilliseconds);
    take(pending);
    if (last) return;
  }
}

void CriLog::take(std::string& pending) {
  std::array<char, 65536> buffer{};
  for (ssize_t size = 0; (size = ::read(in_.get(), buffer.data(), buffer.size())) > 0;) {
    pending.append(buffer.data(), static_cast<std::size_t>(size));
    std::size_t begin = 0;
    for (auto end = pending.find('\n'); end != std::string::npos; end = pending.find('\n', begin)) {
      std::string_view line = std::string_view{pending}.substr(begin, end - begin);
      for (; line.size() > kLongestLine; line.remove_prefix(kLongestLine)) write(line.substr(0, kLongestLine), 'P');
      write(line, 'F');
      ++lines_;
      begin = end + 1;
    }
    pending.erase(0, begin);
  }
}

void CriLog::write(std::string_view line, char flag) {
  const std::string text = moment_now() + " stdout " + flag + ' ' + std::string{line} + '\n';
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t written = ::write(out_.get(), text.data() + at, text.size() - at);
    if (written <= 0) return;  // the disk is full: the count of stored lines will say so
    at += static_cast<std::size_t>(written);
  }
}

}  // namespace spillway::real
