#include "real/import/byte_source.hpp"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

namespace spillway::real {
namespace {

constexpr std::size_t kPiece = 1 << 16;
constexpr int kWindowBits = 15;
constexpr int kGzipOnly = 16;      // added to the window bits, see zlib.h
constexpr int kLargestWindow = 27; // logarithm of bytes

class TextSource final : public ByteSource {
 public:
  explicit TextSource(std::string text) : text_{std::move(text)} {}
  std::size_t read(char* to, std::size_t most) override {
    const std::size_t count = std::min(most, text_.size() - at_);
    std::memcpy(to, text_.data() + at_, count);
    at_ += count;
    return count;
  }

 private:
  std::string text_;
  std::size_t at_ = 0;
};

class FileSource final : public ByteSource {
 public:
  explicit FileSource(const std::filesystem::path& file) : file_{std::fopen(file.c_str(), "rb"), &std::fclose} {
    if (!file_) throw std::runtime_error("cannot read " + file.string() + ": " + std::strerror(errno));
  }
  std::size_t read(char* to, std::size_t most) override {
    const std::size_t count = std::fread(to, 1, most, file_.get());
    failed_ = failed_ || std::ferror(file_.get()) != 0;
    return count;
  }
  std::string damage() const override { return failed_ ? "the file cannot be read to its end" : ""; }

 private:
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  bool failed_ = false;
};

/// The first bytes again, then the rest.
class Again final : public ByteSource {
 public:
  Again(std::string first, std::unique_ptr<ByteSource> rest) : first_{std::move(first)}, rest_{std::move(rest)} {}
  std::size_t read(char* to, std::size_t most) override {
    const std::size_t count = first_.read(to, most);
    return count > 0 ? count : rest_->read(to, most);
  }
  std::string damage() const override { return rest_->damage(); }

 private:
  TextSource first_;
  std::unique_ptr<ByteSource> rest_;
};

class GzipSource final : public ByteSource {
 public:
  explicit GzipSource(std::unique_ptr<ByteSource> from) : from_{std::move(from)} {
    if (inflateInit2(&stream_, kWindowBits + kGzipOnly) != Z_OK) throw std::runtime_error("zlib cannot start");
  }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;
  ~GzipSource() override { inflateEnd(&stream_); }

  std::size_t read(char* to, std::size_t most) override {
    stream_.next_out = reinterpret_cast<Bytef*>(to);
    stream_.avail_out = static_cast<uInt>(most);
    while (stream_.avail_out == most && damage_.empty()) {
      if (stream_.avail_in == 0 && !refill()) break;
      const int status = inflate(&stream_, Z_NO_FLUSH);
      between_ = status == Z_STREAM_END;
      if (between_) inflateReset(&stream_);  // a further member
      else if (status != Z_OK && status != Z_BUF_ERROR) damage_ = "its gzip stream is damaged";
    }
    return most - stream_.avail_out;
  }
  std::string damage() const override { return damage_.empty() ? from_->damage() : damage_; }

 private:
  bool refill() {
    const std::size_t count = from_->read(buffer_.data(), buffer_.size());
    stream_.next_in = reinterpret_cast<Bytef*>(buffer_.data());
    stream_.avail_in = static_cast<uInt>(count);
    if (count == 0 && !between_) damage_ = "its gzip stream ends in the middle";
    return count > 0;
  }
  std::unique_ptr<ByteSource> from_;
  std::vector<char> buffer_ = std::vector<char>(kPiece);
  z_stream stream_{};
  bool between_ = true;
  std::string damage_;
};

class ZstdSource final : public ByteSource {
 public:
  explicit ZstdSource(std::unique_ptr<ByteSource> from) : from_{std::move(from)} {
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kLargestWindow);
  }
  std::size_t read(char* to, std::size_t most) override {
    ZSTD_outBuffer out{to, most, 0};
    while (out.pos == 0 && damage_.empty()) {
      if (in_.pos == in_.size && !flushing_ && !refill()) break;
      const std::size_t left = ZSTD_decompressStream(context_.get(), &out, &in_);
      if (ZSTD_isError(left) != 0) damage_ = std::string{"its zstd stream is damaged: "} + ZSTD_getErrorName(left);
      between_ = left == 0;
      flushing_ = out.pos == out.size && left > 0;
    }
    return out.pos;
  }
  std::string damage() const override { return damage_.empty() ? from_->damage() : damage_; }

 private:
  bool refill() {
    in_ = {buffer_.data(), from_->read(buffer_.data(), buffer_.size()), 0};
    if (in_.size == 0 && !between_) damage_ = "its zstd stream ends in the middle";
    return in_.size > 0;
  }
  std::unique_ptr<ByteSource> from_;
  std::vector<char> buffer_ = std::vector<char>(kPiece);
  std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context_{ZSTD_createDCtx(), &ZSTD_freeDCtx};
  ZSTD_inBuffer in_{nullptr, 0, 0};
  bool between_ = true, flushing_ = false;
  std::string damage_;
};

}  // namespace

std::unique_ptr<ByteSource> bytes_of(std::string text) { return std::make_unique<TextSource>(std::move(text)); }
std::unique_ptr<ByteSource> bytes_of(const std::filesystem::path& file) { return std::make_unique<FileSource>(file); }

std::string first_bytes(std::unique_ptr<ByteSource>& source, std::size_t count) {
  std::string first(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    const std::size_t more = source->read(first.data() + have, count - have);
    if (more == 0) break;
    have += more;
  }
  first.resize(have);
  source = std::make_unique<Again>(first, std::move(source));
  return first;
}

std::unique_ptr<ByteSource> decompressed(std::unique_ptr<ByteSource> source) {
  const std::string first = first_bytes(source, 4);
  if (first.starts_with("\x1f\x8b")) return std::make_unique<GzipSource>(std::move(source));
  if (first == "\x28\xb5\x2f\xfd") return std::make_unique<ZstdSource>(std::move(source));
  return source;
}

}  // namespace spillway::real
