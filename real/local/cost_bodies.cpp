#include "real/local/cost_bodies.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "sim/hash.hpp"

namespace spillway::real {
namespace {

using Json = nlohmann::json;

/// Numbers in an order that is always the same.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_{seed} {}
  std::uint64_t bits() { return mix64(state_++); }
  std::uint64_t below(std::uint64_t end) { return bits() % end; }
  std::string hex(std::size_t digits) {
    std::string text;
    while (text.size() < digits) text += "0123456789abcdef"[below(16)];
    return text;
  }

 private:
  std::uint64_t state_;
};

constexpr std::array<std::string_view, 64> kWords{
    "account", "address", "amount",  "archive", "balance", "basket",  "billing", "browse",  "bucket", "cancel", "catalog",
    "channel", "charge",  "checkout", "cluster", "confirm", "content", "coupon",  "create",  "customer", "database", "default",
    "deliver", "detail",  "discount", "document", "endpoint", "export", "feature", "fetch",   "gateway", "history", "image",
    "import",  "invoice", "journal", "ledger",  "listing", "message", "network", "notify",  "offer",  "order",  "partner",
    "payment", "pending", "product", "profile", "publish", "quota",   "receipt", "refund",  "render", "report", "request",
    "result",  "review",  "search",  "session", "shipping", "storage", "tenant",  "voucher", "warehouse"};

std::string word(Dice& dice) { return std::string{kWords[dice.below(kWords.size())]}; }

std::string words(Dice& dice, std::size_t length, char between) {
  std::string text = word(dice);
  while (text.size() < length) text += between + word(dice);
  return text.substr(0, length);
}

/// What the values of an attribute are like.
enum class Kind : std::uint8_t { padded, constant, sentence, few, number, integer, hex, uuid, path, sentences, query };

/// One attribute of all spans of a body.
struct Column {
  std::string key;
  Kind kind;
  std::string same;                ///< every span's, or where to take from
  std::array<std::string, 8> some{};

  Column(Dice& dice, Kind of, std::size_t place) : key{words(dice, 12, '.')}, kind{of} {
    if (kind == Kind::padded) {  // as the simulator's own clients make them up
      key = "attribute." + std::to_string(place);
      same = "value-" + std::to_string(place);
      same.resize(place % 2 == 0 ? 15 : 40, static_cast<char>('a' + place));
    }
    if (kind == Kind::constant) same = words(dice, 15, '-');
    if (kind == Kind::sentence) same = words(dice, 200, ' ');
    for (std::string& one : some) one = words(dice, 12, '-');
  }

  Json value(Dice& dice) const {
    const auto text = [](std::string written) { return Json{{"stringValue", std::move(written)}}; };
    const auto number = [&dice] { return std::to_string(1 + dice.below(999'999)); };
    switch (kind) {
      case Kind::padded:
      case Kind::constant:
      case Kind::sentence: return text(same);
      case Kind::few: return text(some[dice.below(some.size())]);
      case Kind::number: return text(number());
      case Kind::integer: return {{"intValue", number()}};
      case Kind::hex: return text(dice.hex(32));
      case Kind::uuid: return text(dice.hex(8) + '-' + dice.hex(4) + '-' + dice.hex(4) + '-' + dice.hex(4) + '-' + dice.hex(12));
      case Kind::path: return text("/api/" + word(dice) + '/' + number() + '/' + word(dice));
      case Kind::sentences: return text(words(dice, 200, ' '));
      case Kind::query:
        return text("SELECT id, name, total FROM orders WHERE customer_id = '" + dice.hex(16) +
                    "' AND state IN ('open', 'paid') ORDER BY created_at DESC LIMIT " + std::to_string(dice.below(500)));
    }
    return {};
  }
};

struct Profile {
  const char* name;
  bool held_out;
  std::vector<Kind> kinds;
  bool same_times = false;  ///< of all spans of a body
};

std::vector<Profile> profiles() {
  using enum Kind;
  return {
      {"no attributes", false, {}},
      {"no attributes, same times", false, {}, true},
      {"made up, same times", false, std::vector<Kind>(8, padded), true},
      {"constant", false, std::vector<Kind>(12, constant)},
      {"long constant", false, std::vector<Kind>(4, sentence)},
      {"few values", false, std::vector<Kind>(5, few)},
      {"few values, same times", false, std::vector<Kind>(5, few), true},
      {"numbers", false, {number, number, integer, integer}},
      {"hex ids", false, {hex, hex}},
      {"paths", false, {path, path}},
      {"sentences", false, {sentences, sentences}},
      {"queries", false, {query}},
      {"all kinds", false, {constant, constant, constant, constant, few, few, few, path, uuid, query, integer, number, hex}},
      {"HTTP server", true, {constant, constant, constant, constant, few, few, path, integer, number, uuid}},
      {"many with few values", true, std::vector<Kind>(12, few)},
      {"plain service", true, {constant, constant, constant, constant, few, few, few, number}},
      {"uuids", true, {uuid, uuid}},
      {"service with same times", true, {padded, padded, constant, constant, few, integer}, true},
  };
}

Json attribute(std::string key, Json value) { return {{"key", std::move(key)}, {"value", std::move(value)}}; }

Json resource_of(Dice& dice) {
  Json list = Json::array();
  const auto add = [&](const char* key, std::string value) { list.push_back(attribute(key, {{"stringValue", std::move(value)}})); };
  add("service.name", word(dice) + "-service");
  add("telemetry.sdk.language", "java");
  add("telemetry.sdk.name", "opentelemetry");
  add("telemetry.sdk.version", "1.34.1");
  add("host.name", words(dice, 10, '-') + '-' + dice.hex(8));
  return {{"attributes", list}};
}

std::string body_of(const Profile& profile, int spans, int per_trace, Dice& dice) {
  constexpr std::uint64_t begin = 1'700'000'000'000'000'000, second = 1'000'000'000;
  std::vector<Column> columns;
  for (const Kind kind : profile.kinds) columns.emplace_back(dice, kind, columns.size());
  std::array<std::string, 4> names;
  for (std::string& name : names) name = "GET /api/" + word(dice);
  Json list = Json::array();
  std::string trace, root;
  std::uint64_t start = begin + dice.below(second), length = dice.below(second / 10);
  for (int i = 0; i < spans; ++i) {
    const bool first = i % per_trace == 0;
    const std::string id = dice.hex(16);
    if (first) {
      trace = dice.hex(32);
      root = id;
    }
    if (!profile.same_times) start = begin + dice.below(second);
    if (!profile.same_times) length = dice.below(second / 10);
    Json span{{"traceId", trace},
              {"spanId", id},
              {"name", names[dice.below(names.size())]},
              {"kind", 1 + i % 4},
              {"startTimeUnixNano", std::to_string(start)},
              {"endTimeUnixNano", std::to_string(start + length)},
              {"attributes", Json::array()},
              {"status", Json::object()}};
    if (!first) span["parentSpanId"] = root;
    for (const Column& column : columns) span["attributes"].push_back(attribute(column.key, column.value(dice)));
    list.push_back(std::move(span));
  }
  const Json scope{{"scope", Json::object()}, {"spans", list}};
  return Json{{"resourceSpans", {{{"resource", resource_of(dice)}, {"scopeSpans", {scope}}}}}}.dump();
}

}  // namespace

std::vector<DesignedBody> designed_bodies() {
  std::vector<DesignedBody> bodies;
  Dice dice{1};
  for (const Profile& profile : profiles()) {
    const std::vector<std::pair<int, int>> fitted{{1, 1}, {10, 10}, {60, 3}, {120, 1}, {500, 10}}, held{{1, 1}, {3, 3}, {30, 10}, {400, 5}};
    for (const auto& [spans, per_trace] : profile.held_out ? held : fitted) {
      bodies.push_back({std::to_string(spans) + (spans == 1 ? " span, " : " spans, ") + profile.name, profile.held_out,
                        body_of(profile, spans, per_trace, dice)});
    }
  }
  return bodies;
}

}  // namespace spillway::real
