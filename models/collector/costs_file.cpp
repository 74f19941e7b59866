// Parameter files: a map of versions to parameters, each with value, unit, source and date.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <set>

#include "models/collector/costs.hpp"

namespace spillway::collector {

/// The content of costs.yaml, put in by the build.
extern const char* const kStandardCosts;

namespace {

constexpr std::size_t kMostGenerations = 64;

std::vector<std::string> parameter_names() {
  std::vector<std::string> names;
  for (const CostParameter& parameter : cost_parameters()) names.push_back(parameter.name);
  return names;
}

std::optional<double> number_of(const std::string& text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

bool is_date(const std::string& text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '-' || (c >= '0' && c <= '9'); });
}

class CostReader {
 public:
  CostReader(const Document& document, CostTable& table, Problems& problems)
      : document_{document}, table_{table}, problems_{problems} {}

  void read() {
    const Node* generations = nullptr;
    if (!is_map(document_.root, "")) return;
    for (const Entry& entry : document_.root.entries) {
      if (entry.key == "costs") generations = &entry.value;
      else if (entry.key != "description") unknown(entry, "", {"costs", "description"});
    }
    if (generations == nullptr) return problem({}, "", "'costs' is missing; add it: versions, each with parameters");
    if (!is_map(*generations, "costs")) return;
    if (generations->entries.size() > kMostGenerations)
      return problem(generations->mark, "costs", "more than 64 versions; give fewer");
    for (const Entry& entry : generations->entries) read_generation(entry);
  }

 private:
  void problem(Mark mark, const std::string& path, const std::string& message) {
    problems_.add(document_.problem(mark, path, message));
  }
  bool is_map(const Node& node, const std::string& path) {
    if (node.kind == Node::Kind::map) return true;
    problem(node.mark, path, "a map of keys is needed here; indent 'key: value' below it");
    return false;
  }
  void unknown(const Entry& entry, const std::string& path, const std::vector<std::string>& known) {
    const std::string near = nearest(entry.key, known);
    problem(entry.key_mark, path, "unknown key '" + entry.key + "'" +
                                      (near.empty() ? "; remove it" : "; did you mean '" + near + "'?"));
  }

  /// The generation of this version: there, or new with the parameters that the version has so far.
  CostGeneration& generation(Version from) {
    auto& all = table_.generations;
    const auto at = std::find_if(all.begin(), all.end(), [&](const CostGeneration& g) { return g.from >= from; });
    if (at != all.end() && at->from == from) return *at;
    CostGeneration fresh{from, {}, std::vector<CostSource>(cost_parameters().size())};
    if (!all.empty()) {
      const CostGeneration& before = at == all.begin() ? *at : *(at - 1);
      fresh.costs = before.costs;
      fresh.sources = before.sources;
    }
    return *all.insert(at, std::move(fresh));
  }

  void read_generation(const Entry& entry) {
    const std::string path = "costs." + entry.key;
    const auto version = parse_version(entry.key);
    if (!version) return problem(entry.key_mark, path, "'" + entry.key + "' is no version; write it like 0.111.0");
    if (!is_map(entry.value, path)) return;
    CostGeneration& into = generation(*version);
    for (const Entry& parameter : entry.value.entries) read_parameter(parameter, path, into);
  }

  void read_parameter(const Entry& entry, const std::string& path, CostGeneration& into) {
    const auto all = cost_parameters();
    const auto found = std::find_if(all.begin(), all.end(), [&](const CostParameter& p) { return entry.key == p.name; });
    if (found == all.end()) return unknown(entry, path, parameter_names());
    const std::string here = path + "." + entry.key;
    if (!is_map(entry.value, here)) return;
    for (const Entry& key : entry.value.entries) {
      const std::set<std::string> known{"value", "unit", "low", "high", "source", "date"};
      if (!known.contains(key.key)) unknown(key, here, {known.begin(), known.end()});
    }
    const std::string unit = text(entry, "unit", here);
    if (!unit.empty() && unit != found->unit)
      problem(entry.value.find("unit")->mark, here + ".unit", "'" + unit + "' is not its unit; write '" + found->unit + "'");
    const std::string date = text(entry, "date", here);
    if (!date.empty() && !is_date(date))
      problem(entry.value.find("date")->mark, here + ".date", "'" + date + "' is no date; write it like 2026-01-31");
    into.sources[static_cast<std::size_t>(found - all.begin())] = {text(entry, "source", here), date};
    read_value(entry, *found, here, into);
  }

  void read_value(const Entry& entry, const CostParameter& parameter, const std::string& here, CostGeneration& into) {
    const std::string written = text(entry, "value", here);
    if (written.empty()) return;
    const auto value = number_of(written);
    const Mark mark = entry.value.find("value")->mark;
    if (!value) return problem(mark, here + ".value", "'" + written.substr(0, 40) + "' is no number; its unit goes to 'unit'");
    if (*value < 0 || *value > parameter.most) {
      char most[32];
      std::snprintf(most, sizeof most, "%.0f", parameter.most);
      return problem(mark, here + ".value", "is out of range; use 0 … " + std::string{most});
    }
    *parameter.field(into.costs) = *value;
  }

  /// Text of a key that every parameter has; a problem when it is missing.
  std::string text(const Entry& entry, const char* key, const std::string& here) {
    const Node* node = entry.value.find(key);
    if (node != nullptr && node->kind == Node::Kind::scalar && !node->text.empty()) return node->text;
    problem(node == nullptr ? entry.key_mark : node->mark, here,
            "'" + std::string{key} + "' is missing; every parameter has value, unit, source and date");
    return {};
  }

  const Document& document_;
  CostTable& table_;
  Problems& problems_;
};

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string shortest(double value) {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  return {text, end};
}

}  // namespace

void read_costs(std::string_view text, const std::string& name, CostTable& table, Problems& problems) {
  const LoadedDocument loaded = parse_document(text, name, problems);
  if (loaded.document) CostReader{*loaded.document, table, problems}.read();
}

const CostTable& standard_costs() {
  static const CostTable table = [] {
    CostTable made;
    Problems problems;
    read_costs(kStandardCosts, "costs.yaml", made, problems);
    return made;
  }();
  return table;
}

std::shared_ptr<const CostTable> load_costs(const std::vector<std::filesystem::path>& files, Problems& problems) {
  auto table = std::make_shared<CostTable>(standard_costs());
  Problems found;
  for (const auto& file : files) {
    const LoadedDocument loaded = load_document(file, found);
    if (loaded.document) CostReader{*loaded.document, *table, found}.read();
  }
  for (const Problem& problem : found.all()) problems.add(problem);
  if (found.has_errors()) return nullptr;
  return table;
}

std::string costs_file(const CostTable& table, const std::string& headline) {
  std::string out = "description: " + quoted(headline) + "\ncosts:\n";
  for (const CostGeneration& generation : table.generations) {
    out += "  " + to_text(generation.from) + ":\n";
    for (std::size_t i = 0; i < cost_parameters().size(); ++i) {
      const CostParameter& parameter = cost_parameters()[i];
      Costs costs = generation.costs;
      const CostSource& source = generation.sources[i];
      out += "    " + std::string{parameter.name} + ": {value: " + shortest(*parameter.field(costs)) +
             ", unit: " + parameter.unit + ", source: " + quoted(source.source) + ", date: " + source.date + "}\n";
    }
  }
  return out;
}

}  // namespace spillway::collector
