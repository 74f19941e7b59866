#include "models/collector/compression.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <unordered_map>
#include <utility>

namespace spillway::collector {
namespace {

constexpr std::size_t kShortest = 4;        ///< bytes that a coder refers back to
constexpr std::size_t kMostLookedAt = 4096;  ///< of a text; the rest is taken to be like it

/// Names of attributes and the like: each is compared with the one before, as far as they begin alike.
constexpr std::string_view kNoKey;
constexpr std::string_view kNameKey = "\x01name", kStateKey = "\x01state", kMessageKey = "\x01message";

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 128; value >>= 7) out += static_cast<char>(value | 128);
  out += static_cast<char>(value);
}

/// The value as it stands in the body, without tags and lengths.
void append_wire(std::string& out, const Value& value) {
  if (const auto* text = value.get<std::string>()) out += *text;
  else if (const auto* whole = value.get<std::int64_t>()) append_varint(out, static_cast<std::uint64_t>(*whole));
  else if (const auto* real = value.get<double>()) out.append(reinterpret_cast<const char*>(real), sizeof *real);
  else if (const auto* octets = value.get<Bytes>()) out += octets->octets;
  else if (const auto* list = value.get<ValueList>()) for (const Value& item : *list) append_wire(out, item);
  else if (const auto* map = value.get<Attributes>()) for (const auto& [key, item] : *map) append_wire(out += key, item);
}

std::uint32_t four_bytes(const char* at) {
  std::uint32_t bytes = 0;
  std::memcpy(&bytes, at, sizeof bytes);
  return bytes;
}

}  // namespace

Compression compression_of(std::string_view setting, const Semantics& semantics, bool grpc) {
  if (setting == "gzip") return Compression::gzip;
  if (setting == "zlib" || setting == "deflate") return Compression::zlib;
  if (setting == "zstd") return Compression::zstd;
  if (setting == "lz4") return Compression::lz4;
  if (setting == "x-snappy-framed") return Compression::snappy_framed;
  if (setting == "snappy") return semantics.framed_snappy && !grpc ? Compression::snappy : Compression::snappy_framed;
  return Compression::none;
}

Coder coder_of(Compression compression) {
  switch (compression) {
    case Compression::none:
    case Compression::gzip:
    case Compression::zlib: return Coder::gzip;
    case Compression::zstd: return Coder::zstd;
    case Compression::snappy:
    case Compression::snappy_framed: return Coder::snappy;
    case Compression::lz4: return Coder::lz4;
  }
  return Coder::gzip;
}

// gzip has 10 bytes in front and 8 behind, zlib 2 and 4. A snappy block begins with its length; framed there is a mark of 10
// bytes, and a block with 8 bytes around it for every 64 KiB.
std::int64_t frame_bytes(Compression compression, std::int64_t body_bytes) {
  constexpr std::int64_t mark = 10, chunk = 65536, around = 8;
  if (compression == Compression::zlib) return -12;
  if (compression != Compression::snappy_framed) return 0;
  const auto length_bytes = [](std::int64_t bytes) {
    return static_cast<std::int64_t>(varint_bytes(static_cast<std::uint64_t>(bytes)));
  };
  const std::int64_t rest = body_bytes % chunk;
  const std::int64_t last = rest == 0 ? 0 : around + length_bytes(rest);
  return mark + body_bytes / chunk * (around + length_bytes(chunk)) + last - length_bytes(body_bytes);
}

bool keeps_buffers(Compression compression, std::int64_t body_bytes) {
  constexpr std::int64_t block = 128 << 10;
  return compression != Compression::none && (compression != Compression::zstd || body_bytes > block);
}

Contents& Contents::operator+=(const Contents& more) {
  requests += more.requests;
  spans += more.spans;
  bytes += more.bytes;
  traces += more.traces;
  times += more.times;
  changes += more.changes;
  fresh += more.fresh;
  return *this;
}

Contents Contents::operator-(const Contents& less) const {
  return {requests - less.requests, spans - less.spans,     bytes - less.bytes, traces - less.traces,
          times - less.times,       changes - less.changes, fresh - less.fresh};
}

std::int64_t fresh_bytes(std::string_view history, std::string_view text) {
  const std::string all = std::string{history.substr(0, kMostLookedAt)} + std::string{text.substr(0, kMostLookedAt)};
  const std::size_t begin = all.size() - std::min(text.size(), kMostLookedAt);
  std::unordered_map<std::uint32_t, std::size_t> places;  // order never leaves
  for (std::size_t i = 0; i + kShortest <= begin; ++i) places.try_emplace(four_bytes(&all[i]), i);
  std::int64_t fresh = 0;
  for (std::size_t i = begin; i < all.size(); ++fresh) {
    const bool room = i + kShortest <= all.size();
    const auto known = room ? places.find(four_bytes(&all[i])) : places.end();
    if (known == places.end()) {
      if (room) places.emplace(four_bytes(&all[i]), i);
      ++i;
      continue;
    }
    std::size_t from = known->second + kShortest;
    for (i += kShortest; i < all.size() && all[i] == all[from]; ++i) ++from;
  }
  const std::size_t looked_at = all.size() - begin;
  return looked_at == 0 ? 0 : fresh * static_cast<std::int64_t>(text.size()) / static_cast<std::int64_t>(looked_at);
}

std::uint32_t BodyReader::add(std::string_view key, std::string text) {
  const auto [known, added] = text_index_.try_emplace(std::move(text), static_cast<std::uint32_t>(texts_.size()));
  if (!added) return known->second;
  const auto [place, new_key] = key_index_.try_emplace(std::string{key}, static_cast<std::uint32_t>(keys_.size()));
  if (new_key) keys_.push_back({known->first, known->second, 0, 0});
  Key& like = keys_[place->second];
  const auto alone = static_cast<std::uint32_t>(fresh_bytes({}, known->first));
  texts_.push_back({place->second, alone, alone, 0});
  ++like.texts;
  if (new_key) return known->second;
  texts_.back().after = static_cast<std::uint32_t>(fresh_bytes(like.first, known->first));
  if (key == kNoKey) like.first = known->first;
  if (key == kNoKey) return known->second;
  if (like.texts == 2) texts_[like.first_text].after = static_cast<std::uint32_t>(fresh_bytes(known->first, like.first));
  return known->second;
}

void BodyReader::note(const Attributes& attributes, Texts& texts) {
  for (const auto& [key, value] : attributes) {
    texts.ids.push_back(add(kNoKey, key));
    std::string wire;
    append_wire(wire, value);
    texts.ids.push_back(add(key, std::move(wire)));
  }
}

BodyReader::Texts& BodyReader::of_shape(std::uint32_t index) {
  if (shapes_.size() <= index) shapes_.resize(index + 1);
  Texts& texts = shapes_[index];
  if (std::exchange(texts.known, true)) return texts;
  const SpanShape& shape = catalog_.shape(index);
  texts.ids.push_back(add(kNameKey, shape.name));
  note(shape.attributes, texts);
  texts.ids.push_back(add(kMessageKey, shape.status_message));
  texts.ids.push_back(add(kStateKey, shape.trace_state));
  for (const SpanEvent& event : shape.events) {
    texts.ids.push_back(add(kNoKey, event.name));
    note(event.attributes, texts);
  }
  for (const SpanLink& link : shape.links) note(link.attributes, texts);
  return texts;
}

BodyReader::Texts& BodyReader::of_resource(ResourceId index) {
  if (resources_.size() <= index) resources_.resize(index + 1);
  Texts& texts = resources_[index];
  if (std::exchange(texts.known, true)) return texts;
  const ResourceShape& resource = catalog_.resource(index);
  note(resource_attributes(resource), texts);
  texts.ids.push_back(add(kNoKey, resource.scope_name));
  texts.ids.push_back(add(kNoKey, resource.scope_version));
  note(resource.scope_attributes, texts);
  return texts;
}

void BodyReader::look_at(Texts& texts, const Texts* before, Contents& contents) {
  const std::size_t same_places = before == nullptr ? 0 : std::min(texts.ids.size(), before->ids.size());
  std::size_t changes = texts.ids.size() - same_places;
  for (std::size_t i = 0; i < same_places; ++i) changes += texts.ids[i] != before->ids[i] ? 1 : 0;
  contents.changes += static_cast<std::int64_t>(changes);
  if (std::exchange(texts.seen, body_) == body_) return;
  for (const std::uint32_t id : texts.ids) {
    Text& text = texts_[id];
    if (std::exchange(text.seen, body_) == body_) continue;
    contents.fresh += std::exchange(keys_[text.key].seen, body_) == body_ ? text.after : text.alone;
  }
}

Contents BodyReader::spans(const Payload& payload) {
  ++body_;
  Contents contents{1, payload.items(), payload.bytes()};
  const Span* last = nullptr;
  ResourceId resource = 0;
  for (const SpanGroup& group : payload.groups()) {
    if (last == nullptr || group.resource != resource) {
      Texts& texts = of_resource(group.resource);
      look_at(texts, last == nullptr ? nullptr : &resources_[resource], contents);
      resource = group.resource;
    }
    const Span* const spans = group.block->spans.data();
    for (std::uint32_t i = group.begin; i < group.end; ++i) {
      const Span& span = spans[i];
      if (last == nullptr || span.trace != last->trace) ++contents.traces;
      if (last == nullptr || span.start != last->start || span.duration != last->duration) ++contents.times;
      if (last == nullptr || span.shape != last->shape) {
        Texts& texts = of_shape(span.shape);
        look_at(texts, last == nullptr ? nullptr : &shapes_[last->shape], contents);
      }
      last = &span;
    }
  }
  return contents;
}

Contents BodyReader::items(const Payload& payload) {
  const std::int64_t items = payload.items();
  return {1, items, payload.bytes(), items, items, 0, 0};
}

}  // namespace spillway::collector
