// What the table of the scenario language (vocabulary.hpp) is made of. A `describe(visitor, object)` names every key of
// a struct once; the reader (map_reader.hpp) and the schema writer (schema.cpp) are the two visitors. A visitor offers:
//
//   v.about(text)                            what the struct is
//   v.field / v.required(key, ref, About)    a value: text, number, duration, law, word of an enum, or a list of those
//   v.nested(key, ref, text[, initial])      a struct of its own, or an optional one
//   v.list(key, vector, text, most)          a list of structs
//   v.section(key, vector, text, most)       a map name -> struct; the name goes to `name`
//   v.duration_or_auto(key, ref, About)      an optional duration; `auto` leaves it empty
//   v.sets(key, kind, value, text)           `key: true` sets `kind`
//   v.chooses(key, kind, value, ref, About)  the presence of the key sets `kind`; its value goes to `ref`
//   v.percentile(p, value, text, unit)       a key such as p99 or p99.9
//   v.exactly_one / at_most_one / at_least_one(keys), v.needs(key, keys), v.excludes(key, keys)   rules between keys
#pragma once

#include <array>
#include <initializer_list>
#include <limits>

#include "models/scenario/units.hpp"

namespace spillway::language {

/// One key: what it means, its unit and its range in that unit (durations: seconds; lists: of each element).
struct About {
  const char* text = "";
  Unit unit = Unit::none;
  double min = 0;
  double max = std::numeric_limits<double>::infinity();
  bool may_be_empty = false;  ///< a list
};

using Keys = std::initializer_list<const char*>;

/// Spelling of one value of an enum.
template <class E>
struct Word {
  const char* text;
  E value;
};

inline constexpr double kDay = 86400;
inline constexpr double kLongest = 400 * kDay;  ///< seconds; no run and no time in it is longer
inline constexpr double kHighestRate = 1e7;     ///< per second

/// Bounds on how much a few bytes of scenario can ask for.
inline constexpr std::size_t kMostPlaces = 64;
inline constexpr std::size_t kMostServices = 256;
inline constexpr std::size_t kMostOperations = 256;  ///< of a service
inline constexpr std::size_t kMostCalls = 64;        ///< of an operation, in parallel and again in sequence
inline constexpr std::size_t kMostSources = 256;     ///< traffic, and again clients
inline constexpr std::size_t kMostInstances = 64;    ///< of collectors, and again of backends, over all places
inline constexpr std::size_t kMostSteps = 1000;      ///< links, faults, script steps, expect, judge
inline constexpr std::size_t kMostMoments = 1'000'000;
inline constexpr std::size_t kMostNames = 256;  ///< of a list of names, of a map of attributes

/// The key that a value stands for where a map is expected: `work: 2ms` is `work: {fixed: 2ms}`. Null: no short form.
template <class T>
inline constexpr const char* short_form = nullptr;

}  // namespace spillway::language
