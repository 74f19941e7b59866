#include "models/collector/ottl/functions.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "models/collector/ottl/bodies.hpp"
#include "models/scenario/document.hpp"

namespace spillway::collector::ottl {
namespace {

using namespace bodies;

constexpr const char* kSame = "same";
constexpr const char* kTarget = "Target:text";
constexpr const char* kDurationOnly = "Duration:duration";
constexpr const char* kMomentOnly = "Time:moment";

// "Name:type", in order; ? behind the type: optional. `same`: as in the newer versions. Without a body: known, not
// modelled. Source: pkg/ottl/ottlfuncs of v0.111 and v0.159.
const std::array kFunctions{
    // Editors
    Function{"set", "Target:path Value:any", kSame, &set},
    Function{"delete_key", "Target:map_path Key:text", "Target:map Key:plain_text", &delete_key},
    Function{"delete_matching_keys", "Target:map_path Pattern:text", "Target:map Pattern:plain_text",
             &delete_matching_keys, &prepare_pattern_1},
    Function{"keep_matching_keys", "Target:map_path Pattern:text", "Target:map Pattern:plain_text", &keep_matching_keys,
             &prepare_pattern_1},
    Function{"keep_keys", "Target:map_path Keys:text_list", "Target:map Keys:plain_text_list", &keep_keys},
    Function{"limit", "Target:map_path Limit:plain_integer PriorityKeys:plain_text_list",
             "Target:map Limit:plain_integer PriorityKeys:plain_text_list", &limit, &prepare_limit},
    Function{"truncate_all", "Target:map_path Limit:plain_integer Utf8Safe:plain_truth? TruncationMarker:plain_text?",
             "Target:map Limit:plain_integer", &truncate_all, &prepare_truncate},
    Function{"replace_pattern",
             "Target:path RegexPattern:text Replacement:text Function:function? ReplacementFormat:text?",
             "Target:path RegexPattern:plain_text Replacement:text Function:function? ReplacementFormat:text?",
             &replace_pattern, &prepare_pattern_1},
    Function{"replace_all_patterns",
             "Target:map_path Mode:plain_text RegexPattern:text Replacement:text Function:function? "
             "ReplacementFormat:text?",
             "Target:map Mode:plain_text RegexPattern:plain_text Replacement:text Function:function? "
             "ReplacementFormat:text?",
             &replace_all_patterns, &prepare_mode},
    Function{"replace_match", "Target:path Pattern:text Replacement:text Function:function? ReplacementFormat:text?",
             "Target:path Pattern:plain_text Replacement:text Function:function? ReplacementFormat:text?",
             &replace_match, &prepare_glob},
    Function{"replace_all_matches",
             "Target:map_path Pattern:text Replacement:text Function:function? ReplacementFormat:text?",
             "Target:map Pattern:plain_text Replacement:text Function:function? ReplacementFormat:text?",
             &replace_all_matches, &prepare_glob},
    Function{"merge_maps", "Target:map_path Source:map Strategy:plain_text",
             "Target:map Source:map Strategy:plain_text", &merge_maps, &prepare_strategy},
    Function{"flatten", "Target:map_path Prefix:plain_text? Depth:plain_integer? ResolveConflicts:plain_truth?",
             "Target:map Prefix:plain_text? Depth:plain_integer?", &flatten, &prepare_flatten},
    Function{"append", "Target:path Value:any? Values:any_list?", kSame, &append, &prepare_append},
    Function{"stringify_all", "Target:map_path", nullptr, &stringify_all},
    Function{"delete_index", "Target:list_path StartIndex:integer EndIndex:integer?", nullptr},
    Function{"set_semconv_span_name", "SemconvVersion:plain_text OriginalSpanNameAttribute:plain_text?", nullptr},

    Function{"route", "", "", &route},  // of the routing connector: says nothing by itself

    // Questions
    Function{"IsMatch", "Target:text_like Pattern:text", "Target:text_like Pattern:plain_text", &is_match,
             &prepare_pattern_1},
    Function{"IsString", kTarget, kSame, &is_string},
    Function{"IsInt", "Target:integer", kSame, &is_int},
    Function{"IsDouble", "Target:real", kSame, &is_double},
    Function{"IsBool", "Target:truth", kSame, &is_bool},
    Function{"IsMap", "Target:map", kSame, &is_map},
    Function{"IsList", "Target:any", kSame, &is_list},
    Function{"IsEmpty", "Target:any", nullptr, &is_empty},
    Function{"IsRootSpan", "", "", &is_root_span, nullptr, kSpan},
    Function{"HasPrefix", "Target:text Prefix:text", nullptr, &has_prefix},
    Function{"HasSuffix", "Target:text Suffix:text", nullptr, &has_suffix},
    Function{"ContainsValue", "Target:list Item:any", nullptr, &contains_value},
    Function{"IsInCIDR", "Target:text Networks:text_list", nullptr},
    Function{"IsValidLuhn", "Target:text_like", nullptr},

    // Conversions
    Function{"Int", "Target:integer_like", kSame, &to_int},
    Function{"Double", "Target:real_like", kSame, &to_double},
    Function{"Bool", "Target:truth_like", nullptr, &to_bool},
    Function{"String", "Target:text_like", kSame, &to_string},
    Function{"Len", "Target:any", kSame, &len},
    Function{"Log", "Target:real_like", kSame, &bodies::log},
    Function{"Coalesce", "Values:any_list", nullptr, &coalesce},
    Function{"Index", "Target:any Value:any", nullptr, &index_of},
    Function{"Keys", "Target:map", nullptr, &keys},
    Function{"Values", "Target:map", nullptr, &values},
    Function{"ParseInt", "Target:text Base:integer", nullptr, &parse_int},
    Function{"ParseJSON", kTarget, kSame, &parse_json},
    Function{"ParseKeyValue", "Target:text Delimiter:plain_text? PairDelimiter:plain_text?", kSame},
    Function{"ExtractPatterns", "Target:text Pattern:text", "Target:text Pattern:plain_text", &extract_patterns,
             &prepare_groups},
    Function{"TraceID", "Target:octets_like", "Bytes:plain_bytes", &bodies::trace_id, &prepare_trace_id},
    Function{"SpanID", "Target:octets_like", "Bytes:plain_bytes", &bodies::span_id, &prepare_span_id},

    // Texts
    Function{"Concat", "Vals:text_like_list Delimiter:text", "Vals:text_like_list Delimiter:plain_text", &concat},
    Function{"Split", "Target:text Delimiter:text", "Target:text Delimiter:plain_text", &split, nullptr, kNothing,
             true},
    Function{"Substring", "Target:text Start:integer Length:integer Utf8Safe:plain_truth?",
             "Target:text Start:integer Length:integer", &substring},
    Function{"ConvertCase", "Target:text ToCase:plain_text", kSame, &convert_case, &prepare_case},
    Function{"ToLowerCase", kTarget, nullptr, &to_lower_case},
    Function{"ToUpperCase", kTarget, nullptr, &to_upper_case},
    Function{"ToSnakeCase", kTarget, nullptr, &to_snake_case},
    Function{"ToCamelCase", kTarget, nullptr, &to_camel_case},
    Function{"Trim", "Target:text Replacement:plain_text?", nullptr, &trim},
    Function{"TrimPrefix", "Target:text Prefix:text", nullptr, &trim_prefix},
    Function{"TrimSuffix", "Target:text Suffix:text", nullptr, &trim_suffix},
    Function{"Format", "Format:plain_text Vals:any_list", kSame, &format},
    Function{"MD5", kTarget, kSame, &md5},
    Function{"SHA1", kTarget, kSame, &sha1},
    Function{"SHA256", kTarget, kSame, &sha256},
    Function{"SHA512", kTarget, kSame, &sha512},
    Function{"FNV", kTarget, kSame, &fnv},
    Function{"Hex", "Target:octets_like", kSame, &hex_text},
    Function{"Murmur3Hash", kTarget, nullptr},
    Function{"Murmur3Hash128", kTarget, nullptr},
    Function{"XXH3", kTarget, nullptr},
    Function{"XXH128", kTarget, nullptr},
    Function{"Base64Decode", kTarget, kSame},
    Function{"Base64Encode", "Target:text Variant:text?", nullptr},
    Function{"Decode", "Target:any Encoding:text", "Target:any Encoding:plain_text", nullptr, &prepare_encoding},

    // Times
    Function{"Duration", "Duration:text", kSame, &bodies::duration},
    Function{"Hours", kDurationOnly, kSame, &hours},
    Function{"Minutes", kDurationOnly, kSame, &minutes},
    Function{"Seconds", kDurationOnly, kSame, &bodies::seconds},
    Function{"Milliseconds", kDurationOnly, kSame, &milliseconds},
    Function{"Microseconds", kDurationOnly, kSame, &microseconds},
    Function{"Nanoseconds", kDurationOnly, kSame, &nanoseconds},
    Function{"Unix", "Seconds:integer Nanoseconds:integer?", kSame, &unix_time},
    Function{"UnixSeconds", kMomentOnly, kSame, &unix_seconds},
    Function{"UnixMilli", kMomentOnly, kSame, &unix_milli},
    Function{"UnixMicro", kMomentOnly, kSame, &unix_micro},
    Function{"UnixNano", kMomentOnly, kSame, &unix_nano},
    Function{"Now", "", ""},
    Function{"Time", "Time:text Format:plain_text Location:plain_text? Locale:plain_text?", kSame},
    Function{"FormatTime", "Time:moment Format:plain_text", nullptr},
    Function{"TruncateTime", "Time:moment Duration:duration", kSame},
    Function{"Year", kMomentOnly, kSame},
    Function{"Month", kMomentOnly, kSame},
    Function{"Day", kMomentOnly, kSame},
    Function{"Weekday", kMomentOnly, nullptr},
    Function{"Hour", kMomentOnly, kSame},
    Function{"Minute", kMomentOnly, kSame},
    Function{"Second", kMomentOnly, nullptr},
    Function{"Nanosecond", kMomentOnly, nullptr},

    // Known, not modelled
    Function{"UUID", "", ""},
    Function{"UUIDv7", "", nullptr},
    Function{"URL", "URI:text", kSame},
    Function{"UserAgent", "UserAgent:text", kSame},
    Function{"Sort", "Target:any Order:plain_text?", kSame},
    Function{"SliceToMap", "Target:list KeyPath:plain_text_list? ValuePath:plain_text_list?", nullptr},
    Function{"ToKeyValueString", "Target:map Delimiter:plain_text? PairDelimiter:plain_text? SortOutput:plain_truth?",
             kSame},
    Function{"ExtractGrokPatterns",
             "Target:text Pattern:text NamedCapturesOnly:plain_truth? PatternDefinitions:plain_text_list?",
             "Target:text Pattern:plain_text NamedCapturesOnly:plain_truth? PatternDefinitions:plain_text_list?"},
    Function{"ParseCSV", "Target:text Header:text Delimiter:plain_text? HeaderDelimiter:plain_text? Mode:plain_text?",
             kSame},
    Function{"ParseXML", kTarget, kSame},
    Function{"ParseSimplifiedXML", kTarget, nullptr},
    Function{"GetXML", "Target:text XPath:plain_text", kSame},
    Function{"InsertXML", "Target:text XPath:plain_text SubDocument:text", kSame},
    Function{"RemoveXML", "Target:text XPath:plain_text", kSame},
    Function{"ConvertAttributesToElementsXML", "Target:text XPath:plain_text?", nullptr},
    Function{"ConvertTextToElementsXML", "Target:text XPath:plain_text? ElementName:plain_text?", nullptr},
    Function{"ParseSeverity", "Target:any Mapping:map", nullptr},
    Function{"ProfileID", "Target:octets_like", nullptr},
    Function{"CommunityID",
             "SourceIP:text SourcePort:integer DestinationIP:text DestinationPort:integer Protocol:text? Seed:integer?",
             nullptr},
    // Behind a gate that is shut by default: their lambdas are refused.
    Function{"All", "Source:any Predicate:lambda", nullptr},
    Function{"Any", "Source:any Predicate:lambda", nullptr},
    Function{"Filter", "Source:any Predicate:lambda", nullptr},
    Function{"Find", "Source:any Predicate:lambda Mapper:lambda?", nullptr},
    Function{"MapEach", "Source:any Mapper:lambda", nullptr},
    Function{"MapKeys", "Source:map KeyMapper:lambda", nullptr},
    Function{"Reduce", "Source:any Seed:any Accumulator:lambda", nullptr},
    Function{"When", "Condition:lambda TrueValue:any FalseValue:any", nullptr},
};

const char* spec_of(const Function& function, const Semantics& semantics) {
  if (semantics.ottl_newer_functions || function.older == nullptr) {
    return semantics.ottl_newer_functions ? function.newer : nullptr;
  }
  return function.older == kSame ? function.newer : function.older;
}

Type type_named(std::string_view name) {
  static const std::map<std::string_view, Type> types{{"any", Type::any},
                                                      {"path", Type::path},
                                                      {"text", Type::text},
                                                      {"text_like", Type::text_like},
                                                      {"real_like", Type::real_like},
                                                      {"integer", Type::integer},
                                                      {"integer_like", Type::integer_like},
                                                      {"real", Type::real},
                                                      {"truth", Type::truth},
                                                      {"truth_like", Type::truth_like},
                                                      {"octets_like", Type::octets_like},
                                                      {"map", Type::map},
                                                      {"map_path", Type::map_path},
                                                      {"list", Type::list},
                                                      {"list_path", Type::list_path},
                                                      {"duration", Type::duration},
                                                      {"moment", Type::moment},
                                                      {"plain_text", Type::plain_text},
                                                      {"plain_integer", Type::plain_integer},
                                                      {"plain_truth", Type::plain_truth},
                                                      {"plain_bytes", Type::plain_bytes},
                                                      {"any_list", Type::any_list},
                                                      {"text_list", Type::text_list},
                                                      {"text_like_list", Type::text_like_list},
                                                      {"plain_text_list", Type::plain_text_list},
                                                      {"function", Type::function},
                                                      {"lambda", Type::lambda}};
  return types.at(name);
}

bool is_editor(std::string_view name) { return name[0] >= 'a' && name[0] <= 'z'; }

/// Whether this kind of text has the function, as far as its name tells.
bool belongs(std::string_view name, Language language, const Semantics& semantics) {
  constexpr std::array<std::string_view, 3> routing{"route", "delete_key", "delete_matching_keys"};
  if (!is_editor(name)) return language != Language::routes || semantics.ottl_newer_functions || name == "IsMatch";
  if (language == Language::routes) return std::ranges::find(routing, name) != routing.end();
  return language == Language::statements && name != "route";
}

}  // namespace

const Function* find_function(std::string_view name, Context context, Language language, const Semantics& semantics) {
  const auto found = std::ranges::find(kFunctions, name, &Function::name);
  if (found == kFunctions.end() || spec_of(*found, semantics) == nullptr) return nullptr;
  if (!belongs(name, language, semantics)) return nullptr;
  const bool of_spans = name == "IsRootSpan" || name == "set_semconv_span_name";
  return of_spans && context != Context::span ? nullptr : &*found;
}

std::vector<Parameter> parameters_of(const Function& function, const Semantics& semantics) {
  std::vector<Parameter> all;
  std::string_view rest = spec_of(function, semantics);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const bool optional = word.ends_with('?');
    if (optional) word.remove_suffix(1);
    const std::size_t colon = word.find(':');
    all.push_back({word.substr(0, colon), type_named(word.substr(colon + 1)), optional});
  }
  return all;
}

std::string nearest_function(std::string_view name, Language language, const Semantics& semantics) {
  std::vector<std::string> names;
  for (const Function& function : kFunctions)
    if (spec_of(function, semantics) != nullptr && belongs(function.name, language, semantics))
      names.emplace_back(function.name);
  return nearest(name, names);
}

std::optional<std::string_view> text_argument(const Argument& argument, Scene& scene, Datum& hold) {
  if (argument.getter == nullptr) return std::string_view{argument.text};
  if (!argument.getter->get(scene, hold)) return std::nullopt;
  return hold.text();
}

bool text_like_argument(const Getter& getter, Scene& scene, std::optional<std::string>& out) {
  Datum value;
  if (!getter.get(scene, value)) return false;
  out = text_like(value);
  return true;
}

std::optional<std::int64_t> integer_argument(const Argument& argument, Scene& scene) {
  Datum value;
  if (!argument.getter->get(scene, value) || value.get<std::int64_t>() == nullptr) return std::nullopt;
  return *value.get<std::int64_t>();
}

const Regex* regex_argument(const Argument& argument, Scene& scene, std::optional<Regex>& hold) {
  if (argument.regex) return &*argument.regex;
  Datum value;
  const auto pattern = text_argument(argument, scene, value);
  std::string error;
  hold = pattern ? Regex::compile(*pattern, error) : std::nullopt;
  return hold ? &*hold : nullptr;
}

bool prepare_regex(Argument& argument, std::string& error) {
  std::optional<std::string_view> pattern;
  if (argument.getter == nullptr)
    pattern = argument.text;
  else if (const Datum* literal = argument.getter->literal())
    pattern = literal->text();
  if (!pattern) return true;
  std::string reason;
  argument.regex = Regex::compile(*pattern, reason);
  if (!argument.regex) error = "the regex pattern \"" + std::string{*pattern} + "\" is not a valid pattern: " + reason;
  return argument.regex.has_value();
}

}  // namespace spillway::collector::ottl
