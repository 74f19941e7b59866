// Zipkin v2 JSON, and what the collectors' zipkin receiver makes of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/wire/spans.hpp"

namespace spillway::wire {

struct ZipkinEndpoint {
  std::string service, ipv4, ipv6;
  int port = 0;
};

struct ZipkinSpan {
  TraceId trace;
  std::uint64_t id = 0;
  std::uint64_t parent = 0;  ///< 0: none
  std::string name, kind;
  std::uint64_t timestamp_us = 0, duration_us = 0;
  ZipkinEndpoint local, remote;
  std::vector<std::pair<std::uint64_t, std::string>> annotations;  ///< microseconds since 1970, value
  std::vector<std::pair<std::string, std::string>> tags;           ///< no key twice
};

/// Nothing when the receiver would refuse the body: no array of objects, a value of another type, a missing span id, an
/// id that is no hexadecimal number of its length.
std::optional<std::vector<ZipkinSpan>> decode_zipkin_json(std::string_view body);

/// What differs between versions and settings.
struct ZipkinTranslation {
  bool parse_string_tags = false;
  bool new_names = true;  ///< network.local.address, service.peer.name …; false: net.host.ip, peer.service …
};

struct TranslatedZipkin {
  WireSpans groups;
  std::vector<std::size_t> origins;  ///< of the spans of all groups in order: their index in the body
};

/// One group for each service, sorted by its name; the resource takes the conventional tags of the first span of the group,
/// those of the others are dropped. Nothing when the receiver would refuse the body (an annotation with broken attributes).
/// The real sort is not stable: up to 12 spans come as it leaves them; of more, those of one service come here in reverse.
/// Leaves out: links as tags (otlp.link.0 …) stay tags.
std::optional<TranslatedZipkin> translate_zipkin(const std::vector<ZipkinSpan>& spans, const ZipkinTranslation& how);

}  // namespace spillway::wire
