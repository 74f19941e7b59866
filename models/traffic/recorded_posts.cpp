#include "models/traffic/recorded_posts.hpp"

#include "models/wire/signals.hpp"
#include "models/wire/zipkin.hpp"

namespace spillway {
namespace {

void append_zipkin(Catalog& catalog, const std::string& body, std::vector<Span>& spans) {
  const auto decoded = wire::decode_zipkin_json(body);
  if (!decoded) return;
  for (const wire::ZipkinSpan& given : *decoded) {
    wire::WireSpan span;
    span.trace = given.trace;
    span.id = given.id;
    span.parent = given.parent;
    span.shape.name = given.name;
    spans.push_back(wire::to_span(catalog, span, catalog.add_resource({given.local.service, {}})));
  }
}

bool is_proto(const RecordedPost& post) {
  const std::string* type = post.header("content-type");
  return type != nullptr && type->starts_with("application/x-protobuf");
}

}  // namespace

void append_recorded(Catalog& catalog, const RecordedPost& post, std::vector<Span>& spans) {
  const bool proto = is_proto(post);
  if (!proto && post.body.find_first_not_of(" \t\r\n") == post.body.find('[')) return append_zipkin(catalog, post.body, spans);
  const auto groups = proto ? wire::decode_otlp_proto(post.body) : wire::decode_otlp_json(post.body);
  for (const wire::WireGroup& group : groups.value_or(wire::WireSpans{})) {
    const ResourceId resource = catalog.add_resource(group.resource);
    for (const wire::WireSpan& span : group.spans) spans.push_back(wire::to_span(catalog, span, resource));
  }
}

void append_recorded_items(Catalog& catalog, const RecordedPost& post, Signal signal, std::vector<Span>& items) {
  const auto groups = is_proto(post) ? wire::decode_items_proto(signal, post.body) : wire::decode_items_json(signal, post.body);
  const std::uint32_t shape = catalog.add_shape({.name = std::string{names_of(signal).items}, .kind = SpanKind::unspecified});
  for (const wire::WireItemGroup& group : groups.value_or(wire::WireItems{})) {
    const ResourceId resource = catalog.add_resource(group.resource);
    for (const wire::WireItem& written : group.items) {
      Span& item = items.emplace_back();
      item.trace = catalog.add_trace(written.trace);
      item.ordinal = catalog.add_span_id(item.trace, written.id);
      item.shape = shape;
      item.resource = resource;
      item.bytes = written.bytes;
    }
  }
}

}  // namespace spillway
