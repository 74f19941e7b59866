// Decoding of one map of a collector file by the rules of the collector's decoder: exact keys, no unknown ones,
// no conversion between texts and numbers, Go durations. Private to the reading of collector files.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/collector/config_value.hpp"
#include "models/collector/version.hpp"
#include "sim/record.hpp"
#include "sim/time.hpp"

namespace spillway::collector {

/// What the decoding of one component needs and yields.
struct Reading {
  const Semantics& semantics;
  Problems& problems;
  std::string owner;  ///< "exporter otlphttp/a": stands in front of what is not modelled
  std::vector<NotModelled> not_modelled;
  int errors = 0;
  struct Late {
    const Document* document;
    Mark mark;
    std::string path, message;
  };
  std::vector<Late> when_used;  ///< what the collector refuses only when it builds a pipeline with the component

  void refuse_when_used(const Value& at, std::string path, std::string message);
  void refuse(const Document* document, Mark mark, std::string path, std::string message);
  void refuse(const Value& at, std::string path, std::string message);
  void warn(const Value& at, std::string path, std::string message);
  void leave_out(std::string_view setting, std::string_view effect);
  /// Looking for near names costs time: a file with a hundred problems gets no more of it.
  bool may_suggest() const { return problems.all().size() < 100; }
};

/// Go's time.ParseDuration: "1m30s", "-.5s", "0". `error` gets its words when the text is none.
std::optional<Duration> parse_duration(std::string_view text, std::string& error);

enum class Shape : std::uint8_t {
  text,
  boolean,
  integer,
  unsigned32,
  number,
  duration,
  texts,
  headers,
  id,
  section,
  optional,
  maps,  ///< a list of maps
  any
};

/// A setting the collector knows and the model does not: its type is checked, its effect is told.
struct Setting {
  std::string_view key;
  Shape shape;
  std::string_view effect;
  std::span<const Setting> inner = {};  ///< of a section
  bool Semantics::* since = nullptr;    ///< known only where this switch is on
};

inline constexpr std::string_view kNoEffect = "no effect on the result";
inline constexpr std::string_view kSizeOnly = "size only";
inline constexpr std::string_view kSizeAndCostOnly = "size and CPU only";
inline constexpr std::string_view kUnknownEffect = "unknown";

/// A word that stands for a number, e.g. a level. The collector takes the number as well.
struct Named {
  std::string_view text;  ///< lower case; any case is taken
  std::int64_t number;
};

/// How a section was written. `disabled`: with `enabled: false` where that is understood of any section; for a plain
/// struct, as an empty ${…}, which sets everything in it to zero.
enum class Presence : std::uint8_t { absent, null, given, disabled };

/// The keys of one map. Each reader takes its key out; what is left at finish() is unknown and refused.
/// Readers leave the default alone when the key is absent or refused; a null see Semantics::null_clears.
class Fields {
 public:
  Fields(const Value& map, std::string path, Reading& reading);

  void text(std::string_view key, std::string& out);
  void boolean(std::string_view key, bool& out);
  void integer(std::string_view key, std::int64_t& out);     ///< Go int, int64
  void unsigned32(std::string_view key, std::int64_t& out);  ///< Go uint32: negative refused, larger wraps
  void number(std::string_view key, double& out);
  void duration(std::string_view key, Duration& out);
  void texts(std::string_view key, std::vector<std::string>& out);
  void durations(std::string_view key, std::vector<Duration>& out);
  /// One of these words in any case, or a bare number, kept in as many bits as `out` says; `what` for the message.
  void named(std::string_view key, std::span<const Named> names, std::string_view what, std::int32_t& out);
  void id(std::string_view key, std::string& out);  ///< component id, normalised; null and {} leave the default

  /// A struct. Null leaves everything as it is.
  Presence section(std::string_view key, const std::function<void(Fields&)>& read);
  /// Every key of a map whose keys are free: none is unknown.
  void each(const std::function<void(const Member&)>& read);
  Presence section(const Member& entry, const std::function<void(Fields&)>& read);  ///< for one of them
  /// An optional struct; inside, `enabled: false` is understood where the version has it. An empty ${…} is {}.
  Presence optional(std::string_view key, const std::function<void(Fields&)>& read);

  /// A list of maps.
  void maps(std::string_view key, const std::function<void(Fields&)>& read);

  void unmodelled(std::span<const Setting> settings);
  void quiet(const std::function<void()>& read);  ///< settings read inside are not told
  void leave_out(std::string_view key, std::string_view effect);

  const Value* take(std::string_view key);  ///< marks the key as known; null when absent or broken
  std::string path_of(std::string_view key) const;
  const Value& value() const { return map_; }
  Reading& reading() { return reading_; }
  void refuse(std::string_view key, std::string message);  ///< at the value of this key, or at the map
  /// The same, where the collector refuses only when it builds a pipeline with the component.
  void refuse_when_used(std::string_view key, std::string message);
  void finish();                                           ///< refuses the keys nobody took

 private:
  const Value* scalar(std::string_view key);
  void setting(const Setting& setting);
  void headers(std::string_view key);
  void mismatch(const Value& value, std::string_view key, std::string_view wanted);
  bool is_map(const Value& value, std::string_view key);
  void read_inner(const Value& map, std::string_view key, const std::function<void(Fields&)>& read);
  Fields inner(const Value& map, std::string_view key) const;

  const Value& map_;
  std::string path_;
  std::string inside_;  ///< path within the component
  Reading& reading_;
  std::vector<std::string> known_;
  bool open_ = false;    ///< its keys are free
  bool silent_ = false;  ///< inside a setting that is not modelled: inner ones are not told again
};

/// What the collector takes for a text: nothing for a number or a list that did not come out of ${…}.
const std::string* text_of(const Value& value);
/// Whether a key is there with a text that is not empty, or with one whose expansion failed.
bool has_text(const Value& map, std::string_view key);
/// Whether a section carries `enabled: false`.
bool is_switched_off(const Value& section);
std::string lower(std::string text);  ///< ASCII

/// A component or pipeline id in the collector's syntax "type[/name]"; spaces around both parts are dropped.
struct Id {
  std::string type, name;
  std::string text() const { return name.empty() ? type : type + '/' + name; }
};
/// Nothing and a message in the collector's words when `text` is no id.
std::optional<Id> parse_id(std::string_view text, std::string& error);

}  // namespace spillway::collector
