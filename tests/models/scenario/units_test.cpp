#include "models/scenario/units.hpp"

#include <gtest/gtest.h>

#include "models/scenario/url.hpp"
#include "models/scenario/utf8.hpp"
#include "tests/models/scenario/json_schema.hpp"

namespace spillway::language {
namespace {

using namespace std::chrono_literals;

TEST(Units, ReadsDurations) {
  const std::vector<std::pair<const char*, Duration>> table{{"1ns", 1ns},
                                                            {"1us", 1us},
                                                            {"2 µs", 2us},
                                                            {"200ms", 200ms},
                                                            {"1.5s", 1500ms},
                                                            {"5min", 5min},
                                                            {"5m", 5min},
                                                            {"2h", 2h},
                                                            {"1d", 24h},
                                                            {"1min 30s", 90s},
                                                            {"1m30s", 90s},
                                                            {"0", 0s},
                                                            {"0s", 0s},
                                                            {"-3s", -3s},
                                                            {".5s", 500ms},
                                                            {"1e3s", 1000s},
                                                            {"0.1s", 100ms},
                                                            {"400d", 9600h},
                                                            {"1h2min3s4ms", 1h + 2min + 3s + 4ms}};
  for (const auto& [text, expected] : table) {
    const Parsed<Duration> parsed = parse_duration(text);
    ASSERT_TRUE(parsed.value) << text << ": " << parsed.why;
    EXPECT_EQ(*parsed.value, expected) << text;
  }
}

TEST(Units, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "5", "s", "five s", "5 apples", "1min 30", "1s x", "nan s", "inf s", "0x10s", "1..5s",
                           "1e400s", "99999999999d", "0.1ns", "1s -1s", "--1s", "5 s 5", "5,5s", "1 %"})
    EXPECT_FALSE(parse_duration(text).value) << text;
  EXPECT_NE(parse_duration("5").why.find("has no unit"), std::string::npos);
  EXPECT_NE(parse_duration("0.1ns").why.find("less than a nanosecond"), std::string::npos);
}

TEST(Units, ReadsEveryOtherQuantityInItsBaseUnit) {
  struct Row {
    const char* text;
    Unit unit;
    double value;
  };
  const std::vector<Row> table{{"12.5ns", Unit::seconds, 12.5e-9},
                               {"2/s", Unit::per_second, 2},
                               {"30/min", Unit::per_second, 0.5},
                               {"7200 / h", Unit::per_second, 2},
                               {"70 %", Unit::share, 0.7},
                               {"70%", Unit::share, 0.7},
                               {"0.7", Unit::share, 0.7},
                               {"1KB", Unit::bytes, 1000},
                               {"2 MiB", Unit::bytes, 2097152},
                               {"0", Unit::bytes, 0},
                               {"100MB/s", Unit::bytes_per_second, 1e8},
                               {"6 kB/min", Unit::bytes_per_second, 100},
                               {"-0.5", Unit::none, -0.5},
                               {"1000", Unit::any, 1000},
                               {"70 %", Unit::any, 0.7},
                               {"200ms", Unit::any, 0.2},
                               {"5MiB", Unit::any, 5242880},
                               {"20/s", Unit::any, 20},
                               {"3MB/s", Unit::any, 3e6},
                               {"5m", Unit::any, 300}};
  for (const auto& [text, unit, value] : table) {
    const Parsed<double> parsed = parse_quantity(text, unit);
    ASSERT_TRUE(parsed.value) << text << ": " << parsed.why;
    EXPECT_DOUBLE_EQ(*parsed.value, value) << text;
    const bool bare = unit == Unit::none || std::string_view{text} == "0" || std::string_view{text} == "0.7";
    if (!bare) {
      EXPECT_TRUE(matches_pattern(text, pattern(unit))) << text;
    }
  }
}

TEST(Units, RefusesWhatIsOfAnotherUnit) {
  const std::vector<std::pair<const char*, Unit>> table{{"5ms", Unit::none},
                                                        {"5", Unit::per_second},
                                                        {"5ms", Unit::per_second},
                                                        {"5/fortnight", Unit::per_second},
                                                        {"5s", Unit::share},
                                                        {"5", Unit::bytes},
                                                        {"5Mbit/s", Unit::bytes_per_second},
                                                        {"5MB", Unit::bytes_per_second},
                                                        {"5 apples", Unit::any},
                                                        {"1e999", Unit::none},
                                                        {"1 2", Unit::none},
                                                        {"", Unit::any},
                                                        {"%", Unit::share}};
  for (const auto& [text, unit] : table) {
    EXPECT_FALSE(parse_quantity(text, unit).value) << text;
    const std::string form = pattern(unit);
    if (!form.empty()) {
      EXPECT_FALSE(matches_pattern(text, form)) << text;
    }
  }
}

TEST(Units, ReadsWholeNumbersWithinTheirType) {
  EXPECT_EQ(parse_integer<int>("-42").value, -42);
  EXPECT_EQ(parse_integer<std::uint64_t>("18446744073709551615").value, 18446744073709551615u);
  for (const char* text : {"", "1.0", "1e3", "0x10", "1 000", "+-1", "2147483648", "x"})
    EXPECT_FALSE(parse_integer<int>(text).value) << text;
  EXPECT_NE(parse_integer<std::uint64_t>("-1").why.find("is negative"), std::string::npos);
}

TEST(Units, ShowsWhatReadsBackAsTheSame) {
  EXPECT_EQ(show(200ms), "200ms");
  EXPECT_EQ(show(90s), "90s");
  EXPECT_EQ(show(48h), "2d");
  EXPECT_EQ(show(0s), "0s");
  EXPECT_EQ(show(0.0003, Unit::seconds), "300us");
  EXPECT_EQ(show(12.5e-9, Unit::seconds), "12.5ns");
  EXPECT_EQ(show(1e7, Unit::per_second), "10000000/s");
  EXPECT_EQ(show(0.7, Unit::share), "0.7");
  for (const double value : {0.0, 1.5, 3600.0, 0.25, 1e-6, 86400.0, 1e-12, 12.5e-9, 0.1 + 0.2})
    EXPECT_DOUBLE_EQ(parse_quantity(show(value, Unit::seconds), Unit::seconds).value.value_or(-1), value);
}

TEST(Url, HasSchemeHostPortAndPath) {
  const Parsed<Url> plain = parse_url("http://Otel-Collector:9411/api/v2/spans");
  ASSERT_TRUE(plain.value);
  EXPECT_EQ(plain.value->host, "otel-collector");
  EXPECT_EQ(plain.value->port, 9411);
  EXPECT_EQ(plain.value->path, "/api/v2/spans");
  EXPECT_EQ(parse_url("https://cloud/otlp").value->port, 443);
  EXPECT_EQ(parse_url("http://cloud").value->port, 80);
  EXPECT_EQ(parse_url("http://[::1]:4318/").value->host, "[::1]");
  EXPECT_EQ(parse_url("http://[::1]:4318/").value->port, 4318);
}

TEST(Url, IsRefusedWithoutWhatItNeeds) {
  for (const char* text : {"", "cloud", "cloud:4318", "grpc://cloud:4317", "http://", "http:///path", "http://cloud:0/",
                           "http://cloud:65536/", "http://cloud:http/", "http://a b/", "http://me@cloud/", "http://[/",
                           "http://a:1:2/", "://cloud"})
    EXPECT_FALSE(parse_url(text).value) << text;
}

TEST(Address, StandsForAllPortsOrForOne) {
  const Url url = *parse_url("http://cloud:4318/v1/traces").value;
  EXPECT_TRUE(answers(*parse_address("cloud").value, url));
  EXPECT_TRUE(answers(*parse_address("CLOUD:4318").value, url));
  EXPECT_FALSE(answers(*parse_address("cloud:4317").value, url));
  EXPECT_FALSE(answers(*parse_address("cloud2").value, url));
  for (const char* text : {"", "http://cloud", "cloud:", "cloud:x", ":4318", "a/b"})
    EXPECT_FALSE(parse_address(text).value) << text;
}

TEST(Utf8, TellsWellFormedSequencesFromOthers) {
  for (const char* good : {"a", "é", "€", "😀", "\xF4\x8F\xBF\xBF"})
    EXPECT_EQ(utf8_length(good, 0), std::string_view{good}.size()) << good;
  for (const char* bad : {"\x80", "\xC0\xAF", "\xC3", "\xC3(", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                          "\xFF", "\xF0\x80\x80\xAF"})
    EXPECT_EQ(utf8_length(bad, 0), 0u);
}

TEST(Utf8, CutsByCharacters) {
  EXPECT_EQ(characters("größe"), 5u);
  EXPECT_EQ(byte_of_character("größe", 3), 4u);
  EXPECT_EQ(shortened("äääääääääääää", 10), "ääääää…äää");
  EXPECT_EQ(shortened("short", 10), "short");
  EXPECT_EQ(escaped("a\tb\x7F\xC2\x85"), "a\\tb\\x7f\\x85");
}

}  // namespace
}  // namespace spillway::language
