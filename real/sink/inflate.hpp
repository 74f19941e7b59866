// Compressed request bodies. The only door to zlib.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace spillway::real {

enum class Inflated { ok, corrupt, too_large };

/// Inflates a gzip body (one or more members) or a zlib body into `out`, whose content is replaced and whose
/// memory is reused. A truncated stream and bytes after the end are `corrupt`; more than `limit` bytes of output
/// are `too_large`, and never more than `limit` are allocated for them.
Inflated inflate_body(std::string_view compressed, std::size_t limit, std::string& out);

/// The gzip form of `plain` (zlib's default level, which Go's compressors use as well).
std::string gzip(std::string_view plain);

}  // namespace spillway::real
