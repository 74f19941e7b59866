#include "models/collector/review/findings.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace spillway::collector::review {
namespace {

constexpr std::size_t kMostFindings = 200;

void append(std::span<const Trap> traps, std::vector<Trap>& all) { all.insert(all.end(), traps.begin(), traps.end()); }

}  // namespace

std::string_view to_text(Weight weight) { return weight == Weight::note ? "note" : "warning"; }

std::string to_text(const Finding& finding) {
  Problem shown = finding.problem;
  shown.message += " [" + std::string(finding.trap) + ']';
  std::string text = spillway::to_text(shown);
  constexpr std::string_view word = ": warning: ";
  if (finding.weight == Weight::note) text.replace(text.find(word), word.size(), ": note: ");
  return text;
}

void Report::add(const Document& document, Mark mark, std::string path, std::string message) {
  if (out_.size() >= kMostFindings) return;
  out_.push_back(
      {trap_, weight_, document.problem(mark, std::move(path), std::move(message), Problem::Severity::warning)});
}

void Report::at(const Value& value, std::string path, std::string message) {
  add(*value.document, value.mark, std::move(path), std::move(message));
}

void Report::at(const Mention& mention, const Line& line, std::string_view list, std::string message) {
  at(*mention.at, line.path + '.' + std::string(list), std::move(message));
}

void Report::at(const Part& part, Keys keys, std::string message) {
  const Value* const found = part.find(keys);
  if (found == nullptr || found->document == nullptr)
    return add(*part.entry->document, part.entry->key_mark, part.path, std::move(message));
  std::string path = part.path;
  for (const std::string_view key : keys) (path += '.') += key;
  add(*found->document, found->mark, std::move(path), std::move(message));
}

void Report::whole(const Facts& facts, std::string message) {
  add(*facts.tree.root.document, Mark{}, "", std::move(message));
}

std::vector<Trap> all_traps() {
  std::vector<Trap> all;
  append(sampling_traps(), all);
  append(exporter_traps(), all);
  append(queue_traps(), all);
  append(memory_traps(), all);
  append(service_traps(), all);
  std::ranges::sort(all, {}, &Trap::name);
  return all;
}

std::vector<Finding> find_traps(const Facts& facts) {
  std::vector<Finding> found;
  if (facts.too_large) return found;
  for (const Trap& trap : all_traps()) {
    Report report(trap.name, trap.weight, found);
    trap.look(facts, report);
  }
  std::ranges::stable_sort(found, {}, [](const Finding& one) {
    return std::tuple{one.problem.file, one.problem.mark.line, one.problem.mark.column};
  });
  return found;
}

}  // namespace spillway::collector::review
