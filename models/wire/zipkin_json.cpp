#include <algorithm>
#include <nlohmann/json.hpp>

#include "models/wire/zipkin.hpp"

namespace spillway::wire {
namespace {

using Json = nlohmann::json;

/// Fills fields as Go's encoding/json does: null leaves them as they are, another type refuses the body.
class ZipkinReader {
 public:
  bool failed() const { return failed_; }

  ZipkinSpan span(const Json& json) {
    ZipkinSpan out;
    if (!json.is_object()) return fail(out);
    if (const Json* id = member(json, "traceId")) read_id(*id, 32, out.trace);
    TraceId own, parent;
    if (const Json* id = member(json, "id")) read_id(*id, 16, own);
    if (const Json* id = member(json, "parentId"); id != nullptr && *id != "") read_id(*id, 16, parent);
    if (own.low == 0) return fail(out);
    out.id = own.low;
    out.parent = parent.low;
    text(json, "name", out.name);
    text(json, "kind", out.kind);
    number(json, "timestamp", out.timestamp_us);
    number(json, "duration", out.duration_us);
    endpoint(json, "localEndpoint", out.local);
    endpoint(json, "remoteEndpoint", out.remote);
    annotations(json, out);
    tags(json, out);
    return out;
  }

 private:
  static const Json* member(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found == object.end() || found->is_null() ? nullptr : &*found;
  }
  void read_id(const Json& json, std::size_t digits, TraceId& out) {
    const auto id = json.is_string() ? from_hex(json.get_ref<const std::string&>(), digits) : std::nullopt;
    if (id) out = *id;
    else failed_ = true;
  }
  void text(const Json& object, const char* name, std::string& out) {
    const Json* json = member(object, name);
    if (json == nullptr) return;
    if (json->is_string()) out = json->get<std::string>();
    else failed_ = true;
  }
  void number(const Json& object, const char* name, std::uint64_t& out) {
    const Json* json = member(object, name);
    if (json == nullptr) return;
    if (json->is_number_unsigned()) out = json->get<std::uint64_t>();
    else failed_ = true;
  }
  void endpoint(const Json& object, const char* name, ZipkinEndpoint& out) {
    const Json* json = member(object, name);
    if (json == nullptr) return;
    if (!json->is_object()) return void(failed_ = true);
    text(*json, "serviceName", out.service);
    text(*json, "ipv4", out.ipv4);
    text(*json, "ipv6", out.ipv6);
    std::uint64_t port = 0;
    number(*json, "port", port);
    if (port > 65535) failed_ = true;
    out.port = static_cast<int>(port);
  }
  void annotations(const Json& object, ZipkinSpan& out) {
    const Json* list = member(object, "annotations");
    if (list == nullptr) return;
    if (!list->is_array()) return void(failed_ = true);
    for (const Json& json : *list) {
      auto& [at, value] = out.annotations.emplace_back();
      if (!json.is_object()) return void(failed_ = true);
      number(json, "timestamp", at);
      text(json, "value", value);
      if (at == 0) failed_ = true;
    }
  }
  void tags(const Json& object, ZipkinSpan& out) {
    const Json* map = member(object, "tags");
    if (map == nullptr) return;
    if (!map->is_object()) return void(failed_ = true);
    for (const auto& [key, value] : map->items()) {
      if (!value.is_string() && !value.is_null()) failed_ = true;
      else out.tags.emplace_back(key, value.is_null() ? "" : value.get<std::string>());
    }
  }
  const ZipkinSpan& fail(const ZipkinSpan& span) {
    failed_ = true;
    return span;
  }

  bool failed_ = false;
};

}  // namespace

std::optional<std::vector<ZipkinSpan>> decode_zipkin_json(std::string_view body) {
  const Json json = Json::parse(body, nullptr, false);
  std::vector<ZipkinSpan> spans;
  if (json.is_null()) return spans;
  if (!json.is_array()) return std::nullopt;
  ZipkinReader reader;
  for (const Json& item : json) {
    if (!item.is_null()) spans.push_back(reader.span(item));
  }
  if (reader.failed()) return std::nullopt;
  return spans;
}

}  // namespace spillway::wire
