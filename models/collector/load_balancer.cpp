#include "models/collector/load_balancer.hpp"

#include <algorithm>

namespace spillway::collector {
namespace {

const char* kind_text(SpanKind kind) {
  switch (kind) {
    case SpanKind::unspecified: return "Unspecified";
    case SpanKind::internal: return "Internal";
    case SpanKind::server: return "Server";
    case SpanKind::client: return "Client";
    case SpanKind::producer: return "Producer";
    case SpanKind::consumer: return "Consumer";
  }
  return "Unspecified";
}

const std::string* text_of(const Value* value) { return value == nullptr ? nullptr : value->get<std::string>(); }

}  // namespace

std::string_view RoutingKeys::of_trace(std::uint64_t trace) {
  const TraceId id = catalog_.trace_id(trace);
  for (std::size_t i = 0; i < 8; ++i) {
    id_[i] = static_cast<char>(id.high >> (56 - 8 * i));
    id_[8 + i] = static_cast<char>(id.low >> (56 - 8 * i));
  }
  return {id_.data(), id_.size()};
}

const std::string* RoutingKeys::of_span(const Span& span) {
  const Key& key = keys_.at(span, [&] { return build(span); });
  return key.known ? &key.text : nullptr;
}

RoutingKeys::Key RoutingKeys::build(const Span& span) const {
  if (config_.routing_key == LoadBalancingConfig::Key::attributes) {
    Key key;
    for (const std::string& attribute : config_.routing_attributes) key.text += part(attribute, span);
    return key;
  }
  if (!semantics_.load_balancer_needs_service) return {true, part("service.name", span)};
  const Attributes attributes = resource_attributes(catalog_.resource(span.resource));
  const Value* const service = find_attribute(attributes, "service.name");
  const std::string* const text = text_of(service);
  return {service != nullptr, text == nullptr ? "" : *text};
}

// Of resource, scope and span, the first that has the attribute; "span.kind" and "span.name" stand for the span's own.
std::string RoutingKeys::part(const std::string& attribute, const Span& span) const {
  const bool named = semantics_.load_balancer_keys_named;
  const auto written = [&](const std::string& value) { return named ? attribute + "=" + value + "|" : value; };
  const auto valued = [&](const Value& value) {
    const std::string* const text = text_of(&value);
    return written(named ? to_text(value) : text == nullptr ? "" : *text);
  };
  const ResourceShape& resource = catalog_.resource(span.resource);
  const SpanShape& shape = catalog_.shape(span.shape);
  const Attributes attributes = resource_attributes(resource);
  if (const Value* const value = find_attribute(attributes, attribute)) return valued(*value);
  if (const Value* const value = find_attribute(resource.scope_attributes, attribute)) return valued(*value);
  if (attribute == "span.kind") return written(kind_text(shape.kind));
  if (attribute == "span.name") return written(shape.name);
  if (const Value* const value = find_attribute(shape.attributes, attribute)) return valued(*value);
  return written("");
}

LoadBalancer::LoadBalancer(Run& run, Transport& transport, AddressBook& book, LoadBalancerSettings settings,
                           std::int64_t& held_bytes)
    : run_{run}, transport_{transport}, book_{book}, settings_{std::move(settings)}, held_bytes_{held_bytes},
      self_{run.sim.add(*this)}, keys_{run.catalog, *settings_.config, settings_.semantics}, calls_{run, this},
      elsewhere_{run.ledger.add_routing(settings_.name, "sent to another endpoint")},
      no_service_{run.ledger.add_loss(settings_.name, "no service name to choose an endpoint by")},
      nobody_{run.ledger.add_loss(settings_.name, "no endpoint resolved")},
      ended_{run.ledger.add_loss(settings_.name, "the process ended before it was sent")} {
  const std::string& name = settings_.config->hostname;
  std::vector<std::string> ever;
  if (!name.empty()) ever = book.lookup_ever(settings_.place, name);
  for (const std::string& endpoint : with_ports(std::move(ever))) {
    const std::string called = endpoint_with_port(endpoint);
    if (!outcomes_.contains(called)) add_backend(called);
  }
  for (const Backend& backend : backends_) reach |= backend.exporter->reach;
}

/// Endpoints as they are hashed, sorted.
std::vector<std::string> LoadBalancer::with_ports(std::vector<std::string> addresses) const {
  const LoadBalancingConfig& config = *settings_.config;
  std::vector<std::string> endpoints = config.hostnames;
  const std::vector<std::string> one_port{config.port};
  const bool by_ports = config.resolver == LoadBalancingConfig::Resolver::kubernetes && !config.ports.empty();
  for (const std::string& address : addresses) {
    for (const std::string& port : by_ports ? config.ports : one_port)
      endpoints.push_back(port.empty() ? address : address + ":" + port);
  }
  std::sort(endpoints.begin(), endpoints.end());
  return endpoints;
}

// An empty answer is an error: the endpoints stay what they are.
void LoadBalancer::resolve() {
  const std::string& name = settings_.config->hostname;
  std::vector<std::string> addresses;
  if (!name.empty()) addresses = book_.lookup(settings_.place, name);
  std::vector<std::string> found = with_ports(std::move(addresses));
  seen_ = book_.lookups_changed();
  found_ = !found.empty();
  ++(found_ ? resolved_ : unresolved_);
  if (!found_ || found == endpoints_) return;
  endpoints_ = std::move(found);
  ++updates_;
  change_backends();
}

// New ones first. Endpoints that differ in the ring may be called at one address.
void LoadBalancer::change_backends() {
  ring_ = HashRing{endpoints_, settings_.semantics.ring};
  backend_of_endpoint_.clear();
  for (const std::string& endpoint : endpoints_) backend_of_endpoint_.push_back(join(endpoint_with_port(endpoint)));
  for (std::uint32_t i = 0; i < backends_.size(); ++i) {
    const auto& wanted = backend_of_endpoint_;
    const bool stays = std::find(wanted.begin(), wanted.end(), i) != wanted.end();
    if (!stays && backends_[i].life == Life::serving) leave(i);
  }
}

std::uint32_t LoadBalancer::add_backend(const std::string& called) {
  const auto others = std::count_if(backends_.begin(), backends_.end(), [&](const Backend& b) { return b.endpoint == called; });
  Backend& backend = backends_.emplace_back();
  backend.endpoint = called;
  backend.config = settings_.config->otlp;
  backend.config.endpoint = called;
  backend.outcomes = &outcomes_[called];
  ExporterSettings settings = settings_.backend;
  settings.name = settings_.name + " endpoint " + called;
  if (others > 0) settings.name += " again (" + std::to_string(others) + ")";
  settings.config = &backend.config;
  settings.grpc = true;
  settings.endpoint = book_.endpoint(settings_.place, "http://" + backend.config.target());
  const DestinationSet behind = book_.reach(settings.endpoint);
  backend.exporter = std::make_unique<Exporter>(run_, transport_, settings, behind, held_bytes_);
  calls_.add(*backend.exporter);
  return static_cast<std::uint32_t>(backends_.size() - 1);
}

/// The exporter that serves this address from now on.
std::uint32_t LoadBalancer::join(const std::string& called) {
  const auto in = [&](Life life) {
    return std::find_if(backends_.begin(), backends_.end(), [&](const Backend& b) { return b.endpoint == called && b.life == life; });
  };
  const auto serving = in(Life::serving), free = in(Life::none);
  if (serving != backends_.end()) return static_cast<std::uint32_t>(serving - backends_.begin());
  const std::uint32_t joins = free != backends_.end() ? static_cast<std::uint32_t>(free - backends_.begin()) : add_backend(called);
  backends_[joins].life = Life::serving;
  backends_[joins].exporter->start();
  return joins;
}

/// It is shut down as soon as the calls have returned that have a part for it.
void LoadBalancer::leave(std::uint32_t i) {
  Backend& backend = backends_[i];
  backend.life = Life::leaving;
  if (backend.calls > 0) return;
  backend.life = Life::stopping;
  backend.exporter->stop({this, i});
}

std::uint32_t LoadBalancer::backend_of(const Span& first) {
  const bool by_trace = settings_.config->routing_key == LoadBalancingConfig::Key::trace_id;
  if (by_trace) return backend_of_endpoint_[ring_.endpoint_of(keys_.of_trace(first.trace))];
  const std::string* const key = keys_.of_span(first);
  return key == nullptr ? kNobody : backend_of_endpoint_[ring_.endpoint_of(*key)];
}

// By trace, newer versions copy span by span: those of one resource that go to one endpoint stay together.
void LoadBalancer::split_runs(const SpanGroup& group, std::vector<Payload>& parts) {
  const Span* const spans = group.block->spans.data();
  chosen_.clear();
  for (std::uint32_t i = group.begin; i < group.end; ++i) {
    const bool again = i > group.begin && spans[i].trace == spans[i - 1].trace;
    chosen_.push_back(again ? chosen_.back() : backend_of(spans[i]));
  }
  const bool together = std::all_of(chosen_.begin(), chosen_.end(), [&](std::uint32_t b) { return b == chosen_.front(); });
  if (together) return parts[chosen_.front()].append(group);
  for (std::uint32_t backend = 0; backend < parts.size(); ++backend) {
    scratch_.clear();
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
      if (chosen_[i] == backend) scratch_.push_back(spans[group.begin + i]);
    }
    if (!scratch_.empty()) parts[backend].append(run_.pool.of(scratch_.data(), scratch_.size()));
  }
}

/// False when the call fails for want of a key.
bool LoadBalancer::split(const Payload& payload, std::vector<Payload>& parts) {
  const bool by_trace = settings_.config->routing_key == LoadBalancingConfig::Key::trace_id;
  if (by_trace && settings_.semantics.load_balancer_copies_runs) {
    for (const SpanGroup& group : payload.groups()) split_runs(group, parts);
    return true;
  }
  const Payload traces = run_.pool.by_trace(payload);
  for (const SpanGroup& group : traces.groups()) {
    const std::uint32_t backend = backend_of(group.block->spans[group.begin]);
    if (backend == kNobody) return false;
    parts[backend].append(group);
  }
  return true;
}

// Whoever called still holds the items for all destinations behind all endpoints.
void LoadBalancer::note_routes(const std::vector<Payload>& parts) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const DestinationSet others = reach & ~backends_[i].exporter->reach;
    if (others == 0) continue;
    run_.hold(parts[i], others);
    run_.release(parts[i], others, elsewhere_);
  }
}

void LoadBalancer::note_calls(const std::vector<Payload>& parts) {
  for (std::size_t i = 0; i < parts.size(); ++i) backends_[i].calls += parts[i].is_empty() ? 0 : 1;
}

void LoadBalancer::consume(Payload payload, Done done) {
  if (ring_.empty()) return done({false, false, Code::none, Duration{-1}, nobody_});
  std::vector<Payload> parts = calls_.empty_parts();
  if (!split(payload, parts)) {
    if (settings_.semantics.load_balancer_keeps_failed_calls) note_calls(parts);
    calls_.drop(std::move(parts));
    return done({false, false, Code::none, Duration{-1}, no_service_});
  }
  note_calls(parts);
  note_routes(parts);
  calls_.send(std::move(parts), done);
}

void LoadBalancer::cancel(Done done) { calls_.cancel(done); }

void LoadBalancer::part_ended(std::size_t backend, const Result& result, Duration took) {
  Outcomes& outcomes = *backends_[backend].outcomes;
  (result.ok ? outcomes.succeeded : outcomes.failed).add(1);
  ++outcomes.calls;
  outcomes.milliseconds += took / std::chrono::milliseconds{1};
  --backends_[backend].calls;
  if (backends_[backend].life == Life::leaving) leave(static_cast<std::uint32_t>(backend));
}

/// Its counters go on in those of the whole, under whose name they are shown.
void LoadBalancer::end(Backend& backend) {
  const auto add = [](Counter& sum, const Counter& one) {
    if (one.visible()) sum.add(one.value());
  };
  add(gone_.sent, backend.exporter->counters().sent);
  add(gone_.send_failed, backend.exporter->counters().send_failed);
  add(gone_.enqueue_failed, backend.exporter->enqueue_failed());
  backend.life = Life::none;
}

// An exporter has stopped.
void LoadBalancer::done(std::uint32_t backend, const Result&) {
  end(backends_[backend]);
  check_stopped();
}

void LoadBalancer::check_stopped() {
  const bool all = std::all_of(backends_.begin(), backends_.end(), [](const Backend& b) { return b.life == Life::none; });
  if (all && stopped_.caller != nullptr) std::exchange(stopped_, {})({});
}

// Nobody is asked while no name has changed: the answer would be the same.
void LoadBalancer::handle(const Event&) {
  if (seen_ == book_.lookups_changed()) ++(found_ ? resolved_ : unresolved_);
  else resolve();
  tick_ = run_.sim.start_timer(run_.sim.now() + settings_.config->interval, self_, 0);
}

void LoadBalancer::start() {
  for (auto& [endpoint, outcomes] : outcomes_) outcomes = {};
  for (Backend& backend : backends_) backend.calls = 0;
  gone_ = {};
  resolved_ = unresolved_ = updates_ = 0;
  endpoints_.clear();
  ring_ = {};
  resolve();
  if (settings_.config->resolver != LoadBalancingConfig::Resolver::dns) return;
  tick_ = run_.sim.start_timer(run_.sim.now() + settings_.config->interval, self_, 0);
}

// What is not waited for ends with the process.
void LoadBalancer::stop(Done stopped) {
  run_.sim.cancel(tick_);
  stopped_ = stopped;
  const Semantics& semantics = settings_.semantics;
  for (std::uint32_t i = 0; i < backends_.size(); ++i) {
    Backend& backend = backends_[i];
    const bool serves = backend.life == Life::serving;
    if (serves && semantics.load_balancer_stops_exporters) leave(i);
    else if (serves || !semantics.load_balancer_awaits_removed) kill_backend(backend, ended_);
  }
  check_stopped();
}

void LoadBalancer::kill_backend(Backend& backend, Cause cause) {
  backend.exporter->kill(cause);
  backend.life = Life::none;
}

void LoadBalancer::kill(Cause cause) {
  run_.sim.cancel(tick_);
  for (Backend& backend : backends_) kill_backend(backend, cause);
  calls_.kill();
  stopped_ = {};
}

}  // namespace spillway::collector
