#include "analysis/bill/prices.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

namespace spillway::analysis {

extern const char* const kPriceBook;  // of prices.cpp.in

namespace {

Price price_of(const nlohmann::json& entry) {
  Price price;
  const auto text = [&](const char* key) { return entry.value(key, std::string{}); };
  price.id = text("id");
  price.provider = text("provider");
  price.product = text("product");
  price.dimension = text("dimension");
  price.unit = text("unit");
  price.usd = entry.at("usd").get<double>();
  price.free = entry.value("free", 0.0);
  for (const auto& tier : entry.value("tiers", nlohmann::json::array()))
    price.tiers.push_back({tier.value("up_to", std::numeric_limits<double>::infinity()), tier.at("usd").get<double>()});
  price.region = text("region");
  price.source = text("source");
  price.date = text("date");
  price.confidence = text("confidence");
  price.note = text("note");
  return price;
}

}  // namespace

std::span<const Price> price_book() {
  static const std::vector<Price> book = [] {
    std::vector<Price> prices;
    for (const auto& entry : nlohmann::json::parse(kPriceBook)) prices.push_back(price_of(entry));
    std::sort(prices.begin(), prices.end(), [](const Price& a, const Price& b) { return a.id < b.id; });
    return prices;
  }();
  return book;
}

const Price* find_price(std::string_view id) {
  const auto book = price_book();
  const auto found = std::lower_bound(book.begin(), book.end(), id, [](const Price& price, std::string_view wanted) { return price.id < wanted; });
  return found != book.end() && found->id == id ? &*found : nullptr;
}

// Tiers count from the first unit, the free ones included, as the providers' tables do.
double dollars(const Price& price, double units) {
  if (price.tiers.empty()) return std::max(0.0, units - price.free) * price.usd;
  double sum = 0, from = price.free;
  for (const PriceTier& tier : price.tiers) {
    const double to = std::min(units, tier.up_to);
    if (to > from) sum += (to - from) * tier.usd;
    from = std::max(from, tier.up_to);
  }
  // Beyond a table that ends, its last price goes on.
  return units > from ? sum + (units - from) * price.tiers.back().usd : sum;
}

}  // namespace spillway::analysis
