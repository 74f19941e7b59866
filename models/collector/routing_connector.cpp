#include "models/collector/routing_connector.hpp"

#include <algorithm>

namespace spillway::collector {

RoutingConnector::RoutingConnector(Run& run, const std::string& name, Signal signal, const RoutingConfig& config,
                                   const Semantics& semantics, Targets targets)
    : run_{run}, calls_{run}, config_{config}, takes_turns_{semantics.routing_takes_turns},
      // Before, it takes nothing away, but what it hands over may be changed behind it.
      mutates_{semantics.routing_takes_turns},
      elsewhere_{run.ledger.add_routing(name, "sent to another pipeline")},
      no_route_{run.ledger.add_loss(name, "no route, and no default_pipelines")},
      refused_{run.ledger.add_loss(name, "refused, error in a statement")} {
  for (std::size_t i = 0; i < config.table.size(); ++i) {
    const RoutingConfig::Route& route = config.table[i];
    const bool never = route.condition.empty() || (route.by_span && signal != Signal::traces);
    routes_.push_back({ottl::Matcher{route.condition, ottl::ErrorMode::propagate, run.catalog}, never, route.by_span,
                       route.copies, target_of(targets.of_route[i])});
  }
  if (targets.otherwise != nullptr) otherwise_ = target_of(targets.otherwise);
  for (const Consumer* target : calls_.consumers()) {
    reach |= target->reach;
    mutates_ |= target->mutates_data();
  }
}

std::uint32_t RoutingConnector::target_of(Consumer* consumer) {
  const std::vector<Consumer*>& targets = calls_.consumers();
  const auto known = std::find(targets.begin(), targets.end(), consumer);
  const auto index = static_cast<std::uint32_t>(known - targets.begin());
  if (known == targets.end()) calls_.add(*consumer);
  return index;
}

void RoutingConnector::append(std::uint32_t target, Payload&& matched, std::vector<Payload>& parts) const {
  if (target != kNowhere) parts[target].append(std::move(matched));
}

/// Moves, or copies, what matches. False: an error in some condition; its resource does not match.
bool RoutingConnector::by_resource(Route& route, Payload& left, Payload& matched) const {
  Payload rest = run_.pool.empty();
  bool sound = true;
  for (const SpanGroup& group : left.groups()) {
    const ottl::Verdict verdict = route.matcher.test(group.block->spans[group.begin]);
    sound &= verdict != ottl::Verdict::failed;
    const bool matches = verdict == ottl::Verdict::yes;
    if (matches) matched.append(group);
    if (!matches || route.copies) rest.append(group);
  }
  left = std::move(rest);
  return sound;
}

/// The same span by span: those of a resource that match get the resource once, and so do the others.
bool RoutingConnector::by_span(Route& route, Payload& left, Payload& matched) {
  Payload rest = run_.pool.empty();
  bool sound = true;
  for (const SpanGroup& group : left.groups()) {
    matched_.clear();
    left_.clear();
    for (std::uint32_t i = group.begin; i < group.end; ++i) {
      const Span& span = group.block->spans[i];
      const ottl::Verdict verdict = route.matcher.test(span);
      sound &= verdict != ottl::Verdict::failed;
      (verdict == ottl::Verdict::yes ? matched_ : left_).push_back(span);
    }
    if (left_.empty()) matched.append(group);
    else if (!matched_.empty()) matched.append(run_.pool.of(matched_.data(), matched_.size()));
    if (matched_.empty() || route.copies) rest.append(group);
    else if (!left_.empty()) rest.append(run_.pool.of(left_.data(), left_.size()));
  }
  left = std::move(rest);
  return sound;
}

/// False: the call fails.
bool RoutingConnector::all_in_turn(Payload payload, std::vector<Payload>& parts) {
  for (Route& route : routes_) {
    if (payload.is_empty()) break;
    if (route.never) continue;
    Payload matched = run_.pool.empty();
    const bool sound = route.by_span ? by_span(route, payload, matched) : by_resource(route, payload, matched);
    if (!sound && config_.mode == ottl::ErrorMode::propagate) return false;
    append(route.target, std::move(matched), parts);
  }
  append(otherwise_, std::move(payload), parts);
  return true;
}

// Every route that holds gets a copy. A condition that fails sends one to the default pipelines at once, and the lack of any
// that holds another one.
bool RoutingConnector::each_resource(const Payload& payload, std::vector<Payload>& parts) {
  for (const SpanGroup& group : payload.groups()) {
    const auto send = [&](std::uint32_t target) {
      if (target != kNowhere) parts[target].append(group);
    };
    bool matched = false;
    for (Route& route : routes_) {
      const ottl::Verdict verdict =
          route.never ? ottl::Verdict::no : route.matcher.test(group.block->spans[group.begin]);
      if (verdict == ottl::Verdict::failed && config_.mode == ottl::ErrorMode::propagate) return false;
      if (verdict == ottl::Verdict::failed) send(otherwise_);
      if (verdict != ottl::Verdict::yes) continue;
      matched = true;
      send(route.target);
      if (config_.match_once) break;
    }
    if (!matched) send(otherwise_);
  }
  return true;
}

// Whoever called still holds the items for all destinations behind all pipelines.
void RoutingConnector::note_routes(const Payload& payload, const std::vector<Payload>& parts) {
  went_.clear();
  for (std::size_t i = 0; i < parts.size(); ++i)
    parts[i].for_each([&](const Span& span) { went_.emplace_back(span.item, calls_.consumers()[i]->reach); });
  std::sort(went_.begin(), went_.end());
  payload.for_each([&](const Span& span) {
    DestinationSet there = 0;
    const auto first = std::lower_bound(went_.begin(), went_.end(), std::pair{span.item, DestinationSet{0}});
    for (auto entry = first; entry != went_.end() && entry->first == span.item; ++entry) there |= entry->second;
    const DestinationSet others = reach & ~there;
    if (others == 0) return;
    const bool somewhere = first != went_.end() && first->first == span.item;
    run_.ledger.hold(span.item, others);
    run_.ledger.release(span.item, others, somewhere ? elsewhere_ : no_route_, run_.sim.now());
  });
}

// As if every route were asked.
void RoutingConnector::count_work(const Payload& payload) const {
  bool looks_at_spans = false;
  for (const Route& route : routes_) {
    if (!route.never) count(Step::ottl_statement, route.by_span ? payload.items() : std::ssize(payload.groups()));
    looks_at_spans |= route.by_span;
  }
  count(Step::processor_span, looks_at_spans ? payload.items() : std::ssize(payload.groups()));
}

void RoutingConnector::consume(Payload payload, Done done) {
  count_work(payload);
  std::vector<Payload> parts = calls_.empty_parts();
  const bool sound = takes_turns_ ? all_in_turn(payload.clone(), parts) : each_resource(payload, parts);
  if (!sound) {
    calls_.drop(std::move(parts));
    return done({false, false, Code::none, Duration{-1}, refused_});
  }
  note_routes(payload, parts);
  calls_.send(std::move(parts), done);
}

void RoutingConnector::cancel(Done done) { calls_.cancel(done); }
void RoutingConnector::kill(Cause) { calls_.kill(); }

}  // namespace spillway::collector
