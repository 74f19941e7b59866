// Whether a text is accepted, against what the real collectors said to it (verdicts.txt).
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "models/collector/ottl/ottl.hpp"

namespace spillway::collector::ottl {
namespace {

/// Empty when the text is accepted.
std::string error_of(const std::string& text, bool statement, Version version) {
  Diagnosis diagnosis;
  const Semantics semantics = semantics_of(version);
  if (statement)
    static_cast<void>(Statement::parse(text, Context::span, semantics, diagnosis));
  else
    static_cast<void>(Condition::parse(text, Context::span, semantics, diagnosis));
  return diagnosis.error;
}

TEST(OttlVerdict, EveryTextIsAcceptedOrRefusedAsByTheRealCollectors) {
  std::ifstream file{SPILLWAY_SOURCE_DIR "/tests/models/collector/ottl/verdicts.txt"};
  std::string line;
  int compared = 0;
  while (std::getline(file, line)) {
    if (line.starts_with('#')) continue;
    ASSERT_GE(line.size(), 7u) << line;
    const bool statement = line[6] == 's';
    const std::string text = line.size() > 8 ? line.substr(8) : "";
    for (const int minor : {111, 159}) {
      const bool accepted = line.substr(minor == 111 ? 0 : 3, 2) == "ok";
      const std::string error = error_of(text, statement, {0, minor, 0});
      EXPECT_EQ(error.empty(), accepted) << "0." << minor << ": " << text << "\n  here: " << error;
      ++compared;
    }
  }
  EXPECT_GT(compared, 600);
}

TEST(OttlVerdict, NestingWithoutEndIsRefusedAtOnce) {
  for (const std::string open : {"(", "not (", "Concat([", "-(", "{\"a\":", "["}) {
    std::string text = "attributes[\"x\"] == ";
    for (int i = 0; i < 5000; ++i) text += open;
    EXPECT_NE(error_of(text, false, {0, 159, 0}), "") << open;
    EXPECT_NE(error_of(text, false, {0, 111, 0}), "") << open;
  }
}

TEST(OttlVerdict, NestedArithmeticTakesNoExponentialTime) {
  std::string text = "1";
  for (int i = 0; i < 30; ++i) text = "Int(" + text + " + 1)";
  EXPECT_EQ(error_of(text + " == 31", false, {0, 159, 0}), "");
}

TEST(OttlVerdict, TextsBeyondTheBoundAreRefused) {
  EXPECT_NE(error_of("name == \"" + std::string(70'000, 'x') + '"', false, {0, 159, 0}), "");
}

TEST(OttlVerdict, IndicesWithoutEndAreRefused) {
  std::string path = "attributes[\"x\"]";
  for (int i = 0; i < 5000; ++i) path += "[9999]";
  EXPECT_NE(error_of("set(" + path + ", 1)", true, {0, 159, 0}), "");
}

TEST(OttlVerdict, AnErrorHasAPlace) {
  Diagnosis diagnosis;
  EXPECT_FALSE(Condition::parse("name == \"x\" and kind == FOO", Context::span, semantics_of({}), diagnosis));
  EXPECT_EQ(diagnosis.offset, 24u);
  EXPECT_EQ(diagnosis.error, "enum symbol, FOO, not found");
}

TEST(OttlVerdict, WhatIsNotModelledIsTold) {
  Diagnosis diagnosis;
  EXPECT_TRUE(Condition::parse("URL(name) != nil or events == nil", Context::span, semantics_of({}), diagnosis));
  EXPECT_EQ(diagnosis.unmodelled, (std::vector<std::string>{"function URL", "path events"}));
}

}  // namespace
}  // namespace spillway::collector::ottl
