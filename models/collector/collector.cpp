#include "models/collector/collector.hpp"

#include <algorithm>
#include <charconv>

namespace spillway::collector {
namespace {

template <class Config>
const Config* find_config(const std::vector<Defined<Config>>& list, const std::string& id) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const auto& item) { return item.id == id; });
  return found == list.end() ? nullptr : &found->config;
}

}  // namespace

ListenAddress listen_address(std::string_view text) {
  const auto colon = text.rfind(':');
  ListenAddress result;
  if (colon == std::string_view::npos) return result;
  result.host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  std::from_chars(port.data(), port.data() + port.size(), result.port);
  return result;
}

Collector::Collector(Run& run, Network& network, Transport& transport, AddressBook& book,
                     CollectorSettings settings)
    : run_{run}, settings_{std::move(settings)}, config_{*settings_.config},
      semantics_{semantics_of(settings_.version)}, self_{run.sim.add(*this)},
      usage_{run, settings_.costs, settings_.runtime, settings_.cpus},
      killed_{run.ledger.add_loss(settings_.name, "killed")},
      out_of_memory_{run.ledger.add_loss(settings_.name, "out of memory")} {
  usage_.limit_memory(settings_.memory_limit, [this] { run_out_of_memory(); });
  build_exporters(book, transport);
  build_limiters();
  for (const Signal signal : kSignals) build_receivers(network, book, signal);
}

CredentialId Collector::client_credential(const std::string& auth, AddressBook& book) const {
  const ExtensionConfig* extension = auth.empty() ? nullptr : find_config(config_.extensions, auth);
  const auto* basic = extension == nullptr ? nullptr : std::get_if<BasicAuthConfig>(extension);
  return basic == nullptr ? 0 : book.credential(basic->username, basic->password);
}

// One user only: a receiver with several accepts the first. Good enough for what is modelled: known or not.
CredentialId Collector::server_credential(const std::string& auth, AddressBook& book) const {
  const ExtensionConfig* extension = auth.empty() ? nullptr : find_config(config_.extensions, auth);
  const auto* basic = extension == nullptr ? nullptr : std::get_if<BasicAuthConfig>(extension);
  if (basic == nullptr || basic->users.empty()) return 0;
  return book.credential(basic->users.begin()->first, basic->users.begin()->second);
}

// One for each signal that uses it: queues, retries and counters of their own.
void Collector::build_exporters(AddressBook& book, Transport& transport) {
  for (const Signal signal : kSignals) {
    for (const auto& defined : config_.exporters) {
      const bool used = std::any_of(config_.pipelines.begin(), config_.pipelines.end(), [&](const PipelineConfig& p) {
        return p.carries(signal) && std::find(p.exporters.begin(), p.exporters.end(), defined.id) != p.exporters.end();
      });
      if (!used) continue;
      const auto* http = std::get_if<OtlpHttpExporterConfig>(&defined.config);
      const auto* grpc = std::get_if<OtlpGrpcExporterConfig>(&defined.config);
      const auto* balancing = signal == Signal::traces ? std::get_if<LoadBalancingConfig>(&defined.config) : nullptr;
      if (balancing != nullptr) add_load_balancer(defined.id, *balancing, book, transport);
      else if (http != nullptr) add_exporter({defined.id, signal, http, false, http->url(signal), {}}, book, transport);
      else if (grpc != nullptr) add_exporter({defined.id, signal, grpc, true, grpc->endpoint, {}}, book, transport);
      else discards_[{signal, defined.id}] = std::make_unique<Discard>();
    }
  }
}

void Collector::add_exporter(const NamedExporter& like, AddressBook& book, Transport& transport) {
  const bool traces = like.signal == Signal::traces;
  const SignalNames names = names_of(like.signal);
  ExporterSettings settings;
  settings.name = settings_.name + " exporter " + like.id + (traces ? "" : " (" + std::string{names.text} + ")");
  settings.config = like.config;
  settings.grpc = like.grpc;
  settings.signal = like.signal;
  settings.semantics = semantics_;
  const std::string url = like.grpc ? "http://" + static_cast<const OtlpGrpcExporterConfig&>(*like.config).target() +
                                          std::string{traces ? "" : names.method}
                                    : like.address;
  settings.endpoint = book.endpoint(settings_.place, url);
  settings.credential = client_credential(like.config->auth, book);
  settings.compression = compression_of(like.config->compression, semantics_, like.grpc);
  settings.usage = &usage_;
  const DestinationSet reach = book.reach(settings.endpoint);
  exporters_.push_back({like.id, like.signal, like.config, like.grpc, like.address,
                        std::make_unique<Exporter>(run_, transport, settings, reach, usage_.held_bytes())});
}

void Collector::add_load_balancer(const std::string& id, const LoadBalancingConfig& config, AddressBook& book,
                                  Transport& transport) {
  ExporterSettings common;
  common.semantics = semantics_;
  common.usage = &usage_;
  LoadBalancerSettings settings{settings_.name + " exporter " + id, &config, semantics_, settings_.place, common};
  settings.backend.credential = client_credential(config.otlp.auth, book);
  settings.backend.compression = compression_of(config.otlp.compression, semantics_, true);
  NamedLoadBalancer named{id, std::make_unique<LoadBalancer>(run_, transport, book, settings, usage_.held_bytes()), {}};
  if (semantics_.load_balancer_is_helped) {
    common.name = settings.name;
    common.config = &config;
    common.inner = named.balancer.get();
    named.helper = std::make_unique<Exporter>(run_, transport, common, named.balancer->reach, usage_.held_bytes());
  }
  load_balancers_.push_back(std::move(named));
}

void Collector::build_limiters() {
  for (const auto& defined : config_.processors) {
    const auto* limiter = std::get_if<MemoryLimiterConfig>(&defined.config);
    if (limiter == nullptr) continue;
    limiters_[defined.id] = std::make_unique<MemoryLimiter>(run_, settings_.name + " processor " + defined.id, *limiter,
                                                            semantics_, LimiterHeap{[this] { return usage_.heap(); },
                                                                                    [this] { return usage_.collect(); },
                                                                                    settings_.memory});
  }
}

Consumer* Collector::exporter(Signal signal, const std::string& id) {
  for (NamedExporter& named : exporters_) {
    if (named.signal == signal && named.id == id) return named.exporter.get();
  }
  for (NamedLoadBalancer& named : load_balancers_) {
    if (signal != Signal::traces || named.id != id) continue;
    return named.helper ? static_cast<Consumer*>(named.helper.get()) : named.balancer.get();
  }
  if (discards_.contains({signal, id})) return discards_.at({signal, id}).get();
  return &connector(signal, id);
}

/// Built once, pipelines behind its connectors before it; a circle was refused with the file.
Consumer& Collector::head_of(const PipelineConfig& pipeline) {
  if (const auto known = pipeline_heads_.find(pipeline.id); known != pipeline_heads_.end()) return *known->second;
  Consumer& head = build_pipeline(pipeline);
  pipeline_heads_[pipeline.id] = &head;
  return head;
}

// forward hands over to every pipeline of its signal that starts with it, count and span_metrics to those of metrics; count's
// caller hears of errors. What enters any other connector ends there; the run says that it is not modelled.
Consumer& Collector::connector(Signal signal, const std::string& id) {
  const PerSignal key{signal, id};
  if (const auto known = connectors_.find(key); known != connectors_.end()) return *known->second;
  if (const RoutingConfig* const routing = find_config(config_.routings, id))
    return *(connectors_[key] = &add_routing(signal, id, *routing));
  const bool counting = find_config(config_.counts, id) != nullptr || find_config(config_.span_metrics, id) != nullptr;
  const bool forwards = id.substr(0, id.find('/')) == "forward";
  const Signal made = counting ? Signal::metrics : signal;
  std::vector<Consumer*> behind;
  for (const PipelineConfig& pipeline : config_.pipelines) {
    const bool starts = std::find(pipeline.receivers.begin(), pipeline.receivers.end(), id) != pipeline.receivers.end();
    if (starts && pipeline.carries(made) && (forwards || counting)) behind.push_back(&head_of(pipeline));
  }
  if (behind.empty()) return *(connectors_[key] = (discards_[key] = std::make_unique<Discard>()).get());
  Consumer* next = behind.front();
  if (behind.size() > 1) {
    fan_outs_.push_back(std::make_unique<FanOut>(behind));
    next = fan_outs_.back().get();
  }
  if (counting) next = &add_metrics_connector(signal, id, *next);
  return *(connectors_[key] = next);
}

Consumer& Collector::add_metrics_connector(Signal signal, const std::string& id, Consumer& next) {
  if (const CountConfig* const counting = find_config(config_.counts, id)) {
    counts_.push_back(std::make_unique<CountConnector>(run_, signal, *counting, semantics_, next));
    counts_.back()->count_steps_in(usage_.steps());
    processor_stages_.push_back(counts_.back().get());
    return *counts_.back();
  }
  const SpanMetricsConfig& config = *find_config(config_.span_metrics, id);
  span_metrics_.push_back(std::make_unique<SpanMetrics>(run_, config, semantics_, next));
  SpanMetrics& connector = *span_metrics_.back();
  connector.count_steps_in(usage_.steps());
  processor_stages_.push_back(&connector);
  usage_.add_table([&connector] { return connector.series_bytes(); });
  return connector;
}

// A pipeline that changes nothing is one target whoever names it; any other choice of pipelines is a target of its own.
Consumer& Collector::add_routing(Signal signal, const std::string& id, const RoutingConfig& config) {
  const auto target = [&](const std::vector<std::string>& pipelines) -> Consumer* {
    std::vector<Consumer*> heads;
    for (const std::string& name : pipelines) {
      const auto found = std::find_if(config_.pipelines.begin(), config_.pipelines.end(),
                                      [&](const PipelineConfig& pipeline) { return pipeline.id == name; });
      if (found != config_.pipelines.end()) heads.push_back(&head_of(*found));
    }
    if (heads.empty()) return nullptr;
    if (heads.size() == 1 && !heads.front()->mutates_data()) return heads.front();
    fan_outs_.push_back(std::make_unique<FanOut>(heads));
    return fan_outs_.back().get();
  };
  RoutingConnector::Targets targets;
  for (const RoutingConfig::Route& route : config.table) targets.of_route.push_back(target(route.pipelines));
  targets.otherwise = target(config.default_pipelines);
  routings_.push_back(std::make_unique<RoutingConnector>(run_, settings_.name + " connector " + id, signal, config,
                                                         semantics_, std::move(targets)));
  routings_.back()->count_steps_in(usage_.steps());
  processor_stages_.push_back(routings_.back().get());
  return *routings_.back();
}

Consumer& Collector::build_pipeline(const PipelineConfig& pipeline) {
  Signal signal = Signal::traces;
  for (const Signal one : kSignals) signal = pipeline.carries(one) ? one : signal;
  std::vector<Consumer*> ends;
  for (const std::string& id : pipeline.exporters) ends.push_back(exporter(signal, id));
  Consumer* next = ends.front();
  if (ends.size() > 1) {
    fan_outs_.push_back(std::make_unique<FanOut>(ends));
    next = fan_outs_.back().get();
  }
  for (auto id = pipeline.processors.rbegin(); id != pipeline.processors.rend(); ++id) next = &add_processor(signal, *id, *next);
  return *next;
}

// What is not modelled lets everything pass; the run says so.
Consumer& Collector::add_processor(Signal signal, const std::string& id, Consumer& next) {
  const ProcessorConfig* config = find_config(config_.processors, id);
  if (const auto* batch = std::get_if<BatchConfig>(config)) {
    batches_.push_back({id, std::make_unique<Batch>(run_, *batch, settings_.cpus, next, usage_.held_bytes())});
    processor_stages_.push_back(batches_.back().batch.get());
    return *batches_.back().batch;
  }
  if (std::holds_alternative<MemoryLimiterConfig>(*config)) {
    gates_.push_back(std::make_unique<LimiterGate>(*limiters_.at(id), signal, next));
    return *gates_.back();
  }
  return signal == Signal::traces ? add_span_processor(id, *config, next) : next;
}

Consumer& Collector::add_span_processor(const std::string& id, const ProcessorConfig& config, Consumer& next) {
  if (const auto* tail = std::get_if<TailSamplingConfig>(&config)) {
    TailSamplingSettings settings{settings_.name + " processor " + id, tail, semantics_, settings_.cpus,
                                  &usage_.steps()};
    tail_samplings_.push_back({id, std::make_unique<TailSampling>(run_, std::move(settings), next, usage_.held_bytes())});
    TailSampling& processor = *tail_samplings_.back().processor;
    processor_stages_.push_back(&processor);
    usage_.add_table([&processor] { return processor.entry_bytes(); });
    return processor;
  }
  if (const auto* sampler = std::get_if<ProbabilisticSamplerConfig>(&config)) {
    const bool all = semantics_.limiter_refusals_are_incoming;
    probabilistic_samplers_.push_back(
        {id, std::make_unique<ProbabilisticSampler>(run_, settings_.name + " processor " + id, *sampler, all, next)});
    probabilistic_samplers_.back().processor->count_steps_in(usage_.steps());
    processor_stages_.push_back(probabilistic_samplers_.back().processor.get());
    return *probabilistic_samplers_.back().processor;
  }
  if (const auto* group = std::get_if<GroupByTraceConfig>(&config)) {
    groups_by_trace_.push_back(
        {id, std::make_unique<GroupByTrace>(run_, settings_.name + " processor " + id, *group, next, usage_.held_bytes())});
    groups_by_trace_.back().processor->count_steps_in(usage_.steps());
    processor_stages_.push_back(groups_by_trace_.back().processor.get());
    return *groups_by_trace_.back().processor;
  }
  if (!is_span_processor(config)) return next;
  span_processors_.push_back(make_span_processor(run_, settings_.name + " processor " + id, config, semantics_,
                                                 span_counters_[id], next));
  span_processors_.back()->count_steps_in(usage_.steps());
  return *span_processors_.back();
}

void Collector::build_receivers(Network& network, AddressBook& book, Signal signal) {
  std::map<std::string, std::vector<Consumer*>> heads;
  for (const PipelineConfig& pipeline : config_.pipelines) {
    if (!pipeline.carries(signal)) continue;
    Consumer* head = &head_of(pipeline);
    for (const std::string& receiver : pipeline.receivers) heads[receiver].push_back(head);
  }
  for (const auto& [id, consumers] : heads) {
    const ReceiverConfig* config = find_config(config_.receivers, id);
    if (const auto* zipkin = std::get_if<ZipkinReceiverConfig>(config)) {
      const CredentialId credential = server_credential(zipkin->auth, book);
      ReceiverSettings settings{id, Protocol::zipkin, zipkin->max_request_body_size, credential, &usage_};
      settings.zipkin = {zipkin->parse_string_tags, semantics_.zipkin_semconv_new};
      settings.lz4_bodies = semantics_.lz4_compression;
      settings.snappy_blocks = semantics_.framed_snappy;
      add_receiver(network, std::move(settings), zipkin->endpoint, consumers);
    }
    const auto* otlp = std::get_if<OtlpReceiverConfig>(config);
    if (otlp != nullptr) build_otlp_receivers(network, book, signal, id, *otlp, consumers);
  }
}

void Collector::build_otlp_receivers(Network& network, AddressBook& book, Signal signal, const std::string& id,
                                     const OtlpReceiverConfig& config, const std::vector<Consumer*>& consumers) {
  if (config.grpc_endpoint) {
    const CredentialId credential = server_credential(config.grpc_auth, book);
    ReceiverSettings settings{id, Protocol::otlp_grpc, config.grpc_max_recv_msg_size, credential, &usage_};
    settings.signal = signal;
    add_receiver(network, std::move(settings), *config.grpc_endpoint, consumers);
  }
  if (!config.http_endpoint) return;
  const CredentialId credential = server_credential(config.http_auth, book);
  ReceiverSettings settings{id, Protocol::otlp_http, config.http_max_request_body_size, credential, &usage_};
  settings.signal = signal;
  settings.path = config.url_path(signal);
  settings.lz4_bodies = semantics_.lz4_compression;
  settings.snappy_blocks = semantics_.framed_snappy;
  add_receiver(network, std::move(settings), *config.http_endpoint, consumers);
}

void Collector::add_receiver(Network& network, ReceiverSettings settings, std::string endpoint,
                             const std::vector<Consumer*>& heads) {
  NamedReceiver named;
  named.endpoint = std::move(endpoint);
  if (heads.size() > 1) named.heads = std::make_unique<FanOut>(heads);
  Consumer& next = named.heads ? static_cast<Consumer&>(*named.heads) : *heads.front();
  settings.tells_retry_after = semantics_.receiver_tells_retry_after;
  named.receiver = std::make_unique<Receiver>(run_, network, std::move(settings), next);
  receivers_.push_back(std::move(named));
}

Receiver* Collector::receiver_at(int port, Signal signal, bool& local_only) {
  for (NamedReceiver& named : receivers_) {
    const ListenAddress bound = listen_address(named.endpoint);
    if (bound.port != port || named.receiver->settings().signal != signal) continue;
    local_only = bound.host == "localhost" || bound.host.starts_with("127.") || bound.host == "[::1]";
    return named.receiver.get();
  }
  return nullptr;
}

std::vector<Stage*> Collector::stages() {
  std::vector<Stage*> all;
  for (auto& [id, limiter] : limiters_) all.push_back(limiter.get());
  // Pipelines were built from their ends: later entries stand upstream.
  all.insert(all.end(), processor_stages_.rbegin(), processor_stages_.rend());
  for (NamedExporter& named : exporters_) all.push_back(named.exporter.get());
  for (NamedLoadBalancer& named : load_balancers_) {
    if (named.helper) all.push_back(named.helper.get());
    all.push_back(named.balancer.get());
  }
  return all;
}

void Collector::start() {
  life_ = Life::running;
  started_ = run_.sim.now();
  for (auto& [id, discard] : discards_) discard->sent = {};
  usage_.start();
  for (auto& [id, counters] : span_counters_) counters = {};
  const std::vector<Stage*> all = stages();
  for (auto stage = all.rbegin(); stage != all.rend(); ++stage) (*stage)->start();
  for (NamedReceiver& named : receivers_) named.receiver->start();
}

void Collector::terminate(Duration grace, std::optional<Duration> restart_after) {
  if (life_ != Life::running) return;  // a second TERM is ignored
  life_ = Life::stopping;
  restart_after_ = restart_after;
  grace_timer_ = run_.sim.start_timer(run_.sim.now() + grace, self_, grace_over);
  stop_step_ = 0;
  stop_next();
}

// Receivers first, then processors from the head of the pipelines, exporters last; each step waits for the one before.
void Collector::stop_next() {
  const std::vector<Stage*> all = stages();
  const std::size_t step = stop_step_++;
  if (step < receivers_.size()) return receivers_[step].receiver->stop({this, 0});
  if (step - receivers_.size() < all.size()) return all[step - receivers_.size()]->stop({this, 0});
  exited();
}

void Collector::done(std::uint32_t, const Result&) {
  if (life_ == Life::stopping) stop_next();
}

void Collector::exited() {
  run_.sim.cancel(grace_timer_);
  usage_.stop();
  life_ = Life::down;
  if (restart_after_) run_.sim.schedule(run_.sim.now() + *restart_after_, self_, restart);
}

void Collector::kill(std::optional<Duration> restart_after) { end_at_once(killed_, restart_after); }

void Collector::run_out_of_memory() {
  if (life_ == Life::down) return;
  ++out_of_memory_kills_;
  end_at_once(out_of_memory_, back_off_.next(run_.sim.now() - started_));
}

void Collector::end_at_once(Cause cause, std::optional<Duration> restart_after) {
  if (life_ == Life::down) return;
  // Against the stream: what an exporter has on the wire is held by the wire before a stage above lets go of it.
  const std::vector<Stage*> all = stages();
  for (auto stage = all.rbegin(); stage != all.rend(); ++stage) (*stage)->kill(cause);
  for (auto& fan_out : fan_outs_) fan_out->kill();
  for (NamedReceiver& named : receivers_) {
    if (named.heads) named.heads->kill();
    named.receiver->kill(cause);
  }
  restart_after_ = restart_after;
  exited();
}

// SIGHUP: the old pipelines are shut down as by TERM, then new ones start in the same process.
void Collector::hang_up() { terminate(Duration{std::chrono::hours{24}}, Duration{0}); }

void Collector::handle(const Event& event) {
  if (event.kind == restart) return start();
  kill(restart_after_);
}

}  // namespace spillway::collector
