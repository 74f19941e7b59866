#include "real/sink/inflate.hpp"

#include <zlib.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

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

}  // namespace

Inflated inflate_body(std::string_view compressed, std::size_t limit, std::string& out) {
  Inflater inflater;
  if (!inflater.good || compressed.empty()) return Inflated::corrupt;
  z_stream& stream = inflater.stream;
  stream.next_in = bytes(compressed);
  stream.avail_in = static_cast<uInt>(compressed.size());
  const std::size_t most = limit + 1;  // one byte more than allowed tells "full" from "too large"
  out.resize(std::min(most, compressed.size() * 4 + 64));
  std::size_t used = 0;
  for (;;) {
    if (used > limit) return Inflated::too_large;
    if (used == out.size()) out.resize(std::min(most, out.size() * 2));
    const int status = step(stream, out, used);
    if (status == Z_STREAM_END && stream.avail_in == 0) break;
    if (status == Z_STREAM_END) {
      if (inflateReset(&stream) != Z_OK) return Inflated::corrupt;  // a further gzip member
    } else if (status != Z_OK || (stream.avail_in == 0 && stream.avail_out > 0)) {
      return Inflated::corrupt;
    }
  }
  if (used > limit) return Inflated::too_large;
  out.resize(used);
  return Inflated::ok;
}

std::string gzip(std::string_view plain) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kWindowBits + kWriteGzip, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("zlib cannot start a gzip stream");
  std::string out(deflateBound(&stream, plain.size()), '\0');
  stream.next_in = bytes(plain);
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int status = deflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  if (status != Z_STREAM_END) throw std::runtime_error("zlib did not finish a gzip stream");
  return out;
}

}  // namespace spillway::real
