#include "models/collector/review/facts.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "models/collector/config_fields.hpp"

namespace spillway::collector::review {
namespace {

constexpr std::array kKinds{Kind::receiver, Kind::processor, Kind::exporter, Kind::connector, Kind::extension};

Part part_of(Kind kind, const Member& entry, const Semantics& semantics) {
  Part part;
  std::string ignored;
  const auto id = parse_id(entry.key, ignored);
  part.kind = kind;
  part.id = id ? id->text() : entry.key;
  part.written_type = id ? id->type : entry.key;
  const Type* const type = find_type(kind, part.written_type, semantics);
  part.type = type == nullptr || type->name.empty() ? part.written_type : std::string(type->name);
  part.entry = &entry;
  part.value = &entry.value;
  part.path = std::string(section_of(kind)) + '.' + entry.key;
  return part;
}

constexpr std::size_t kMostParts = 1000;
constexpr std::size_t kMostMentions = 5000;

/// Components by kind and id.
using Index = std::map<std::pair<Kind, std::string>, Part*>;

std::vector<Mention> mentions(const Index& index, const Value* list, std::initializer_list<Kind> kinds) {
  std::vector<Mention> found;
  if (list == nullptr) return found;
  for (const Value& item : list->items) {
    const std::string* const text = text_of(item);
    Mention mention{nullptr, &item};
    std::string ignored;
    const auto id = text == nullptr ? std::nullopt : parse_id(*text, ignored);
    for (const Kind kind : kinds) {
      const auto known = id && mention.part == nullptr ? index.find({kind, id->text()}) : index.end();
      if (known == index.end()) continue;
      known->second->used = true;
      mention.part = known->second;
    }
    found.push_back(mention);
  }
  return found;
}

void read_lines(Facts& facts) {
  Index index;
  for (Part& part : facts.parts) index.emplace(std::pair{part.kind, part.id}, &part);
  const Value* const service = facts.tree.root.find("service");
  if (service == nullptr) return;
  mentions(index, service->find("extensions"), {Kind::extension});
  const Value* const pipelines = service->find("pipelines");
  if (pipelines == nullptr) return;
  std::size_t count = 0;
  for (const Member& entry : pipelines->members) {
    Line line;
    line.id = entry.key;
    line.signal = entry.key.substr(0, entry.key.find('/'));
    line.path = "service.pipelines." + entry.key;
    line.receivers = mentions(index, entry.value.find("receivers"), {Kind::receiver, Kind::connector});
    line.processors = mentions(index, entry.value.find("processors"), {Kind::processor});
    line.exporters = mentions(index, entry.value.find("exporters"), {Kind::exporter, Kind::connector});
    count += line.receivers.size() + line.processors.size() + line.exporters.size();
    facts.lines.push_back(std::move(line));
  }
  facts.too_large = facts.parts.size() > kMostParts || count > kMostMentions;
}

bool has_sending_queue(const Part& exporter) {
  constexpr std::array types{"otlp_http", "otlp_grpc", "zipkin",        "kafka",
                             "loki",      "datadog",   "elasticsearch", "splunk_hec"};
  return exporter.kind == Kind::exporter &&
         (std::ranges::find(types, exporter.type) != types.end() || exporter.has({"sending_queue"}));
}

std::string grouped(double whole) {
  std::string digits = std::to_string(static_cast<long long>(whole));
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, " ");
  return digits;
}

/// With as many decimals as give three digits.
std::string short_text(double number) {
  if (!std::isfinite(number) || number >= 1e15) return "unbounded";
  if (number >= 99.95 || number == std::floor(number)) return grouped(std::round(number));
  const int decimals = number >= 9.95 ? 1 : 2;
  const double scale = decimals == 1 ? 10 : 100;
  const auto scaled = static_cast<long long>(std::llround(number * scale));
  std::string fraction = std::to_string(scaled % static_cast<long long>(scale));
  fraction.insert(0, static_cast<std::size_t>(decimals) - fraction.size(), '0');
  while (fraction.ends_with('0')) fraction.pop_back();
  const std::string whole = std::to_string(scaled / static_cast<long long>(scale));
  return fraction.empty() ? whole : whole + '.' + fraction;
}

}  // namespace

bool Part::of_the_chart() const { return entry->document->file == kChartFile; }

const Value* Part::find(Keys keys) const {
  const Value* at = value;
  for (const std::string_view key : keys) at = at == nullptr ? nullptr : at->find(key);
  return at;
}

std::string Part::text(Keys keys, std::string otherwise) const {
  const Value* const found = find(keys);
  const std::string* const text = found == nullptr ? nullptr : text_of(*found);
  return text == nullptr ? std::move(otherwise) : *text;
}

double Part::number(Keys keys, double otherwise) const {
  const Value* const found = find(keys);
  if (found == nullptr) return otherwise;
  if (found->kind == Value::Kind::integer) return static_cast<double>(found->integer);
  return found->kind == Value::Kind::real ? found->real : otherwise;
}

double Part::seconds(Keys keys, double otherwise) const {
  const Value* const found = find(keys);
  if (found == nullptr) return otherwise;
  if (found->kind == Value::Kind::integer) return static_cast<double>(found->integer) * 1e-9;
  const std::string* const text = text_of(*found);
  std::string ignored;
  const auto duration = text == nullptr ? std::nullopt : parse_duration(*text, ignored);
  return duration ? std::chrono::duration<double>(*duration).count() : otherwise;
}

bool Part::flag(Keys keys, bool otherwise) const {
  const Value* const found = find(keys);
  return found == nullptr || found->kind != Value::Kind::boolean ? otherwise : found->truth;
}

int Line::position(std::string_view type) const {
  for (std::size_t i = 0; i < processors.size(); ++i)
    if (processors[i].is(type)) return static_cast<int>(i);
  return -1;
}

Queue queue_of(const Part& exporter) {
  Queue queue;
  queue.known = has_sending_queue(exporter);
  if (!queue.known) return queue;
  const bool written_off = exporter.has({"sending_queue"}) && !exporter.flag({"sending_queue", "enabled"}, true);
  queue.enabled = !written_off;
  queue.size = exporter.number({"sending_queue", "queue_size"}, 1000);
  queue.sizer = exporter.text({"sending_queue", "sizer"}, "requests");
  queue.consumers = exporter.number({"sending_queue", "num_consumers"}, 10);
  queue.storage = exporter.text({"sending_queue", "storage"});
  queue.batches =
      exporter.has({"sending_queue", "batch"}) && exporter.flag({"sending_queue", "batch", "enabled"}, true);
  queue.retries = exporter.flag({"retry_on_failure", "enabled"}, true);
  queue.gives_up_after = exporter.seconds({"retry_on_failure", "max_elapsed_time"}, 300);
  return queue;
}

double Facts::replicas() const {
  if (load.replicas) return std::max(1.0, *load.replicas);
  return static_cast<double>(std::max<std::int64_t>(1, workload.replicas.value_or(1)));
}

std::string Facts::at_rate() const {
  return (load.traces_per_second ? "at " : "at, say, ") + count_text(rate_per_process()) + " traces/s";
}

const Part* Facts::find(Kind kind, std::string_view id) const {
  for (const Part& part : parts)
    if (part.kind == kind && part.id == id) return &part;
  return nullptr;
}

std::vector<const Line*> Facts::trace_lines() const {
  std::vector<const Line*> found;
  for (const Line& line : lines)
    if (line.signal == "traces") found.push_back(&line);
  return found;
}

Facts facts_of(const LoadedConfig& config, const Load& load) {
  Facts facts{*config.tree, config.workload, config.version, semantics_of(config.version), load, {}, {}, false};
  for (const Kind kind : kKinds) {
    const Value* const section = facts.tree.root.find(section_of(kind));
    if (section == nullptr) continue;
    for (const Member& entry : section->members) facts.parts.push_back(part_of(kind, entry, facts.semantics));
  }
  read_lines(facts);
  return facts;
}

std::string count_text(double number) { return short_text(number); }

std::string time_text(double seconds) {
  if (!std::isfinite(seconds)) return "for ever";
  if (seconds > 0 && seconds < 1e-3) return short_text(seconds * 1e6) + " us";
  if (seconds < 1) return short_text(seconds * 1000) + " ms";
  if (seconds < 120) return short_text(seconds) + " s";
  const auto whole = static_cast<long long>(std::llround(seconds));
  if (whole < 7200) {
    const long long rest = whole % 60;
    return std::to_string(whole / 60) + " min" + (rest == 0 ? "" : ' ' + std::to_string(rest) + " s");
  }
  const long long minutes = whole / 60 % 60;
  return grouped(static_cast<double>(whole / 3600)) + " h" +
         (minutes == 0 ? "" : ' ' + std::to_string(minutes) + " min");
}

std::string bytes_text(double bytes) {
  constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < units.size(); ++unit) bytes /= 1024;
  return short_text(bytes) + ' ' + units[unit];
}

std::string percent_text(double share) { return short_text(share * 100) + " %"; }

}  // namespace spillway::collector::review
