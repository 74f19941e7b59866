#include "models/traffic/given_posts.hpp"

#include <charconv>
#include <string>

#include "sim/hash.hpp"

namespace spillway {
namespace {

bool is_hex(std::string_view text) { return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos; }

std::uint64_t from_hex(std::string_view digits) {
  std::uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return value;
}

}  // namespace

TraceId given_trace_id(std::string_view text, std::uint64_t copy) {
  const bool is_id = (text.size() == 32 || text.size() == 16) && is_hex(text);
  if (is_id && copy == 0) return {text.size() == 32 ? from_hex(text.substr(0, 16)) : 0, from_hex(text.substr(text.size() - 16))};
  const std::uint64_t high = hash_combine(hash_name(text), copy);
  return {high, hash_combine(high, copy) | 1};  // never all zero
}

std::uint64_t given_span_id(std::string_view text, TraceId trace) {
  if (text.size() == 16 && is_hex(text)) return from_hex(text);
  return hash_combine(hash_combine(trace.high, trace.low), hash_name(text)) | 1;
}

GivenPosts::GivenPosts(Catalog& catalog, const Client& client) : catalog_{catalog}, posts_{client.posts} {
  for (const GivenPost& post : posts_) {
    auto& spans = templates_.emplace_back();
    for (const GivenSpan& given : post.spans) spans.push_back(span_of(client, post, given));
  }
}

Span GivenPosts::span_of(const Client& client, const GivenPost& post, const GivenSpan& given) {
  Span span;
  span.start = post.at - given.start.value_or(given.duration);
  span.duration = given.duration;
  span.status = given.status;
  span.shape = catalog_.add_shape({given.name, given.kind, given.attributes, given.status_message, given.trace_state});
  span.resource = catalog_.add_resource({given.service.value_or(client.name), given.resource});
  return span;
}

void GivenPosts::append(std::uint64_t post, std::vector<Span>& spans) {
  const std::vector<GivenSpan>& given = posts_[post].spans;
  for (std::int64_t copy = 0; copy < posts_[post].copies; ++copy) {
    for (std::size_t i = 0; i < given.size(); ++i) {
      const TraceId trace = given_trace_id(given[i].trace, static_cast<std::uint64_t>(copy));
      const std::string made_up = "span " + std::to_string(i) + " of post " + std::to_string(post);
      Span& span = spans.emplace_back(templates_[post][i]);
      span.trace = catalog_.add_trace(trace);
      span.ordinal = catalog_.add_span_id(span.trace, given_span_id(given[i].id.empty() ? made_up : given[i].id, trace));
      if (!given[i].parent.empty()) span.parent = catalog_.add_span_id(span.trace, given_span_id(given[i].parent, trace));
    }
  }
}

}  // namespace spillway
