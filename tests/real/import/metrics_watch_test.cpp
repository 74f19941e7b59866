#include "real/import/metrics_watch.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "analysis/figures.hpp"
#include "tests/real/import/api.hpp"

namespace spillway::real {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

double figure(const std::string& name, const RunRecord& record) {
  const analysis::Observations observed = analysis::observe(name, record);
  EXPECT_EQ(observed.error, "") << name;
  return observed.each.empty() ? -1 : observed.each[0].number;
}

/// Pages that were saved one after another.
class SavedPages {
 public:
  explicit SavedPages(const std::vector<std::string>& pages) {
    fs::create_directory(folder_);
    for (std::size_t i = 0; i < pages.size(); ++i) std::ofstream{folder_ / ("page-" + std::to_string(i))} << pages[i];
  }
  ~SavedPages() { fs::remove_all(folder_); }
  std::string path() const { return folder_.string(); }

 private:
  fs::path folder_ = fs::path{testing::TempDir()} / ("pages." + std::to_string(::getpid()));
};

std::string page(int sent, int queue) {
  return "# TYPE otelcol_exporter_sent_spans counter\n"
         "otelcol_exporter_sent_spans{exporter=\"a\",service_instance_id=\"x\"} " + std::to_string(sent) + "\n"
         "# TYPE otelcol_exporter_queue_size gauge\notelcol_exporter_queue_size{exporter=\"a\"} " + std::to_string(queue) + "\n";
}

TEST(MetricsWatch, CountersCountFromTheFirstReadingAndGaugesAreWhatTheyAre) {
  const SavedPages pages{{page(1000, 5), page(1010, 9), page(1030, 0)}};
  const RunRecord record = watch({{"aws/gateway", pages.path()}}, {});
  EXPECT_EQ(figure("metric.otelcol_exporter_sent_spans{collector=aws/gateway,exporter=a}", record), 30);
  EXPECT_EQ(figure("metric.otelcol_exporter_queue_size{collector=aws/gateway}", record), 0);
  EXPECT_EQ(figure("series.otelcol_exporter_queue_size.peak", record), 9);
  EXPECT_EQ(record.manifest.world, "measured");
  EXPECT_EQ(record.manifest.duration, 10s);
}

TEST(MetricsWatch, ACounterThatBeginsAnewGoesOn) {
  const SavedPages pages{{page(1000, 0), page(1050, 0), page(7, 0)}};
  EXPECT_EQ(figure("metric.otelcol_exporter_sent_spans", watch({{"g", pages.path()}}, {})), 57);
}

TEST(MetricsWatch, ACounterThatAppearsLaterBeganAtNothing) {
  const SavedPages pages{{"other 1\n", page(12, 0)}};
  EXPECT_EQ(figure("metric.otelcol_exporter_sent_spans", watch({{"g", pages.path()}}, {})), 12);
}

TEST(MetricsWatch, APageIsReadAtEveryStep) {
  Api api;
  int asked = 0;
  api.answer("/metrics", [&asked] {
    ++asked;
    return page(100 * asked, asked);
  });
  const RunRecord record = watch({{"g", api.start() + "/metrics"}}, {400ms, 100ms, ""});
  EXPECT_EQ(asked, 5);
  EXPECT_EQ(figure("metric.otelcol_exporter_sent_spans", record), 400);
  EXPECT_EQ(figure("series.otelcol_exporter_queue_size.peak", record), 5);
}

TEST(MetricsWatch, APrometheusIsAskedForWhatItKnows) {
  Api api;
  const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  const auto at = [now](double ago) { return std::to_string(now - ago); };
  api.answer("/api/v1/query_range", R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"otelcol_exporter_sent_spans_total","instance":"pod-1","job":"otel"},"values":[[)" +
                                        at(60) + R"(,"100"],[)" + at(45) + R"(,"160"],[)" + at(0) + R"(,"400"]]}]}})");
  const RunRecord record = watch({{"prometheus", api.start()}}, {60s, 15s, "{a=\"b\"}"});
  ASSERT_EQ(api.asked.size(), 1u);
  EXPECT_NE(api.asked[0].find("query=%7Ba%3D%22b%22%7D&start="), std::string::npos) << api.asked[0];
  EXPECT_EQ(figure("metric.otelcol_exporter_sent_spans_total{collector=pod-1}", record), 300);
  ASSERT_EQ(record.replications[0].series.size(), 1u);
  EXPECT_EQ(record.replications[0].series[0].values, (std::vector<double>{0, 60, 60, 60, 300}));
}

TEST(MetricsWatch, WhatYieldsNothingIsAnError) {
  const auto problem = [](const std::string& source) {
    try {
      watch({{"g", source}}, {100ms, 100ms, ""});
    } catch (const std::runtime_error& error) {
      return std::string{error.what()};
    }
    return std::string{};
  };
  EXPECT_NE(problem("http://127.0.0.1:1/metrics").find("no metric could be read"), std::string::npos);
  EXPECT_NE(problem("http://127.0.0.1:1").find("is no Prometheus"), std::string::npos);
  EXPECT_NE(problem("/nowhere").find("neither a URL nor a folder"), std::string::npos);
}

}  // namespace
}  // namespace spillway::real
