// Bytes of a file or an answer, decompressed as they are read. The only door to libzstd.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace spillway::real {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Up to `most` bytes; 0 at the end.
  virtual std::size_t read(char* to, std::size_t most) = 0;
  /// Why the end came before its time; empty when it did not.
  virtual std::string damage() const { return {}; }
};

/// The bytes as they are.
std::unique_ptr<ByteSource> bytes_of(std::string text);
/// Throws std::runtime_error with the reason when the file cannot be opened.
std::unique_ptr<ByteSource> bytes_of(const std::filesystem::path& file);
/// Looks at the first bytes: gzip and zstd are taken apart, with a window of at most 128 MiB, anything else passes.
std::unique_ptr<ByteSource> decompressed(std::unique_ptr<ByteSource> source);

/// The first up to `count` bytes, which the returned source then gives again.
std::string first_bytes(std::unique_ptr<ByteSource>& source, std::size_t count);

/// One byte at a time over a source, with a look ahead.
class ByteReader {
 public:
  explicit ByteReader(ByteSource& source) : source_{source} {}
  static constexpr int kEnd = -1;
  int peek() {
    if (next_ == filled_) refill();
    return next_ == filled_ ? kEnd : static_cast<unsigned char>(buffer_[next_]);
  }
  int get() {
    const int byte = peek();
    if (byte == kEnd) return byte;
    ++next_;
    ++position_;
    line_ += byte == '\n';
    return byte;
  }
  std::int64_t position() const { return position_; }
  std::int64_t line() const { return line_; }  ///< from 1

 private:
  void refill() {
    next_ = 0;
    filled_ = ended_ ? 0 : source_.read(buffer_, sizeof buffer_);
    ended_ = filled_ == 0;
  }
  ByteSource& source_;
  char buffer_[1 << 16];
  std::size_t next_ = 0, filled_ = 0;
  std::int64_t position_ = 0, line_ = 1;
  bool ended_ = false;
};

}  // namespace spillway::real
