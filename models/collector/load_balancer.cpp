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
    : run_{run}, settings_{std::move(settings)}, self_{run.sim.add(*this)},
      keys_{run.catalog, *settings_.config, settings_.semantics}, calls_{run, this},
      elsewhere_{run.ledger.add_routing(settings_.name, "sent to another endpoint")},
      no_service_{run.ledger.add_loss(settings_.name, "no service name to choose an endpoint by")},
      nobody_{run.ledger.add_loss(settings_.name, "no endpoint resolved")} {
  const std::vector<std::string> endpoints = resolve(book);
  ring_ = HashRing{endpoints, settings_.semantics.ring};
  for (const std::string& endpoint : endpoints) add_backend(endpoint, book, transport, held_bytes);
  for (const Backend& backend : backends_) {
    reach |= backend.exporter->reach;
    calls_.add(*backend.exporter);
  }
}

std::vector<std::string> LoadBalancer::resolve(AddressBook& book) const {
  const LoadBalancingConfig& config = *settings_.config;
  std::vector<std::string> endpoints = config.hostnames;
  const std::vector<std::string> one_port{config.port};
  const bool by_ports = config.resolver == LoadBalancingConfig::Resolver::kubernetes && !config.ports.empty();
  if (!config.hostname.empty()) {
    for (const std::string& address : book.lookup(settings_.place, config.hostname)) {
      for (const std::string& port : by_ports ? config.ports : one_port)
        endpoints.push_back(port.empty() ? address : address + ":" + port);
    }
  }
  std::sort(endpoints.begin(), endpoints.end());
  return endpoints;
}

// Endpoints that differ in the ring may be called at one address.
void LoadBalancer::add_backend(const std::string& endpoint, AddressBook& book, Transport& transport,
                               std::int64_t& held_bytes) {
  const std::string called = endpoint_with_port(endpoint);
  const auto known =
      std::find_if(backends_.begin(), backends_.end(), [&](const Backend& b) { return b.endpoint == called; });
  backend_of_endpoint_.push_back(static_cast<std::uint32_t>(known - backends_.begin()));
  if (known != backends_.end()) return;
  Backend& backend = backends_.emplace_back();
  backend.endpoint = called;
  backend.config = settings_.config->otlp;
  backend.config.endpoint = called;
  ExporterSettings settings = settings_.backend;
  settings.name = settings_.name + " endpoint " + called;
  settings.config = &backend.config;
  settings.grpc = true;
  settings.endpoint = book.endpoint(settings_.place, "http://" + backend.config.target());
  backend.exporter = std::make_unique<Exporter>(run_, transport, settings, book.reach(settings.endpoint), held_bytes);
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

void LoadBalancer::consume(Payload payload, Done done) {
  if (ring_.empty()) return done({false, false, Code::none, Duration{-1}, nobody_});
  std::vector<Payload> parts = calls_.empty_parts();
  if (!split(payload, parts)) {
    calls_.drop(std::move(parts));
    return done({false, false, Code::none, Duration{-1}, no_service_});
  }
  note_routes(parts);
  calls_.send(std::move(parts), done);
}

void LoadBalancer::cancel(Done done) { calls_.cancel(done); }

void LoadBalancer::part_ended(std::size_t backend, const Result& result, Duration took) {
  Outcomes& outcomes = backends_[backend].outcomes;
  (result.ok ? outcomes.succeeded : outcomes.failed).add(1);
  ++outcomes.calls;
  outcomes.milliseconds += took / std::chrono::milliseconds{1};
}

// A backend has stopped.
void LoadBalancer::done(std::uint32_t, const Result&) {
  if (--stopping_ == 0) std::exchange(stopped_, {})({});
}

// The names stay what they are: a resolver that asks again gets the same answer.
void LoadBalancer::handle(const Event&) {
  ++resolutions_;
  tick_ = run_.sim.start_timer(run_.sim.now() + settings_.config->interval, self_, 0);
}

void LoadBalancer::start() {
  resolutions_ = 1;
  for (Backend& backend : backends_) {
    backend.outcomes = {};
    backend.exporter->start();
  }
  if (settings_.config->resolver != LoadBalancingConfig::Resolver::dns) return;
  tick_ = run_.sim.start_timer(run_.sim.now() + settings_.config->interval, self_, 0);
}

void LoadBalancer::stop(Done stopped) {
  run_.sim.cancel(tick_);
  if (backends_.empty()) return stopped({});
  stopping_ = backends_.size();
  stopped_ = stopped;
  for (Backend& backend : backends_) backend.exporter->stop({this, 0});
}

void LoadBalancer::kill(Cause cause) {
  run_.sim.cancel(tick_);
  for (Backend& backend : backends_) backend.exporter->kill(cause);
  calls_.kill();
  stopped_ = {};
}

}  // namespace spillway::collector
