#include "models/scenario/values.hpp"

#include <algorithm>
#include <cmath>

#include "models/scenario/laws.hpp"
#include "models/scenario/map_reader.hpp"
#include "models/scenario/utf8.hpp"

namespace spillway::language {
namespace {

constexpr std::size_t kLongestText = 10'000;     ///< characters
constexpr std::size_t kMostSamples = 1'000'000;  ///< of an empirical law

std::string in_quotes(std::string_view text) { return "'" + shortened(text, 40) + "'"; }

/// A number or duration; the problem, if any, is reported at the value.
template <class T>
std::optional<T> accept(const Value& value, const Parsed<T>& parsed) {
  if (!parsed.value) value.problem(parsed.why);
  return parsed.value;
}

template <class T>
void read_whole(const Value& value, T& out) {
  const auto text = value.scalar();
  if (!text) return;
  const auto number = accept(value, parse_integer<T>(*text));
  if (number && value.in_range(static_cast<double>(*number))) out = *number;
}

/// Calls `item` for each element of a list, or for the value itself when it is no list.
template <class F>
void for_each_item(const Value& value, std::size_t most, F item) {
  if (value.node.kind != Node::Kind::sequence) return item(value);
  const auto& items = value.node.items;
  if (items.size() > most)
    return value.problem(std::to_string(items.size()) + " entries are more than " + std::to_string(most) +
                         "; give fewer");
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string path = join(value.path, std::to_string(i));
    value.input.note(path, items[i].mark);
    item(Value{value.input, items[i], path, value.about});
  }
}

/// "2.5ms" with the unit of the field. A problem of a file line names the line.
std::vector<double> read_samples(const Value& value, const std::string& name, const std::string& content) {
  std::vector<double> samples;
  Problems problems;
  Document lines;
  lines.file = value.input.resolve(name).string();
  std::size_t at = 0;
  for (int number = 1; at < content.size() && samples.size() <= kMostSamples; ++number) {
    const std::size_t end = std::min(content.find('\n', at), content.size());
    std::string line = content.substr(at, end - at);
    at = end + 1;
    line.resize(std::min(line.find('#'), line.size()));
    line.resize(line.find_last_not_of(" \t\r") + 1);
    if (line.empty()) continue;
    const Parsed<double> parsed = parse_quantity(line, value.about.unit);
    const bool in_range = parsed.value && *parsed.value >= value.about.min && *parsed.value <= value.about.max;
    if (in_range)
      samples.push_back(*parsed.value);
    else
      problems.add(Problem{Problem::Severity::error,
                           lines.file,
                           {number, 1},
                           {},
                           parsed.value ? in_quotes(line) + " is out of range" : parsed.why,
                           line});
  }
  for (std::size_t i = 0; i < std::min<std::size_t>(problems.all().size(), 10); ++i)
    value.input.problem(problems.all()[i]);
  return problems.has_errors() ? std::vector<double>{} : samples;
}

std::optional<Distribution> read_empirical(const Value& value, const EmpiricalLaw& law) {
  if (law.file.empty()) return std::nullopt;
  const auto content = value.input.read_file(law.file, value.node.mark, value.path);
  if (!content) return std::nullopt;
  const std::size_t before = value.input.errors();
  const std::vector<double> samples = read_samples(value, law.file, *content);
  if (value.input.errors() != before) return std::nullopt;
  if (samples.empty()) value.problem("'" + shortened(law.file) + "' has no values; give one with its unit per line");
  if (samples.size() > kMostSamples)
    value.problem("'" + shortened(law.file) + "' has more than 1000000 values; give fewer");
  if (samples.empty() || samples.size() > kMostSamples) return std::nullopt;
  return Distribution::empirical(samples);
}

std::vector<std::string> law_names() {
  return {"uniform",        "exponential",      "lognormal", "gamma",    "weibull",
          "bounded_pareto", "hyperexponential", "mixture",   "empirical"};
}

/// The map form. Ranges of single keys are checked while reading; a law is only built when nothing was wrong.
void read_law(const Value& value, Distribution& out) {
  Laws laws;
  laws.unit = value.about.unit;
  const std::size_t before = value.input.errors();
  read_struct(value.input, value.node, value.path, laws);
  if (value.input.errors() != before) return;
  const std::string why = disagreement(laws);
  if (!why.empty()) return value.problem(why);
  if (!laws.empirical) {
    out = to_distribution(laws);
    return;
  }
  if (const auto law = read_empirical(value, *laws.empirical)) out = *law;
}

}  // namespace

std::optional<std::string_view> Value::scalar() const {
  if (node.kind == Node::Kind::scalar) return node.text;
  if (node.kind == Node::Kind::null)
    problem("has no value; give one or remove the key");
  else
    problem(std::string{node.kind == Node::Kind::map ? "a map" : "a list"} + " stands where a single value is needed");
  return std::nullopt;
}

bool Value::in_range(double amount) const {
  if (amount >= about.min && amount <= about.max) return true;
  const bool below = amount < about.min;
  const std::string limit = show(below ? about.min : about.max, about.unit);
  problem(in_quotes(node.text) + (below ? " is below " : " is above ") + limit + "; give " +
          show(about.min, about.unit) + (std::isinf(about.max) ? " or more" : " to " + show(about.max, about.unit)));
  return false;
}

void read(const Value& value, std::string& out) {
  const auto text = value.scalar();
  if (!text) return;
  if (characters(*text) > kLongestText) return value.problem("text of more than 10000 characters; shorten it");
  out = *text;
}

void read(const Value& value, bool& out) {
  const auto text = value.scalar();
  if (!text) return;
  const bool known = *text == "true" || *text == "false";
  if (!known || value.node.quoted)
    return value.problem(in_quotes(*text) + " is not true or false; write one of them, without quotes");
  out = *text == "true";
}

void read(const Value& value, int& out) { read_whole(value, out); }
void read(const Value& value, std::int64_t& out) { read_whole(value, out); }
void read(const Value& value, std::uint64_t& out) { read_whole(value, out); }

void read(const Value& value, double& out) {
  const auto text = value.scalar();
  if (!text) return;
  const auto number = accept(value, parse_quantity(*text, value.about.unit));
  if (number && value.in_range(*number)) out = *number;
}

void read(const Value& value, Duration& out) {
  const auto text = value.scalar();
  if (!text) return;
  const auto duration = accept(value, parse_duration(*text));
  if (duration && value.in_range(seconds(*duration))) out = *duration;
}

void read(const Value& value, Time& out) {
  Duration since_start = out.time_since_epoch();
  read(value, since_start);
  out = Time{since_start};
}

void read(const Value& value, Distribution& out) {
  if (value.node.kind == Node::Kind::map) return read_law(value, out);
  double constant = 0;
  const std::size_t before = value.input.errors();
  read(value, constant);
  if (value.input.errors() == before) out = Distribution::constant(constant);
}

void read(const Value& value, std::vector<std::string>& out) {
  out.clear();
  const bool empty = value.node.kind == Node::Kind::sequence && value.node.items.empty();
  if (empty && !value.about.may_be_empty) return value.problem("the list is empty; name something or remove the key");
  for_each_item(value, kMostNames, [&](const Value& item) { read(item, out.emplace_back()); });
}

void read(const Value& value, std::vector<Time>& out) {
  out.clear();
  if (value.node.kind != Node::Kind::sequence)
    return value.problem("a list of moments is needed, such as [0s, 1min 30s]");
  if (value.node.items.empty()) return value.problem("the list is empty; name a moment or remove the key");
  for_each_item(value, kMostMoments, [&](const Value& item) { read(item, out.emplace_back()); });
  const auto descent = std::is_sorted_until(out.begin(), out.end());
  if (descent == out.end()) return;
  const auto index = static_cast<std::size_t>(descent - out.begin());
  value.input.problem(join(value.path, std::to_string(index)),
                      in_quotes(value.node.items[index].text) +
                          " is before the moment in front of it; write moments in ascending order");
}

void read(const Value& value, std::vector<std::filesystem::path>& out) {
  std::vector<std::string> names;
  read(value, names);
  out.clear();
  for_each_item(value, kMostNames, [&](const Value& item) {
    if (item.node.kind != Node::Kind::scalar) return;
    if (value.input.read_file(item.node.text, item.node.mark, item.path))
      out.push_back(value.input.resolve(item.node.text));
  });
}

void read(const Value& value, std::map<std::string, std::string>& out) {
  if (value.node.kind == Node::Kind::null) return;
  if (value.node.kind != Node::Kind::map) return value.problem("a map of texts is needed here, such as {key: value}");
  if (value.node.entries.size() > kMostNames)
    return value.problem("more than " + std::to_string(kMostNames) + " entries; give fewer");
  for (const Entry& entry : value.node.entries)
    read(Value{value.input, entry.value, join(value.path, entry.key), value.about}, out[entry.key]);
}

bool is_law(const Node& node) {
  if (node.kind != Node::Kind::map || node.entries.size() != 1) return false;
  const std::vector<std::string> names = law_names();
  return std::find(names.begin(), names.end(), node.entries.front().key) != names.end();
}

}  // namespace spillway::language
