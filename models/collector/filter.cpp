#include "models/collector/filter.hpp"

namespace spillway::collector {

Filter::Filter(Run& run, const std::string& name, const FilterConfig& config, const Semantics& semantics,
               SpanProcessorCounters& counters, Consumer& next)
    : SpanProcessor{run, name, semantics, counters, next},
      config_{config},
      filtered_{run.ledger.add_sampling(name, "filtered")} {
  for (const FilterPass& pass : config.passes) {
    const auto matcher = [&](const std::vector<ottl::Condition>& conditions) {
      return ottl::Matcher{conditions, pass.mode, run.catalog};
    };
    passes_.push_back({matcher(pass.resource), matcher(pass.scope), matcher(pass.span), matcher(pass.spanevent)});
    asked_of_resource_ += std::ssize(pass.resource) + std::ssize(pass.scope);
    asked_of_span_ += std::ssize(pass.span) + std::ssize(pass.spanevent);
  }
}

// Conditions on events as if every span had one.
void Filter::count_work(const Payload& payload) const {
  SpanProcessor::count_work(payload);
  count(Step::ottl_statement, asked_of_resource_ * std::ssize(payload.groups()) + asked_of_span_ * payload.items());
}

void Filter::drop_events(Pass& pass, Span& span, bool& failed) {
  if (pass.event.is_empty()) return;
  const SpanShape& before = run_.catalog.shape(span.shape);
  if (before.events.empty()) return;
  SpanShape after = before;
  after.events.clear();
  for (std::size_t i = 0; i < before.events.size(); ++i) {
    const ottl::Verdict verdict = pass.event.test_event(span, i);
    failed |= verdict == ottl::Verdict::failed;
    if (verdict != ottl::Verdict::yes) after.events.push_back(before.events[i]);
  }
  if (after.events.size() < before.events.size()) span.shape = run_.catalog.add_shape(after);
}

// A resource or scope whose condition fails is passed over, spans and all.
bool Filter::drops(Pass& pass, Span& span, bool& failed) {
  for (ottl::Matcher* matcher : {&pass.resource, &pass.scope, &pass.span}) {
    if (matcher->is_empty()) continue;
    const ottl::Verdict verdict = matcher->test(span);
    if (verdict == ottl::Verdict::yes) return true;
    if (verdict == ottl::Verdict::no) continue;
    failed = true;
    return false;
  }
  drop_events(pass, span, failed);
  return false;
}

bool Filter::drops(Span& span, bool& failed) {
  for (Pass& pass : passes_)
    if (drops(pass, span, failed)) return true;
  return config_.spans.skips(run_.catalog.shape(span.shape), run_.catalog.resource(span.resource));
}

Payload Filter::process(Payload payload, bool& failed) {
  if (passes_.empty() && !config_.spans.include && !config_.spans.exclude) return payload;
  std::int64_t dropped = 0;
  Payload kept = run_.pool.rewrite(payload, [&](Span& span) {
    if (!drops(span, failed)) return true;
    ++dropped;
    return false;
  });
  counters_.filtered.add(dropped);
  if (failed || dropped == 0 || reach == 0) return kept;
  // Whoever sent the payload still holds it, so an end put to the copies here stands when that one lets go.
  const Time now = run_.sim.now();
  payload.for_each([&](const Span& span) {
    Span probe = span;
    bool ignored = false;
    if (!drops(probe, ignored)) return;
    run_.ledger.hold(span.item, reach);
    run_.ledger.release(span.item, reach, filtered_, now);
  });
  return kept;
}

}  // namespace spillway::collector
