#include "models/collector/http_request.hpp"

#include <algorithm>
#include <cctype>

#include "models/wire/signals.hpp"
#include "models/wire/zipkin.hpp"

namespace spillway::collector {
namespace {

enum class Media { proto, json, none, other };

std::string lower_case(std::string_view text) {
  std::string lower{text};
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

/// Without parameters, as Go's mime.ParseMediaType has it.
Media media_of(const RecordedPost& request) {
  const std::string* header = request.header("content-type");
  if (header == nullptr || header->empty()) return Media::none;
  std::string type = lower_case(std::string_view{*header}.substr(0, header->find(';')));
  type.erase(type.find_last_not_of(" \t") + 1);
  type.erase(0, type.find_first_not_of(" \t"));
  return type == "application/x-protobuf" ? Media::proto : type == "application/json" ? Media::json : Media::other;
}

/// Only what the client itself compresses decodes; an encoding that is merely said meets a body of another form.
bool encoding_refused(const RecordedPost& request, const ReceiverSettings& settings) {
  const std::string* encoding = request.header("content-encoding");
  if (encoding == nullptr || encoding->empty()) return false;
  if (request.compress == "lz4") return !settings.lz4_bodies;
  return request.compress.empty() || (request.compress == "x-snappy-framed" && !settings.snappy_blocks);
}

/// The name is known, the form is another.
bool undecodable(const RecordedPost& request, const ReceiverSettings& settings) {
  return request.compress == "snappy" && !settings.snappy_blocks;
}

bool too_large(const RecordedPost& request, const ReceiverSettings& settings) {
  return static_cast<std::int64_t>(request.body.size()) > settings.max_request_body_size;
}

bool is_readable(const std::string& body, Media media, Signal signal) {
  const bool proto = media == Media::proto;
  if (signal == Signal::traces) return (proto ? wire::decode_otlp_proto(body) : wire::decode_otlp_json(body)).has_value();
  return (proto ? wire::decode_items_proto(signal, body) : wire::decode_items_json(signal, body)).has_value();
}

int refusal_of_otlp(const RecordedPost& request, const ReceiverSettings& settings) {
  const Media media = media_of(request);
  if (encoding_refused(request, settings)) return media == Media::other ? 500 : 400;
  if (request.path != settings.path) return 404;
  if (request.method != "POST") return 405;
  if (media == Media::none || media == Media::other) return 415;
  if (too_large(request, settings)) return 400;
  return !undecodable(request, settings) && is_readable(request.body, media, settings.signal) ? 0 : 400;
}

int refusal_of_zipkin(const RecordedPost& request, const ReceiverSettings& settings) {
  if (encoding_refused(request, settings) || too_large(request, settings) || undecodable(request, settings)) return 400;
  const auto spans = wire::decode_zipkin_json(request.body);
  return spans && translate_zipkin(*spans, settings.zipkin) ? 0 : 400;
}

}  // namespace

int refusal(const RecordedPost& request, const ReceiverSettings& settings) {
  return settings.protocol == Protocol::zipkin ? refusal_of_zipkin(request, settings) : refusal_of_otlp(request, settings);
}

}  // namespace spillway::collector
