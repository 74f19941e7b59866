// What conditions and statements come to. The expected values were seen on running collectors, v0.159 unless a test
// says otherwise.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "models/collector/ottl/ottl.hpp"

namespace spillway::collector::ottl {
namespace {

using namespace std::chrono_literals;

class OttlEvaluation : public testing::Test {
 protected:
  OttlEvaluation() {
    SpanShape shape;
    shape.name = "GET /users/42";
    shape.kind = SpanKind::server;
    shape.attributes = {{"http.status", std::int64_t{503}},
                        {"ratio", 0.5},
                        {"ok", true},
                        {"path", "/users/42"},
                        {"list", ValueList{1, "b"}},
                        {"map", Attributes{{"in", "x"}}},
                        {"json", "{\"a\":{\"b\":1},\"c\":[1,2]}"}};
    shape.status_message = "boom";
    shape.trace_state = "a=1,b=2";
    shape.events = {{"exception", {{"type", "E"}}, 3ms}};
    span.shape = catalog.add_shape(shape);
    ResourceShape resource{"cart", {{"env", "prod"}}, "lib", "1.2", {}};
    span.resource = catalog.add_resource(resource);
    span.start = Time{5s};
    span.duration = 1500ms;
    span.status = SpanStatus::error;
    span.trace = 7;
    span.ordinal = 3;
    span.parent = 1;
  }

  Verdict verdict(const std::string& text, Context context = Context::span, int minor = 159) {
    Diagnosis diagnosis;
    const auto condition = Condition::parse(text, context, semantics_of({0, minor, 0}), diagnosis);
    EXPECT_TRUE(condition) << text << ": " << diagnosis.error;
    if (!condition) return Verdict::failed;
    Scene scene{&catalog, &span, &catalog.shape(span.shape), &catalog.resource(span.resource), 0, nullptr};
    return condition->test(scene);
  }
  void expect(Verdict wanted, std::initializer_list<const char*> texts, Context context = Context::span,
              int minor = 159) {
    for (const char* text : texts) EXPECT_EQ(verdict(text, context, minor), wanted) << text;
  }

  Draft run(const std::string& text, int minor = 159, bool succeeds = true) {
    Diagnosis diagnosis;
    const auto statement = Statement::parse(text, Context::span, semantics_of({0, minor, 0}), diagnosis);
    EXPECT_TRUE(statement) << text << ": " << diagnosis.error;
    Draft draft{span, catalog.shape(span.shape), catalog.resource(span.resource), {}};
    Scene scene{&catalog, &draft.span, &draft.shape, &draft.resource, 0, &draft};
    const bool done = statement && statement->run(scene);
    EXPECT_EQ(done, succeeds) << text;
    return draft;
  }
  std::string attribute_after(const std::string& text, const std::string& key, int minor = 159) {
    const Draft draft = run(text, minor);
    const auto* value = find_attribute(draft.shape.attributes, key);
    return value == nullptr ? "none" : to_text(*value);
  }

  Catalog catalog{1};
  Span span;
};

TEST_F(OttlEvaluation, ComparesByType) {
  expect(Verdict::yes,
         {"attributes[\"http.status\"] == 503", "attributes[\"http.status\"] >= 500.5", "attributes[\"ratio\"] < 1",
          "attributes[\"ok\"] == true", "true > false", "attributes[\"none\"] == nil", "nil != attributes[\"ok\"]",
          "attributes[\"path\"] > \"/a\"", "\"503\" != 503", "nil <= nil", "attributes[\"list\"] == [1, \"b\"]",
          "attributes[\"map\"] == {\"in\": \"x\"}"});
  expect(Verdict::no, {"attributes[\"http.status\"] == \"503\"", "attributes[\"none\"] > 1", "nil < nil",
                       "attributes[\"ok\"] == \"true\"", "attributes[\"list\"] == [1]"});
}

TEST_F(OttlEvaluation, OlderCollectorsTakeNoTwoCollectionsForEqual) {
  expect(Verdict::no, {"attributes[\"list\"] == [1, \"b\"]", "attributes[\"map\"] == {\"in\": \"x\"}"}, Context::span,
         111);
}

TEST_F(OttlEvaluation, OlderCollectorsCannotIndexWhatSplitYields) {
  expect(Verdict::failed, {"Split(name, \"/\")[2] == \"42\""}, Context::span, 111);
}

TEST_F(OttlEvaluation, ReadsEveryPart) {
  expect(Verdict::yes, {"name == \"GET /users/42\"",
                        "kind == SPAN_KIND_SERVER",
                        "kind.string == \"Server\"",
                        "kind.deprecated_string == \"SPAN_KIND_SERVER\"",
                        "status.code == STATUS_CODE_ERROR",
                        "status.message == \"boom\"",
                        "trace_state[\"b\"] == \"2\"",
                        "trace_state[\"z\"] == \"\"",
                        "resource.attributes[\"service.name\"] == \"cart\"",
                        "resource.attributes[\"env\"] == \"prod\"",
                        "instrumentation_scope.name == \"lib\"",
                        "scope.version == \"1.2\"",
                        "span.name == name",
                        "end_time - start_time == Duration(\"1500ms\")",
                        "end_time_unix_nano - start_time_unix_nano == 1500000000",
                        "attributes[\"list\"][1] == \"b\"",
                        "attributes[\"map\"][\"in\"] == \"x\"",
                        "attributes[\"map\"][\"no\"] == nil",
                        "Len(trace_id.string) == 32",
                        "not IsRootSpan()",
                        "attributes[Concat([\"pa\", \"th\"], \"\")] == \"/users/42\""});
  span.parent = kNoParent;
  expect(Verdict::yes, {"IsRootSpan()", "parent_span_id == SpanID(0x0000000000000000)",
                        "parent_span_id.string == \"0000000000000000\""});
}

TEST_F(OttlEvaluation, EventsSeeTheirSpan) {
  expect(Verdict::yes,
         {"name == \"exception\"", "attributes[\"type\"] == \"E\"", "span.status.code == STATUS_CODE_ERROR",
          "resource.attributes[\"env\"] == \"prod\"", "time - span.start_time == Duration(\"3ms\")"},
         Context::spanevent);
}

TEST_F(OttlEvaluation, LogicStopsWhereItIsDecided) {
  expect(Verdict::yes, {"true or attributes[\"ok\"][\"x\"] == 1", "name != \"\" or Int(attributes) == 1",
                        "not (name == \"x\" or name == \"y\")", "name == \"x\" or kind == 2 and status.code == 2"});
  expect(Verdict::no, {"name == \"x\" and attributes[\"ok\"][\"x\"] == 1", "attributes[\"ok\"][\"x\"] == 1 and false"});
  expect(Verdict::failed, {"attributes[\"ok\"][\"x\"] == 1", "attributes[\"ok\"][\"x\"] == 1 or name != \"\"",
                           "not attributes[\"ok\"][\"x\"] == 1", "attributes[\"list\"][5] == 1", "Len(name)"});
}

TEST_F(OttlEvaluation, Reckons) {
  expect(Verdict::yes, {"1 + 2 * 3 == 7", "(1 + 2) * 3 == 9", "7 / 2 == 3", "7.0 / 2 == 3.5", "-(1 + 2) == -3",
                        "010 == 8", "attributes[\"http.status\"] - 500 == 3", "2 * attributes[\"ratio\"] == 1.0"});
  expect(Verdict::failed, {"1 / 0 == 1", "name + 1 == 2", "start_time + start_time == start_time"});
}

TEST_F(OttlEvaluation, Converters) {
  expect(Verdict::yes, {"IsMatch(name, \"^GET /users/\\\\d+$\")",
                        "IsMatch(attributes[\"http.status\"], \"^5\")",
                        "not IsMatch(attributes[\"none\"], \".\")",
                        "IsString(name)",
                        "not IsString(attributes[\"none\"])",
                        "IsInt(attributes[\"http.status\"])",
                        "IsMap(attributes)",
                        "IsList(attributes[\"list\"])",
                        "Int(\"12\") == 12",
                        "Int(\"x\") == nil",
                        "Int(attributes[\"ratio\"]) == 0",
                        "Double(\"1.5\") == 1.5",
                        "String(true) == \"true\"",
                        "Concat([\"a\", 1, nil], \"-\") == \"a-1-<nil>\"",
                        "Split(name, \"/\")[2] == \"42\"",
                        "Substring(name, 0, 3) == \"GET\"",
                        "ConvertCase(\"SomeName\", \"snake\") == \"some_name\"",
                        "ToCamelCase(\"some_name\") == \"SomeName\"",
                        "ToLowerCase(\"ABC\") == \"abc\"",
                        "Trim(\" a \") == \"a\"",
                        "HasPrefix(name, \"GET\")",
                        "Len(attributes[\"list\"]) == 2",
                        "Coalesce([attributes[\"none\"], name]) == name",
                        "SHA256(\"a\") == \"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb\"",
                        "FNV(\"a\") == -5808556873153909620",
                        "MD5(\"a\") == \"0cc175b9c0f1b6a831c399e269772661\"",
                        "ExtractPatterns(name, \"(?P<id>[0-9]+)\")[\"id\"] == \"42\"",
                        "ParseJSON(attributes[\"json\"])[\"a\"][\"b\"] == 1",
                        "ContainsValue(attributes[\"list\"], \"b\")",
                        "Index(name, \"/\") == 4",
                        "Seconds(Duration(\"90s\")) == 90.0",
                        "Milliseconds(end_time - start_time) == 1500",
                        "Hex(1) == \"0000000000000001\"",
                        "ParseInt(\"ff\", 16) == 255",
                        "Format(\"%s-%d\", [\"a\", 5]) == \"a-5\""});
  expect(Verdict::failed,
         {"Double(\"x\") == 1", "Substring(name, 0, 99) == \"\"", "Duration(\"x\") > Duration(\"1s\")",
          "ExtractPatterns(name, \"a\")[\"id\"] == 1", "Len(5) == 1", "SHA256(attributes[\"ok\"]) == \"\""});
}

TEST_F(OttlEvaluation, SetsAndDeletes) {
  EXPECT_EQ(attribute_after("set(attributes[\"new\"], Concat([name, \"!\"], \"\"))", "new"), "GET /users/42!");
  EXPECT_EQ(attribute_after("set(attributes[\"map\"][\"deep\"], 1)", "map"), "{\"deep\":1,\"in\":\"x\"}");
  EXPECT_EQ(attribute_after("set(attributes[\"fresh\"][\"a\"][1], 5)", "fresh"), "{\"a\":[null,5]}");
  EXPECT_EQ(attribute_after("set(attributes[\"path\"], nil)", "path"), "/users/42");
  EXPECT_EQ(attribute_after("delete_key(attributes, \"path\")", "path"), "none");
  EXPECT_EQ(attribute_after("delete_matching_keys(attributes, \"^p\")", "path"), "none");
  EXPECT_EQ(run("keep_keys(attributes, [\"ok\"])").shape.attributes, (Attributes{{"ok", true}}));
  EXPECT_EQ(run("keep_matching_keys(attributes, \"^ht\")").shape.attributes.size(), 1u);
  EXPECT_EQ(run("limit(attributes, 2, [\"json\"])").shape.attributes.size(), 2u);
  EXPECT_EQ(attribute_after("truncate_all(attributes, 3)", "path"), "/us");
  EXPECT_EQ(run("set(name, \"x\") where kind == SPAN_KIND_CLIENT").shape.name, "GET /users/42");
  EXPECT_EQ(run("set(kind.string, \"Client\")").shape.kind, SpanKind::client);
  EXPECT_EQ(run("set(status.code, 1)").span.status, SpanStatus::ok);
  EXPECT_EQ(run("set(resource.attributes[\"service.name\"], \"other\")").resource.service, "other");
  EXPECT_EQ(run("set(end_time, start_time)").span.duration, Duration{});
}

TEST_F(OttlEvaluation, SettingAWrongTypeFailsSinceItIsChecked) {
  EXPECT_EQ(run("set(name, 5)", 159, false).shape.name, "GET /users/42");
  EXPECT_EQ(run("set(name, 5)", 111, true).shape.name, "GET /users/42");
  run("set(attributes[\"took\"], end_time - start_time)", 159, false);
  EXPECT_EQ(attribute_after("set(attributes[\"took\"], end_time - start_time)", "took", 111), "");
}

TEST_F(OttlEvaluation, Replaces) {
  EXPECT_EQ(run("replace_pattern(name, \"/users/(\\\\d+)\", \"/users/<$1>\")").shape.name, "GET /users/<42>");
  EXPECT_EQ(run("replace_pattern(name, \"\\\\d\", \"n\")").shape.name, "GET /users/nn");
  EXPECT_EQ(attribute_after("replace_match(attributes[\"path\"], \"/users/*\", \"/users/{id}\")", "path"),
            "/users/{id}");
  EXPECT_EQ(attribute_after("replace_all_matches(attributes, \"/users/*\", \"/users/{id}\")", "path"), "/users/{id}");
  EXPECT_EQ(attribute_after("replace_all_patterns(attributes, \"value\", \"users\", \"u\")", "path"), "/u/42");
  EXPECT_EQ(attribute_after("replace_all_patterns(attributes, \"key\", \"^path$\", \"p\")", "p"), "/users/42");
  EXPECT_EQ(attribute_after("replace_pattern(attributes[\"path\"], \"42\", \"$0\", MD5)", "path"),
            "/users/a1d0c6e83f027327d8461063f4ac58a6");
}

TEST_F(OttlEvaluation, JoinsMapsAndLists) {
  EXPECT_EQ(attribute_after("merge_maps(attributes, ParseJSON(attributes[\"json\"]), \"upsert\")", "c"), "[1,2]");
  EXPECT_EQ(attribute_after("merge_maps(attributes, {\"path\": \"new\"}, \"insert\")", "path"), "/users/42");
  EXPECT_EQ(attribute_after("merge_maps(attributes, {\"path\": \"new\"}, \"update\")", "path"), "new");
  EXPECT_EQ(attribute_after("flatten(attributes)", "map.in"), "x");
  EXPECT_EQ(attribute_after("flatten(attributes)", "list.0"), "1");
  EXPECT_EQ(attribute_after("append(attributes[\"list\"], 7)", "list"), "[1,\"b\",7]");
  EXPECT_EQ(attribute_after("append(attributes[\"path\"], values=[1, 2])", "path"), "[\"/users/42\",1,2]");
}

TEST_F(OttlEvaluation, WhatGrowsWithoutEndIsStopped) {
  Draft draft{span, catalog.shape(span.shape), catalog.resource(span.resource), {}};
  Scene scene{&catalog, &draft.span, &draft.shape, &draft.resource, 0, &draft};
  Diagnosis diagnosis;
  const auto doubles =
      Statement::parse("set(attributes[\"path\"], Concat([attributes[\"path\"], attributes[\"path\"]], \"\"))",
                       Context::span, semantics_of({}), diagnosis);
  const auto nests =
      Statement::parse("set(attributes[\"list\"], [attributes[\"list\"]])", Context::span, semantics_of({}), diagnosis);
  int done = 0, nested = 0;
  for (int i = 0; i < 100; ++i) {
    done += doubles->run(scene) ? 1 : 0;
    nested += nests->run(scene) ? 1 : 0;
  }
  EXPECT_EQ(done, 16);  // nine bytes doubled until a mebibyte
  EXPECT_EQ(nested, 63);
}

TEST_F(OttlEvaluation, AMatcherRemembersByShapeAndResourceAndStatus) {
  Diagnosis diagnosis;
  std::vector<Condition> conditions;
  for (const char* text : {"attributes[\"ok\"][\"x\"] == 1", "status.code == STATUS_CODE_OK", "IsRootSpan()"})
    conditions.push_back(*Condition::parse(text, Context::span, semantics_of({}), diagnosis));
  Matcher matcher{conditions, ErrorMode::ignore, catalog};
  EXPECT_EQ(matcher.test(span), Verdict::no);
  span.status = SpanStatus::ok;
  EXPECT_EQ(matcher.test(span), Verdict::yes);
  span.status = SpanStatus::error;
  EXPECT_EQ(matcher.test(span), Verdict::no);
  span.parent = kNoParent;
  EXPECT_EQ(matcher.test(span), Verdict::yes);
  EXPECT_EQ((Matcher{conditions, ErrorMode::propagate, catalog}.test(span)), Verdict::failed);
}

TEST(OttlContext, TheLowestNamedContextIsInferred) {
  const Semantics semantics = semantics_of({});
  Diagnosis diagnosis;
  EXPECT_EQ(inferred_context({"set(span.name, resource.attributes[\"a\"])"}, true, semantics, diagnosis),
            Context::span);
  EXPECT_EQ(inferred_context({"set(resource.attributes[\"a\"], 1)"}, true, semantics, diagnosis), Context::resource);
  EXPECT_EQ(inferred_context({"spanevent.name == span.name"}, false, semantics, diagnosis), Context::spanevent);
  EXPECT_EQ(inferred_context({"resource.attributes[\"a\"] == 1 and IsRootSpan()"}, false, semantics, diagnosis),
            Context::span);
  EXPECT_EQ(inferred_context({"name == \"x\""}, false, semantics, diagnosis), std::nullopt);
}

}  // namespace
}  // namespace spillway::collector::ottl
