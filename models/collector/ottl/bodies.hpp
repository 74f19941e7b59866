// What the modelled functions do. Private to functions.cpp, where their names stand.
#pragma once

#include "models/collector/ottl/functions.hpp"

namespace spillway::collector::ottl::bodies {

using Signature = bool(const Call& call, Scene& scene, Datum& out);

// converters.cpp
Signature is_match, is_string, is_int, is_double, is_bool, is_map, is_list, is_empty, is_root_span, to_int, to_double,
    to_bool, to_string, len, coalesce, contains_value, index_of, keys, values, log, duration, hours, minutes, seconds,
    milliseconds, microseconds, nanoseconds, unix_time, unix_seconds, unix_milli, unix_micro, unix_nano, trace_id,
    span_id;

// texts.cpp
Signature concat, split, substring, convert_case, to_lower_case, to_upper_case, to_snake_case, to_camel_case, trim,
    trim_prefix, trim_suffix, has_prefix, has_suffix, md5, sha1, sha256, sha512, fnv, hex_text, extract_patterns,
    parse_json, parse_int, format;

// editors.cpp
Signature set, delete_key, delete_matching_keys, keep_keys, keep_matching_keys, limit, truncate_all, replace_pattern,
    replace_all_patterns, replace_match, replace_all_matches, merge_maps, flatten, append, stringify_all,
    route;

using Preparation = bool(Call& call, std::string& error);
Preparation prepare_pattern_1, prepare_glob, prepare_case, prepare_mode, prepare_limit, prepare_truncate,
    prepare_strategy, prepare_flatten, prepare_append, prepare_trace_id, prepare_span_id, prepare_groups,
    prepare_encoding;

}  // namespace spillway::collector::ottl::bodies
