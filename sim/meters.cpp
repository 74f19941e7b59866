#include "sim/meters.hpp"

#include <algorithm>
#include <tuple>

namespace spillway {
namespace {
__extension__ using Wide = __int128;
}  // namespace


void Level::set(Time now, std::int64_t value) {
  area_ += static_cast<Wide>(value_) * (now - since_).count();
  since_ = now;
  value_ = value;
  peak_ = std::max(peak_, value);
}

double Level::mean(Time now) const {
  const auto total = now.time_since_epoch().count();
  if (total == 0) return 0;
  const auto area = area_ + static_cast<Wide>(value_) * (now - since_).count();
  return static_cast<double>(area) / static_cast<double>(total);
}

std::vector<MetricValue> MetricsPage::read() const {
  std::vector<MetricValue> values;
  for (const Writer& write : writers_) write(values);
  std::sort(values.begin(), values.end(), [](const MetricValue& x, const MetricValue& y) {
    return std::tie(x.name, x.labels) < std::tie(y.name, y.labels);
  });
  return values;
}

void SeriesRecorder::take(const MetricsPage& page) {
  ++taken_;
  for (MetricValue& value : page.read()) {
    auto& list = values_[{std::move(value.name), std::move(value.labels)}];
    list.resize(taken_ - 1, list.empty() ? 0.0 : list.back());
    list.push_back(value.value);
  }
}

std::vector<Series> SeriesRecorder::series() const {
  std::vector<Series> result;
  for (const auto& [key, values] : values_) {
    Series series{key.first, key.second, values};
    series.values.resize(taken_, values.empty() ? 0.0 : values.back());
    result.push_back(std::move(series));
  }
  return result;
}

}  // namespace spillway
