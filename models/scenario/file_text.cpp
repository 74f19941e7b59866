#include "models/scenario/file_text.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "models/scenario/utf8.hpp"

namespace spillway::language {
namespace {

/// An open file descriptor; closes itself.
class Descriptor {
 public:
  explicit Descriptor(const std::filesystem::path& file)
      : number_{::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)} {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }

 private:
  int number_;
};

FileText failed(LoadFailure failure, std::string message) { return {std::nullopt, failure, std::move(message)}; }

FileText cannot_open(int error) {
  if (error == ENOENT || error == ENOTDIR)
    return failed(LoadFailure::environment, "there is no such file; check the name and the current folder");
  if (error == EACCES) return failed(LoadFailure::environment, "no permission to read it; check its mode and owner");
  return failed(LoadFailure::environment, std::string{"cannot be opened: "} + std::strerror(error));
}

FileText not_regular(mode_t mode) {
  if (S_ISDIR(mode)) return failed(LoadFailure::environment, "is a directory; name a file inside it");
  return failed(LoadFailure::environment,
                "is not a regular file (a FIFO, socket or device); copy its content to a file");
}

FileText too_large(std::size_t most) {
  return failed(LoadFailure::input, "is larger than " + std::to_string(most) + " bytes; is it the right file?");
}

FileText read_all(const Descriptor& descriptor, std::size_t expected, std::size_t most) {
  std::string text;
  text.reserve(expected);
  std::string buffer(64 * 1024, '\0');
  while (true) {
    const ssize_t got = ::read(descriptor.number(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(LoadFailure::environment, std::string{"cannot be read: "} + std::strerror(errno));
    if (got == 0) return {std::move(text), LoadFailure::none, {}};
    if (text.size() + static_cast<std::size_t>(got) > most) return too_large(most);
    text.append(buffer, 0, static_cast<std::size_t>(got));
  }
}

bool is_allowed_ascii(std::string_view text, std::size_t at) {
  const char c = text[at];
  if (c == '\r') return at + 1 < text.size() && text[at + 1] == '\n';
  return c == '\t' || c == '\n' || (c >= 0x20 && c != 0x7F);
}

}  // namespace

FileText read_file_text(const std::filesystem::path& file, std::size_t most) {
  if (file.native().find('\0') != std::string::npos)
    return failed(LoadFailure::environment, "there is no such file: the name contains a NUL byte");
  const Descriptor descriptor{file};
  if (!descriptor.is_open()) return cannot_open(errno);
  struct stat status {};
  if (::fstat(descriptor.number(), &status) != 0) return cannot_open(errno);
  if (!S_ISREG(status.st_mode)) return not_regular(status.st_mode);
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > most) return too_large(most);
  return read_all(descriptor, size, most);
}

std::size_t first_bad_byte(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    if (length == 0 || (length == 1 && !is_allowed_ascii(text, at))) return at;
    at += length;
  }
  return std::string_view::npos;
}

std::string describe_bad_byte(std::string_view text, std::size_t at) {
  const char c = text[at];
  if (c == '\0') return "a NUL byte; this is not a text file, or it was damaged on the way";
  if (c == '\r') return "a carriage return without a line feed; end lines with LF or CR LF";
  char hex[8];
  std::snprintf(hex, sizeof hex, "0x%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
  if (static_cast<unsigned char>(c) < 0x80)
    return std::string{"control character "} + hex + "; write it as an escape in double quotes";
  return std::string{"byte "} + hex + " is not valid UTF-8; save the file as UTF-8";
}

}  // namespace spillway::language
