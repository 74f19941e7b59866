#include "models/collector/transform.hpp"

#include <algorithm>

namespace spillway::collector {
namespace {

bool memorable(const TransformGroup& group) {
  const auto plain = [](const auto& one) { return (one.depends() & ottl::kSpan) == 0; };
  return std::ranges::all_of(group.conditions, plain) && std::ranges::all_of(group.statements, plain) &&
         std::ranges::none_of(group.statements, &ottl::Statement::writes_times);
}

}  // namespace

Transform::Transform(Run& run, const std::string& name, const TransformConfig& config, const Semantics& semantics,
                     SpanProcessorCounters& counters, Consumer& next)
    : SpanProcessor{run, name, semantics, counters, next} {
  for (const TransformGroup& group : config.groups)
    groups_.push_back(
        {&group, memorable(group), std::ranges::any_of(group.statements, &ottl::Statement::writes_resource), {}});
}

// Statements on events as if every span had one.
void Transform::count_work(const Payload& payload) const {
  SpanProcessor::count_work(payload);
  for (const Group& group : groups_) {
    const bool once = group.config->context == ottl::Context::resource || group.config->context == ottl::Context::scope;
    const std::int64_t asked = std::ssize(group.config->conditions) + std::ssize(group.config->statements);
    count(Step::ottl_statement, asked * (once ? std::ssize(payload.groups()) : payload.items()));
  }
}

Payload Transform::process(Payload payload, bool& failed) {
  for (Group& group : groups_) {
    payload = run_group(group, payload, failed);
    if (failed) break;  // what earlier groups changed has changed, but goes nowhere
  }
  return payload;
}

// What a span writes into its resource, the spans behind it read, and all of that resource carry in the end.
Payload Transform::run_group(Group& group, const Payload& payload, bool& failed) {
  results_.clear();
  for (const SpanGroup& spans : payload.groups()) {
    const std::size_t begin = results_.size();
    for (std::uint32_t i = spans.begin; i < spans.end && !failed; ++i) {
      results_.push_back(spans.block->spans[i]);
      Span& span = results_.back();
      if (i > spans.begin) span.resource = results_[results_.size() - 2].resource;
      const bool once =
          group.config->context == ottl::Context::resource || group.config->context == ottl::Context::scope;
      if (once && i > spans.begin) continue;
      failed = !transform(group, span);
    }
    if (failed) break;
    for (std::size_t i = begin; i < results_.size(); ++i) results_[i].resource = results_.back().resource;
  }
  if (failed) return payload.clone();
  std::size_t next = 0;
  return run_.pool.rewrite(payload, [&](Span& span) {
    span = results_[next++];
    return true;
  });
}

/// False: an error that goes up the pipeline.
bool Transform::transform(Group& group, Span& span) {
  if (!group.memorable) return run(*group.config, span);
  if (group.known.size() <= span.resource) group.known.resize(span.resource + 1);
  auto& row = group.known[span.resource];
  const std::size_t column = std::size_t{span.shape} * 3 + static_cast<std::size_t>(span.status);
  if (row.size() <= column) row.resize(column + 3);
  if (!row[column]) {
    Span copy = span;
    const bool done = run(*group.config, copy);
    row[column] = Outcome{copy.shape, copy.resource, copy.status, !done};
  }
  const Outcome& outcome = *row[column];
  span.shape = outcome.shape;
  span.resource = outcome.resource;
  span.status = outcome.status;
  return !outcome.failed;
}

bool Transform::run_statements(const TransformGroup& group, ottl::Scene& scene) {
  bool applies = group.conditions.empty();
  for (const ottl::Condition& condition : group.conditions) {
    const ottl::Verdict verdict = condition.test(scene);
    if (verdict == ottl::Verdict::failed && group.mode == ottl::ErrorMode::propagate) return false;
    applies = verdict == ottl::Verdict::yes;
    if (applies) break;
  }
  if (!applies) return true;
  for (const ottl::Statement& statement : group.statements)
    if (!statement.run(scene) && group.mode == ottl::ErrorMode::propagate) return false;
  return true;
}

bool Transform::run(const TransformGroup& group, Span& span) {
  ottl::Draft draft{span, run_.catalog.shape(span.shape), run_.catalog.resource(span.resource), {}};
  ottl::Scene scene{&run_.catalog, &draft.span, &draft.shape, &draft.resource, 0, &draft};
  bool sound = true;
  if (group.context == ottl::Context::spanevent) {
    for (; scene.event < draft.shape.events.size() && sound; ++scene.event) {
      draft.cache.clear();
      sound = run_statements(group, scene);
    }
  } else {
    sound = run_statements(group, scene);
  }
  const std::uint32_t shape = draft.wrote_shape ? run_.catalog.add_shape(draft.shape) : span.shape;
  const ResourceId resource = draft.wrote_resource ? run_.catalog.add_resource(draft.resource) : span.resource;
  span = draft.span;
  span.shape = shape;
  span.resource = resource;
  return sound;
}

}  // namespace spillway::collector
