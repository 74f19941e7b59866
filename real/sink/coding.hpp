// Compressed request bodies. The only door to zlib, zstd, snappy and lz4 for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spillway::real {

enum class Coding : std::uint8_t {
  plain,
  gzip,
  zlib,           ///< what Go calls deflate, too
  zstd,
  snappy,         ///< one block; when read also framed, as collectors before 0.126 send it under this name
  snappy_framed,
  lz4,            ///< frames
};

/// Of a Content-Encoding header, as collectors spell them; nothing: unknown.
std::optional<Coding> coding_of(std::string_view content_encoding);

enum class Decoded { ok, corrupt, too_large };

/// Decodes a body into `out`, whose content is replaced and whose memory is reused. A truncated stream and bytes after
/// the end are `corrupt`; more than `limit` bytes of output are `too_large`, and never more than `limit` are allocated for
/// them. Several gzip members, zstd or lz4 frames in a row are one body. Checksums of snappy frames are not looked at.
Decoded decode_body(Coding coding, std::string_view body, std::size_t limit, std::string& out);

/// The coded form of `plain`, at each library's default level.
std::string encode_body(Coding coding, std::string_view plain);

}  // namespace spillway::real
