#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "models/telemetry/payload.hpp"
#include "models/telemetry/span.hpp"

namespace spillway {
namespace {

using namespace std::chrono_literals;

struct Telemetry : testing::Test {
  Catalog catalog{1, 0};
  std::uint32_t plain = catalog.add_shape({"GET /", SpanKind::server, {}});
  std::uint32_t tagged = catalog.add_shape({"render \"tile\"", SpanKind::internal, {{"tile\\x", "a\nb"}, {"n", "1"}}});
  ResourceId shop = catalog.add_resource({"shop", {}});
  ResourceId cart = catalog.add_resource({"cart", {{"cloud", "aws"}}});
  PayloadPool pool{catalog};

  Span span(std::uint64_t trace, std::uint32_t ordinal, std::uint32_t shape, ResourceId resource) {
    Span s;
    s.item = next_item_++;
    s.trace = trace;
    s.ordinal = ordinal;
    s.parent = ordinal == 0 ? kNoParent : 0;
    s.start = Time{1234567us};
    s.duration = 250us;
    s.shape = shape;
    s.resource = resource;
    s.bytes = catalog.otlp_bytes(s);
    return s;
  }
  Payload payload(int spans, ResourceId resource) {
    std::vector<Span> list;
    for (int i = 0; i < spans; ++i) list.push_back(span(next_trace_++, 0, i % 2 == 0 ? plain : tagged, resource));
    return pool.of(list.data(), list.size());
  }
  std::uint64_t next_trace_ = 0;
  ItemId next_item_ = 0;
};

std::vector<ItemId> items_of(const Payload& payload) {
  std::vector<ItemId> items;
  payload.for_each([&](const Span& span) { items.push_back(span.item); });
  return items;
}

/// Sizes again from the spans alone.
std::int64_t bytes_of(const Payload& payload, const Catalog& catalog) {
  std::int64_t total = 0;
  for (const SpanGroup& group : payload.groups()) {
    std::int64_t spans = 0;
    for (std::uint32_t i = group.begin; i < group.end; ++i) spans += group.block->spans[i].bytes;
    EXPECT_EQ(spans, group.span_bytes);
    EXPECT_EQ(catalog.otlp_group_bytes(group.resource, spans), group.bytes);
    total += group.bytes;
  }
  return total;
}

TEST_F(Telemetry, AnEmptyPayloadHasNoSize) {
  EXPECT_EQ(pool.empty().items(), 0);
  EXPECT_EQ(pool.of(nullptr, 0).bytes(), 0);
  EXPECT_TRUE(Payload{}.is_empty());
}

TEST_F(Telemetry, APayloadKnowsItsSize) {
  const Payload five = payload(5, shop);
  EXPECT_EQ(five.items(), 5);
  EXPECT_EQ(five.groups().size(), 1u);
  EXPECT_EQ(five.bytes(), bytes_of(five, catalog));
}

TEST_F(Telemetry, AppendingKeepsGroupsApartAndAddsSizes) {
  Payload all = payload(3, shop);
  Payload more = payload(2, shop);
  const std::int64_t bytes = all.bytes() + more.bytes();
  all.append(std::move(more));
  all.append(pool.empty());
  EXPECT_EQ(all.items(), 5);
  EXPECT_EQ(all.bytes(), bytes);
  EXPECT_EQ(all.groups().size(), 2u);
  EXPECT_EQ(items_of(all), (std::vector<ItemId>{0, 1, 2, 3, 4}));
}

TEST_F(Telemetry, AppendingToADefaultPayloadTakesItOver) {
  Payload all;
  all.append(payload(3, cart));
  EXPECT_EQ(all.items(), 3);
  EXPECT_EQ(all.bytes(), bytes_of(all, catalog));
}

TEST_F(Telemetry, SplittingKeepsEverySpanInOrderAndRepeatsTheResource) {
  for (std::int64_t cut = 0; cut <= 9; ++cut) {
    Payload rest = payload(4, shop);
    rest.append(payload(5, cart));
    const std::vector<ItemId> before = items_of(rest);
    const Payload front = rest.split_front(cut);
    EXPECT_EQ(front.items(), cut);
    EXPECT_EQ(rest.items(), 9 - cut);
    std::vector<ItemId> after = items_of(front);
    for (const ItemId item : items_of(rest)) after.push_back(item);
    EXPECT_EQ(after, before);
    EXPECT_EQ(front.bytes(), bytes_of(front, catalog));
    EXPECT_EQ(rest.bytes(), bytes_of(rest, catalog));
    const bool inside_a_group = cut != 0 && cut != 4 && cut != 9;
    EXPECT_EQ(front.groups().size() + rest.groups().size(), inside_a_group ? 3u : 2u);
  }
}

TEST_F(Telemetry, ACloneHasTheSameSpansAndSurvivesTheOriginal) {
  Payload original = payload(4, shop);
  const std::vector<ItemId> items = items_of(original);
  const Payload copy = original.clone();
  (void)original.split_front(2);
  original.clear();
  const Payload other = payload(4, cart);  // would reuse the storage, were it free
  EXPECT_EQ(items_of(copy), items);
  EXPECT_EQ(copy.bytes(), bytes_of(copy, catalog));
  EXPECT_EQ(other.items(), 4);
}

TEST_F(Telemetry, BlocksAreUsedAgainWhenNobodyHasThem) {
  const SpanBlock* block = payload(4, shop).groups().at(0).block;
  EXPECT_EQ(payload(4, shop).groups().at(0).block, block);
}

TEST_F(Telemetry, MovingAPayloadOntoItsCloneIsFine) {
  Payload a = payload(4, shop);
  a = a.clone();
  EXPECT_EQ(a.items(), 4);
  EXPECT_EQ(a.bytes(), bytes_of(a, catalog));
}

TEST_F(Telemetry, ZipkinBytesAreTheLengthOfTheText) {
  for (const std::uint32_t shape : {plain, tagged}) {
    for (const ResourceId resource : {shop, cart}) {
      for (const std::uint32_t ordinal : {0u, 7u}) {
        for (const auto& [start, duration, status] :
             {std::tuple{0ns, 0ns, SpanStatus::unset}, std::tuple{Duration{1h + 1us}, Duration{999us}, SpanStatus::ok},
              std::tuple{Duration{24h * 30}, Duration{17s}, SpanStatus::error}}) {
          Span s = span(3, ordinal, shape, resource);
          s.start = Time{start};
          s.duration = duration;
          s.status = status;
          std::string text;
          append_zipkin_json(text, catalog, s, 1'700'000'000'000'000);
          EXPECT_EQ(catalog.zipkin_bytes(s), static_cast<std::int64_t>(text.size())) << text;
        }
      }
    }
  }
}

TEST_F(Telemetry, ZipkinTextIsJsonWithTheSpansFields) {
  Span s = span(3, 7, tagged, cart);
  s.status = SpanStatus::error;
  std::string text;
  append_zipkin_json(text, catalog, s, 1'700'000'000'000'000);
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["name"], "render \"tile\"");
  EXPECT_EQ(json["tags"]["tile\\x"], "a\nb");
  EXPECT_EQ(json["tags"]["cloud"], "aws");
  EXPECT_EQ(json["tags"]["error"], "true");
  EXPECT_EQ(json["localEndpoint"]["serviceName"], "cart");
  EXPECT_EQ(json["traceId"].get<std::string>().size(), 32u);
  EXPECT_EQ(json["id"].get<std::string>().size(), 16u);
  EXPECT_EQ(json["parentId"].get<std::string>().size(), 16u);
  EXPECT_EQ(json["timestamp"], 1'700'000'001'234'000);
  EXPECT_EQ(json["duration"], 250);
  EXPECT_FALSE(json.contains("kind"));
}

TEST_F(Telemetry, OtlpBytesGrowWithWhatIsSent) {
  const std::uint32_t longer = catalog.add_shape({"GET /x", SpanKind::server, {}});
  Span root = span(1, 0, plain, shop);
  Span child = span(1, 1, plain, shop);
  EXPECT_EQ(catalog.otlp_bytes(child), catalog.otlp_bytes(root) + 8);
  Span named = root;
  named.shape = longer;
  EXPECT_EQ(catalog.otlp_bytes(named), catalog.otlp_bytes(root) + 1);
  Span failed = root;
  failed.status = SpanStatus::error;
  EXPECT_EQ(catalog.otlp_bytes(failed), catalog.otlp_bytes(root) + 2);
}

TEST(Varint, IsAsLongAsItsSevenBitGroups) {
  EXPECT_EQ(varint_bytes(0), 1u);
  EXPECT_EQ(varint_bytes(127), 1u);
  EXPECT_EQ(varint_bytes(128), 2u);
  EXPECT_EQ(varint_bytes(16'383), 2u);
  EXPECT_EQ(varint_bytes(16'384), 3u);
  EXPECT_EQ(varint_bytes(~std::uint64_t{0}), 10u);
}

TEST(Ids, AreFunctionsOfSeedReplicationAndAddress) {
  const Catalog one{1, 0}, again{1, 0}, other_seed{2, 0}, other_replication{1, 1};
  EXPECT_EQ(one.trace_id(5), again.trace_id(5));
  EXPECT_EQ(one.span_id(5, 2), again.span_id(5, 2));
  EXPECT_NE(one.trace_id(5), other_seed.trace_id(5));
  EXPECT_NE(one.trace_id(5), other_replication.trace_id(5));
  EXPECT_NE(one.span_id(5, 2), other_seed.span_id(5, 2));
}

TEST(Ids, KeepTheirValues) {
  const Catalog catalog{1, 0};
  // Change these only with an entry "results change": recorded runs name spans by them.
  EXPECT_EQ(catalog.trace_id(0).high, 0xfc2eb95df6efb162ULL);
  EXPECT_EQ(catalog.trace_id(0).low, 0x8fc17f1553dd7bf7ULL);
  EXPECT_EQ(catalog.span_id(0, 0), 0xb7c3f744b52abc13ULL);
}

TEST(Ids, AreDistinctAndNeverZero) {
  const Catalog catalog{1, 0};
  std::set<std::pair<std::uint64_t, std::uint64_t>> traces;
  std::set<std::uint64_t> spans;
  for (std::uint64_t source = 0; source < 3; ++source) {
    for (std::uint64_t number = 0; number < 3000; ++number) {
      const std::uint64_t trace = source << 48 | number;
      const TraceId id = catalog.trace_id(trace);
      EXPECT_NE(id.low, 0u);
      traces.insert({id.high, id.low});
      for (std::uint32_t ordinal = 0; ordinal < 5; ++ordinal) spans.insert(catalog.span_id(trace, ordinal));
    }
  }
  EXPECT_EQ(traces.size(), 9000u);
  EXPECT_EQ(spans.size(), 45'000u);
  EXPECT_EQ(spans.count(0), 0u);
}

TEST(Slab, GivesTheSamePlaceAgainOnceItIsFree) {
  Slab<int> slab;
  const std::uint32_t a = slab.add(1);
  const std::uint32_t b = slab.add(2);
  EXPECT_EQ(slab.take(a), 1);
  EXPECT_EQ(slab.live(), 1u);
  EXPECT_EQ(slab.add(3), a);
  EXPECT_EQ(slab[a], 3);
  EXPECT_EQ(slab[b], 2);
}

TEST(Slab, ReferencesSurviveGrowth) {
  Slab<int> slab;
  const int& first = slab[slab.add(42)];
  for (int i = 0; i < 10'000; ++i) slab.add(i);
  EXPECT_EQ(first, 42);
}

}  // namespace
}  // namespace spillway
