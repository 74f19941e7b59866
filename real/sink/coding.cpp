#include "real/sink/coding.hpp"

#include <lz4frame.h>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <utility>

#include "models/telemetry/digest.hpp"

namespace spillway::real {
namespace {

constexpr int kWindowBits = 15;
constexpr int kDetectGzipOrZlib = 32;  // added to the window bits, see zlib.h
constexpr int kWriteGzip = 16;

struct Inflater {
  z_stream stream{};
  bool good = inflateInit2(&stream, kWindowBits + kDetectGzipOrZlib) == Z_OK;
  Inflater() = default;
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream); }
};

Bytef* bytes(std::string_view text) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(text.data()));  // zlib does not write to its input
}

/// Runs the stream into out[used…]; returns zlib's status.
int step(z_stream& stream, std::string& out, std::size_t& used) {
  stream.next_out = reinterpret_cast<Bytef*>(out.data()) + used;
  stream.avail_out = static_cast<uInt>(out.size() - used);
  const int status = inflate(&stream, Z_NO_FLUSH);
  used = out.size() - stream.avail_out;
  return status;
}

constexpr std::array<std::pair<std::string_view, Coding>, 9> kNames{{{"", Coding::plain},
                                                                     {"identity", Coding::plain},
                                                                     {"gzip", Coding::gzip},
                                                                     {"zlib", Coding::zlib},
                                                                     {"deflate", Coding::zlib},
                                                                     {"zstd", Coding::zstd},
                                                                     {"snappy", Coding::snappy},
                                                                     {"x-snappy-framed", Coding::snappy_framed},
                                                                     {"lz4", Coding::lz4}}};

/// Room for output that grows up to one byte more than allowed, which tells "full" from "too large".
class Room {
 public:
  Room(std::string& out, std::size_t first, std::size_t limit) : out_{out}, limit_{limit} {
    out_.resize(std::min(limit + 1, first));
  }
  /// False when more than the limit was written.
  bool more() {
    if (used > limit_) return false;
    if (used == out_.size()) out_.resize(std::min(limit_ + 1, out_.size() * 2 + 64));
    return true;
  }
  char* at() { return out_.data() + used; }
  std::size_t left() const { return out_.size() - used; }
  Decoded finish(Decoded result) {
    if (used > limit_) return Decoded::too_large;
    out_.resize(used);
    return result;
  }
  std::size_t used = 0;

 private:
  std::string& out_;
  std::size_t limit_;
};

Decoded inflate_body(std::string_view body, std::size_t limit, std::string& out) {
  Inflater inflater;
  if (!inflater.good || body.empty()) return Decoded::corrupt;
  z_stream& stream = inflater.stream;
  stream.next_in = bytes(body);
  stream.avail_in = static_cast<uInt>(body.size());
  Room room{out, body.size() * 4 + 64, limit};
  for (;;) {
    if (!room.more()) return Decoded::too_large;
    const int status = step(stream, out, room.used);
    if (status == Z_STREAM_END && stream.avail_in == 0) return room.finish(Decoded::ok);
    if (status == Z_STREAM_END) {
      if (inflateReset(&stream) != Z_OK) return Decoded::corrupt;  // a further gzip member
    } else if (status != Z_OK || (stream.avail_in == 0 && stream.avail_out > 0)) {
      return Decoded::corrupt;
    }
  }
}

Decoded unzstd_body(std::string_view body, std::size_t limit, std::string& out) {
  const std::unique_ptr<ZSTD_DStream, std::size_t (*)(ZSTD_DStream*)> stream{ZSTD_createDStream(), &ZSTD_freeDStream};
  if (!stream || body.empty()) return Decoded::corrupt;
  ZSTD_inBuffer in{body.data(), body.size(), 0};
  Room room{out, body.size() * 4 + 64, limit};
  for (;;) {
    if (!room.more()) return Decoded::too_large;
    ZSTD_outBuffer to{room.at(), room.left(), 0};
    const std::size_t status = ZSTD_decompressStream(stream.get(), &to, &in);
    if (ZSTD_isError(status) != 0) return Decoded::corrupt;
    room.used += to.pos;
    if (in.pos == in.size && to.pos < to.size) return room.finish(status == 0 ? Decoded::ok : Decoded::corrupt);
  }
}

Decoded unlz4_body(std::string_view body, std::size_t limit, std::string& out) {
  LZ4F_dctx* made = nullptr;
  if (body.empty() || LZ4F_isError(LZ4F_createDecompressionContext(&made, LZ4F_VERSION)) != 0) return Decoded::corrupt;
  const std::unique_ptr<LZ4F_dctx, std::size_t (*)(LZ4F_dctx*)> context{made, &LZ4F_freeDecompressionContext};
  Room room{out, body.size() * 4 + 64, limit};
  for (;;) {
    if (!room.more()) return Decoded::too_large;
    std::size_t written = room.left(), read = body.size();
    const std::size_t status = LZ4F_decompress(context.get(), room.at(), &written, body.data(), &read, nullptr);
    if (LZ4F_isError(status) != 0) return Decoded::corrupt;
    room.used += written;
    body.remove_prefix(read);
    const bool full = room.left() == 0;
    if (body.empty() && !full) return room.finish(status == 0 ? Decoded::ok : Decoded::corrupt);
  }
}

Decoded unsnap_block(std::string_view block, std::size_t limit, std::string& out) {
  std::size_t length = 0;
  if (!snappy::GetUncompressedLength(block.data(), block.size(), &length)) return Decoded::corrupt;
  if (length > limit) return Decoded::too_large;
  out.resize(length);
  return snappy::RawUncompress(block.data(), block.size(), out.data()) ? Decoded::ok : Decoded::corrupt;
}

// The framing format of snappy: chunks of a type, a length in three bytes and, with data, a checksum of four.
constexpr std::string_view kFrameMark{"\xff\x06\x00\x00sNaPpY", 10};
constexpr unsigned char kCompressedChunk = 0, kPlainChunk = 1, kFirstSkippable = 0x80;
constexpr std::size_t kMostInChunk = 65536, kChunkHead = 4, kChecksum = 4;

Decoded unsnap_frames(std::string_view body, std::size_t limit, std::string& out) {
  out.clear();
  std::string chunk;
  if (!body.starts_with(kFrameMark)) return Decoded::corrupt;
  while (!body.empty()) {
    if (body.size() < kChunkHead) return Decoded::corrupt;
    const auto byte = [&body](std::size_t i) { return std::size_t{static_cast<unsigned char>(body[i])}; };
    const std::size_t type = byte(0), length = byte(1) | byte(2) << 8 | byte(3) << 16;
    if (body.size() - kChunkHead < length) return Decoded::corrupt;
    std::string_view data = body.substr(kChunkHead, length);
    body.remove_prefix(kChunkHead + length);
    if (type >= kFirstSkippable) continue;
    if (type > kPlainChunk || data.size() < kChecksum) return Decoded::corrupt;
    data.remove_prefix(kChecksum);
    if (type == kCompressedChunk) {
      if (unsnap_block(data, kMostInChunk, chunk) != Decoded::ok) return Decoded::corrupt;
      data = chunk;
    }
    if (out.size() + data.size() > limit) return Decoded::too_large;
    out += data;
  }
  return Decoded::ok;
}

std::string deflate_text(std::string_view plain, int window) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("zlib cannot start a stream");
  std::string out(deflateBound(&stream, plain.size()), '\0');
  stream.next_in = bytes(plain);
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int status = deflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  if (status != Z_STREAM_END) throw std::runtime_error("zlib did not finish a stream");
  return out;
}

std::string zstd_text(std::string_view plain) {
  std::string out(ZSTD_compressBound(plain.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), plain.data(), plain.size(), ZSTD_CLEVEL_DEFAULT);
  if (ZSTD_isError(size) != 0) throw std::runtime_error("zstd did not finish a frame");
  out.resize(size);
  return out;
}

std::string lz4_text(std::string_view plain) {
  std::string out(LZ4F_compressFrameBound(plain.size(), nullptr), '\0');
  const std::size_t size = LZ4F_compressFrame(out.data(), out.size(), plain.data(), plain.size(), nullptr);
  if (LZ4F_isError(size) != 0) throw std::runtime_error("lz4 did not finish a frame");
  out.resize(size);
  return out;
}

std::string snappy_text(std::string_view plain) {
  std::string out;
  snappy::Compress(plain.data(), plain.size(), &out);
  return out;
}

void add_little_endian(std::string& out, std::uint32_t value, int count) {
  for (int i = 0; i < count; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

std::string snappy_frames(std::string_view plain) {
  std::string out{kFrameMark};
  for (std::size_t at = 0; at < plain.size(); at += kMostInChunk) {
    const std::string_view part = plain.substr(at, kMostInChunk);
    const std::uint32_t crc = crc32c(part);
    const std::string data = snappy_text(part);
    out += static_cast<char>(kCompressedChunk);
    add_little_endian(out, static_cast<std::uint32_t>(data.size() + kChecksum), 3);
    add_little_endian(out, (crc >> 15 | crc << 17) + 0xa282ead8U, 4);  // masked, as the format has it
    out += data;
  }
  return out;
}

}  // namespace

std::optional<Coding> coding_of(std::string_view content_encoding) {
  const auto found =
      std::find_if(kNames.begin(), kNames.end(), [&](const auto& name) { return name.first == content_encoding; });
  return found == kNames.end() ? std::nullopt : std::optional{found->second};
}

Decoded decode_body(Coding coding, std::string_view body, std::size_t limit, std::string& out) {
  switch (coding) {
    case Coding::plain: break;
    case Coding::gzip:
    case Coding::zlib: return inflate_body(body, limit, out);
    case Coding::zstd: return unzstd_body(body, limit, out);
    case Coding::snappy: return body.starts_with(kFrameMark) ? unsnap_frames(body, limit, out) : unsnap_block(body, limit, out);
    case Coding::snappy_framed: return unsnap_frames(body, limit, out);
    case Coding::lz4: return unlz4_body(body, limit, out);
  }
  if (body.size() > limit) return Decoded::too_large;
  out = body;
  return Decoded::ok;
}

std::string encode_body(Coding coding, std::string_view plain) {
  switch (coding) {
    case Coding::plain: break;
    case Coding::gzip: return deflate_text(plain, kWindowBits + kWriteGzip);
    case Coding::zlib: return deflate_text(plain, kWindowBits);
    case Coding::zstd: return zstd_text(plain);
    case Coding::snappy: return snappy_text(plain);
    case Coding::snappy_framed: return snappy_frames(plain);
    case Coding::lz4: return lz4_text(plain);
  }
  return std::string{plain};
}

}  // namespace spillway::real
