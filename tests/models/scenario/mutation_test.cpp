// A good scenario, damaged in many ways: reading it never crashes and always yields a scenario or an error, never both.
#include <gtest/gtest.h>

#include "sim/stream.hpp"
#include "tests/models/scenario/workspace.hpp"

namespace spillway {
namespace {

constexpr std::uint64_t kSeed = 20240607;

/// Draws of one mutant; the number names it.
class Dice {
 public:
  explicit Dice(std::uint64_t number) : draws_{StreamKey{kSeed}, number} {}
  std::size_t below(std::size_t n) { return n == 0 ? 0 : draws_.bits() % n; }
  template <class T>
  const T& of(const std::vector<T>& choices) {
    return choices[below(choices.size())];
  }

 private:
  Draws draws_;
};

const std::vector<std::string> kTokens{"",
                                       " ",
                                       "\n",
                                       "null",
                                       "~",
                                       "[]",
                                       "{}",
                                       "[",
                                       "]",
                                       "{",
                                       "}",
                                       ":",
                                       "- ",
                                       "? ",
                                       "-1",
                                       "0",
                                       "1e999",
                                       "nan",
                                       "0x7fffffff",
                                       "99999999999999999999999",
                                       "9223372036854775807",
                                       "-9223372036854775808",
                                       "true",
                                       "\"",
                                       "'",
                                       "\"\\x00\"",
                                       "\t",
                                       "#",
                                       "&a ",
                                       "*a",
                                       "<<",
                                       "!!binary ",
                                       "|",
                                       ">",
                                       "%",
                                       "@",
                                       "1ns",
                                       "400d",
                                       "0s",
                                       "10000000/s",
                                       "100 %",
                                       "same",
                                       "each",
                                       "every-section.yaml",
                                       "aws",
                                       "{lognormal: {median: 1ms, p99: 2ms}}",
                                       "{mixture: [{weight: 1, of: 1ms}]}",
                                       "{empirical: {file: latencies.txt}}",
                                       "[[[[[[[[[[[[[[[[[[",
                                       "\xFF",
                                       "\xC3\xA9",
                                       "---\n",
                                       "...\n",
                                       "p99",
                                       "p50",
                                       "in",
                                       "http://otel-collector/"};

void flip_a_byte(std::string& text, Dice& dice) { text[dice.below(text.size())] = static_cast<char>(dice.below(256)); }
void insert_a_token(std::string& text, Dice& dice) { text.insert(dice.below(text.size()), dice.of(kTokens)); }
void drop_a_piece(std::string& text, Dice& dice) { text.erase(dice.below(text.size()), 1 + dice.below(12)); }

void replace_a_word(std::string& text, Dice& dice) {
  const std::string_view ends = " \n,:{}[]\"";
  const std::size_t begin = text.find_first_not_of(ends, dice.below(text.size()));
  if (begin == std::string::npos) return;
  const std::size_t end = std::min(text.find_first_of(ends, begin), text.size());
  text.replace(begin, end - begin, dice.of(kTokens));
}

void copy_a_piece(std::string& text, Dice& dice) {
  const std::string piece = text.substr(dice.below(text.size()), dice.below(200));
  text.insert(dice.below(text.size()), piece);
}

void drop_a_line(std::string& text, Dice& dice) {
  const std::size_t begin = text.find('\n', dice.below(text.size()));
  if (begin == std::string::npos) return;
  text.erase(begin, std::min(text.find('\n', begin + 1), text.size()) - begin);
}

std::string mutant(std::string text, std::uint64_t number) {
  Dice dice{number};
  const std::vector<void (*)(std::string&, Dice&)> ways{flip_a_byte,    insert_a_token, drop_a_piece, replace_a_word,
                                                        replace_a_word, replace_a_word, copy_a_piece, drop_a_line};
  const std::size_t times = 1 + dice.below(4);
  for (std::size_t i = 0; i < times && !text.empty(); ++i) dice.of(ways)(text, dice);
  return text;
}

void expect_scenario_or_problem(const Reading& reading, const std::string& what) {
  EXPECT_NE(reading.scenario.has_value(), reading.problems.has_errors()) << what << "\n" << reading.text;
  EXPECT_EQ(reading.scenario.has_value(), reading.failure == LoadFailure::none) << what << "\n" << reading.text;
  for (const Problem& problem : reading.problems.all()) EXPECT_FALSE(problem.message.empty()) << what;
}

TEST(Mutation, OfAGoodScenarioYieldsAScenarioOrAProblem) {
  constexpr std::uint64_t mutants = 3000;
  const Workspace workspace;
  const std::filesystem::path data = kEverySection.parent_path();
  for (const char* name : {"collector.yaml", "latencies.txt", "posts.jsonl", "costs.yaml"}) workspace.write(name, content_of(data / name));
  const std::string good = content_of(kEverySection);
  std::size_t read = 0;
  for (std::uint64_t number = 0; number < mutants; ++number) {
    const std::string text = mutant(good, number);
    const Reading reading = read_file(workspace.write("mutant.yaml", text));
    expect_scenario_or_problem(reading, "mutant " + std::to_string(number) + " of seed " + std::to_string(kSeed));
    read += reading.scenario ? 1 : 0;
  }
  EXPECT_GT(read, mutants / 50) << "too few mutants survive to test what comes after parsing";
  EXPECT_LT(read, mutants / 2);
}

TEST(Mutation, RandomBytesYieldAProblem) {
  const Workspace workspace;
  for (std::uint64_t number = 0; number < 500; ++number) {
    Dice dice{number};
    std::string text(dice.below(400), '\0');
    for (char& c : text) c = static_cast<char>(dice.below(4) == 0 ? dice.below(256) : 32 + dice.below(95));
    const Reading reading = read_file(workspace.write("noise.yaml", text));
    expect_scenario_or_problem(reading, "noise " + std::to_string(number));
    EXPECT_FALSE(reading.scenario);
  }
}

TEST(Mutation, OverridesYieldAScenarioOrAProblem) {
  const std::vector<std::string> paths{"seed",
                                       "duration",
                                       "places",
                                       "places.aws",
                                       "links.0",
                                       "services.shop",
                                       "services.shop.operations",
                                       "services.shop.in",
                                       "traffic.checkouts.rate",
                                       "clients.feeder.at",
                                       "collectors.gateway.config",
                                       "backends.cloud.script",
                                       "faults.0",
                                       "faults.2.backend",
                                       "expect",
                                       "judge.0.as",
                                       "record",
                                       "nowhere"};
  for (const std::string& path : paths)
    for (const std::string& value : kTokens)
      expect_scenario_or_problem(read_file(kEverySection, {{path, value}}), path + "=" + value);
}

}  // namespace
}  // namespace spillway
