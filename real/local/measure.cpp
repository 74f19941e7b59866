#include "real/local/measure.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "models/network/url.hpp"
#include "real/emitter/paced_run.hpp"
#include "real/emitter/real_transport.hpp"
#include "real/local/machine_load.hpp"
#include "real/local/packet_line.hpp"
#include "real/local/plan_of_lab.hpp"
#include "real/local/real_collector.hpp"
#include "real/local/real_services.hpp"
#include "real/local/render_users.hpp"
#include "real/sink/sink.hpp"
#include "real/sink/verdict.hpp"

namespace spillway::real {
namespace {

namespace fs = std::filesystem;
namespace asio = boost::asio;
using SteadyClock = std::chrono::steady_clock;

RealParts parts_of(const MeasureOptions& options) { return {!options.service.empty(), options.stores.wanted}; }

bool counts_in_flight(collector::Version version) { return collector::semantics_of(version).queue_counts_in_flight; }

/// Addresses of the lab for the senders.
class LabBook final : public AddressBook {
 public:
  LabBook(World& world, const LabPlan& plan, RealTransport& transport) : world_{world}, plan_{plan}, transport_{transport} {}

  EndpointId endpoint(std::uint16_t place, const std::string& url) override {
    const Endpoint& known = world_.who_answers(place, url);
    refuse_cut(known, url);
    look_at_link(known, url);
    const auto parsed = parse_url(url);
    RealEndpoint real;
    real.reach = known.reach;
    real.somebody = false;
    if (parsed) {
      real.host = parsed->host;
      real.path = parsed->path;
      const std::string address = address_of(known.server_name);
      real.somebody = !address.empty();
      if (real.somebody) real.address = {asio::ip::make_address(address), static_cast<std::uint16_t>(parsed->port)};
    }
    return transport_.add(std::move(real));
  }
  std::vector<std::string> lookup(std::uint16_t place, const std::string& name) override { return world_.lookup(place, name); }
  DestinationSet reach(EndpointId endpoint) const override { return transport_.endpoint(endpoint).reach; }
  /// What of the links the traffic that is played here does not meet.
  const std::vector<NotModelled>& not_made() const { return at_once_; }
  CredentialId credential(const std::string& user, const std::string& password) override {
    const CredentialId id = world_.credential(user, password);
    transport_.set_credential(id, basic_authorization(user, password));
    return id;
  }

 private:
  /// Senders that are played here all have the hub's addresses, whatever their place: a cut would meet others, too.
  void refuse_cut(const Endpoint& known, const std::string& url) const {
    for (const Fault& fault : world_.scenario().faults) {
      if (fault.kind != Fault::Kind::link || !world_.is_between(known, fault.between[0], fault.between[1])) continue;
      throw std::runtime_error("the cut between " + fault.between[0] + " and " + fault.between[1] + " would have to stop " + url +
                               ", whose sender is played here; cut a collector's way, or measure with --services real");
    }
  }
  /// Between them and what they talk to there is no line, for the same reason.
  void look_at_link(const Endpoint& known, const std::string& url) {
    const Link& link = world_.link_to(known);
    if (known.from == known.to || !needs_line(link)) return;
    if (link.bandwidth_bytes_per_second > 0)
      throw std::runtime_error(link.where.path + ": the bandwidth would have to hold up what is sent to " + url +
                               ", whose sender is played here; leave it out, or measure with --services real");
    at_once_.push_back({"the link's latency to " + url + ": its sender is played here", "latency: what is played arrives sooner"});
  }
  std::string address_of(const std::string& server) const {
    for (const SinkPlan& sink : plan_.sinks) {
      if (sink.backend.name == server) return sink.address;
    }
    for (const RoomPlan& room : plan_.rooms) {
      if (room.collector.name == server) return room.address;
    }
    return {};
  }
  World& world_;
  const LabPlan& plan_;
  RealTransport& transport_;
  std::vector<NotModelled> at_once_;
};

/// Reads the collectors' pages at fixed moments, in a thread of its own so that traffic is not held up.
class Scraper {
 public:
  Scraper(std::vector<RealCollector*> collectors, SteadyClock::time_point zero, std::vector<Time> moments)
      : collectors_{std::move(collectors)}, thread_{[this, zero, moments] { run(zero, moments); }} {}
  ~Scraper() { stop(); }
  void stop() {
    stopped_ = true;
    if (thread_.joinable()) thread_.join();
  }
  std::vector<MetricSnapshot> taken() {
    const std::lock_guard lock{mutex_};
    return taken_;
  }
  std::vector<MetricValue> page() const {
    std::vector<MetricValue> all;
    for (const RealCollector* collector : collectors_) {
      for (MetricValue& value : collector->scrape()) all.push_back(std::move(value));
    }
    std::sort(all.begin(), all.end(), [](const MetricValue& x, const MetricValue& y) { return std::tie(x.name, x.labels) < std::tie(y.name, y.labels); });
    return all;
  }

 private:
  void run(SteadyClock::time_point zero, const std::vector<Time>& moments) {
    for (const Time moment : moments) {
      while (!stopped_ && SteadyClock::now() < zero + moment.time_since_epoch()) std::this_thread::sleep_for(std::chrono::milliseconds{5});
      if (stopped_) return;
      MetricSnapshot snapshot{moment, page()};
      const std::lock_guard lock{mutex_};
      taken_.push_back(std::move(snapshot));
    }
  }
  std::vector<RealCollector*> collectors_;
  std::mutex mutex_;
  std::vector<MetricSnapshot> taken_;
  std::atomic<bool> stopped_{false};
  std::thread thread_;
};

/// Moments of sample_at and of every step, each once, in order.
std::vector<Time> scrape_moments(const Scenario& scenario) {
  std::vector<Time> moments = scenario.sample_at;
  const Time end = Time{} + scenario.duration + scenario.drain;
  for (Time at = Time{} + scenario.record.step; at < end; at += scenario.record.step) moments.push_back(at);
  std::sort(moments.begin(), moments.end());
  moments.erase(std::unique(moments.begin(), moments.end()), moments.end());
  return moments;
}

/// One measurement inside the lab.
class Measurement {
 public:
  Measurement(Lab& lab, const PreparedScenario& prepared, const LabPlan& plan, World& world, const MeasureOptions& options)
      : lab_{lab}, prepared_{prepared}, scenario_{prepared.scenario}, plan_{plan}, world_{world}, options_{options},
        warm_up_{find_warm_up(prepared)},
        run_{scenario_.seed, 0, QueueKind::wheel}, draws_{run_.sim.stream("sink", "latency")} {}

  RunRecord play() {
    start_sinks();
    start_lines();
    if (options_.stores.wanted) start_stores();
    start_collectors();
    if (real_services()) start_services();
    if (stores_) stores_->start_scraping();
    zero_ = SteadyClock::now();
    const auto epoch = std::chrono::system_clock::now().time_since_epoch();
    PacedRun paced{io_, run_, zero_};
    RealTransport transport{io_, run_, std::chrono::duration_cast<std::chrono::microseconds>(epoch).count(), [&paced] { paced.catch_up(); }};
    LabBook book{world_, plan_, transport};
    for (const SinkPlan& sink : plan_.sinks) run_.ledger.add_destination(sink.backend.name);
    const auto which = real_services() ? Senders::Which::only_clients : Senders::Which::all;
    const Senders senders{run_, transport, book, scenario_, warm_up_.length, which};
    std::optional<RenderUsers> users;
    if (real_services()) users.emplace(run_, transport, scenario_, plan_, Time{} + warm_up_.length);
    const Faults faults{run_, scenario_.faults, [this](const Fault& f) { apply(f, true); }, [this](const Fault& f) { apply(f, false); }};
    Scraper scraper{collector_pointers(), zero_, scrape_moments(scenario_)};
    const MachineLoad before = machine_load();
    watch_for_stop(paced);
    paced.play(Time{} + scenario_.duration + scenario_.drain);
    if (lab_.stop_requested()) throw std::runtime_error("stopped by the user");
    const double idle = idle_share(before, machine_load());
    scraper.stop();
    if (services_) services_->look();
    if (stores_) stores_->look();
    RunRecord record = describe(scraper, senders);
    record.not_modelled.insert(record.not_modelled.end(), book.not_made().begin(), book.not_made().end());
    if (users) add_services(record, *users);
    record.manifest.notes["machine idle"] = std::to_string(static_cast<int>(idle * 100)) + " %";
    record.manifest.notes["worst lateness of the emitter"] = std::to_string(paced.worst_lateness() / std::chrono::microseconds{1}) + " us";
    return record;
  }

 private:
  fs::path logs() const { return options_.logs.empty() ? lab_.folder() : options_.logs; }

  void start_stores() {
    stores_ = std::make_unique<LocalStores>(lab_, plan_, options_.stores, logs());
    stores_->start();
  }

  void start_services() {
    services_ = std::make_unique<RealServices>(io_, lab_, run_, scenario_, plan_, world_);
    std::function<ServiceOutput(std::size_t)> output_of;
    if (stores_) output_of = [this](std::size_t service) { return stores_->output_of(service); };
    services_->start(options_.service, logs(), options_.service_cpus, output_of);
  }

  /// The links of the scenario, where real programs use them.
  void start_lines() {
    if (!why_no_lines().empty()) return;
    for (const LinePlan& plan : lines_of(prepared_, plan_)) {
      const auto law = [&](const char* direction) {
        return [link = plan.link, draws = Sequence{run_.sim.stream("line " + plan.a + " " + plan.b, direction)}]() mutable {
          Draws next = draws.next();
          return std::max(Duration{0}, from_seconds(link->latency.sample(next)));
        };
      };
      lines_.add(lab_.open_line(plan.ways), {plan.here, plan.relays, law("there"), law("back"), plan.link->bandwidth_bytes_per_second});
    }
    lines_.start();
  }

  /// A real store in the place of a backend has no sink: a null pointer in `sinks_`.
  void start_sinks() {
    for (const SinkPlan& plan : plan_.sinks) {
      if (!plan.scripted) {
        sinks_.push_back(nullptr);
        continue;
      }
      const Backend& spec = scenario_.backends[plan.backend.index];
      SinkConfig config;
      config.name = plan.backend.name;
      config.endpoint = {asio::ip::make_address(plan.address), static_cast<std::uint16_t>(plan.port)};
      config.accepts = spec.accepts;
      config.behaviour = spec.behaviour;
      config.script = spec.script;
      config.user = spec.user;
      config.password = spec.password;
      config.note_contents = wants_contents(scenario_);
      config.note_arrivals = scenario_.record.span_ids;
      config.clock = [this] { return Time{} + std::chrono::duration_cast<Duration>(SteadyClock::now() - zero_); };
      config.latency = [this, &spec](const Behaviour& behaviour, std::int64_t) {
        const Distribution& law = behaviour.latency ? *behaviour.latency : spec.latency;
        Draws draws = draws_.next();
        return std::max(Duration{0}, from_seconds(law.sample(draws)));
      };
      sinks_.push_back(std::make_unique<Sink>(io_, std::move(config)));
      sinks_.back()->start();
    }
  }

  /// The collector's own files; what is wrapped in a manifest or in values of a chart is written out first.
  std::vector<fs::path> plain_files(const CollectorUse& use, std::string name) const {
    const std::string text = collector::plain_config(use.config, use.key);
    if (text.empty()) return use.config;
    std::replace(name.begin(), name.end(), '/', '-');
    const fs::path file = lab_.folder() / (name + ".yaml");
    std::ofstream{file} << text;
    return {file};
  }

  void start_collectors() {
    for (const RoomPlan& room : plan_.rooms) {
      const CollectorUse& use = scenario_.collectors[room.collector.index];
      RealCollectorSpec spec;
      spec.name = room.collector.name;
      spec.room = room.room;
      spec.program = stand_in(options_, prepared_.versions[room.collector.index])->second;
      spec.config = plain_files(use, spec.name);
      spec.environment = use.environment;
      spec.telemetry = prepared_.configs[room.collector.index].telemetry;
      spec.cpus = use.cpus;
      spec.memory_limit = static_cast<std::int64_t>(use.memory_limit);
      spec.precise_cpu = options_.precise_cpu;
      std::string file = room.collector.name + ".log";
      std::replace(file.begin(), file.end(), '/', '-');
      spec.log = logs() / file;
      fs::remove(spec.log);
      collectors_.push_back(std::make_unique<RealCollector>(io_, lab_, std::move(spec)));
    }
    for (auto& collector : collectors_) collector->start();
  }

  void watch_for_stop(PacedRun& paced) {
    stop_ = std::make_unique<asio::posix::stream_descriptor>(io_, ::dup(lab_.stop_fd()));
    stop_->async_wait(asio::posix::stream_descriptor::wait_read, [&paced](const boost::system::error_code& error) {
      if (!error) paced.stop();
    });
  }

  void apply(const Fault& fault, bool begins) {
    switch (fault.kind) {
      case Fault::Kind::link:
        return lab_.set_cut(ways_between(prepared_, plan_, fault.between[0], fault.between[1]), begins);
      case Fault::Kind::resolve:
        world_.set_resolution(fault, begins);
        for (const RoomPlan& room : plan_.rooms) lab_.set_hosts(room.room, hosts_of(prepared_, plan_, world_, room));
        return;
      case Fault::Kind::backend:
        for (std::size_t i = 0; i < sinks_.size(); ++i) {
          const BackendPlace& backend = plan_.sinks[i].backend;
          if (scenario_.backends[backend.index].name != fault.target || !sinks_[i]) continue;
          if (!fault.in.empty() && backend.place != fault.in) continue;
          sinks_[i]->set_behaviour(begins ? std::optional{fault.behaviour} : std::nullopt);
        }
        return;
      case Fault::Kind::collector:
        for (std::size_t i = 0; i < collectors_.size() && begins; ++i) {
          const CollectorPlace& place = plan_.rooms[i].collector;
          if (scenario_.collectors[place.index].name != fault.target) continue;
          if (fault.in.empty() || place.place == fault.in) collectors_[i]->signal(fault);
        }
        return;
    }
  }

  std::vector<RealCollector*> collector_pointers() const {
    std::vector<RealCollector*> list;
    for (const auto& collector : collectors_) list.push_back(collector.get());
    return list;
  }

  SinkCounts counts_of(std::size_t sink) const { return sinks_[sink] ? sinks_[sink]->counters() : stores_->zipkin(sink); }
  std::vector<SpanKey> stored_spans(std::size_t sink) const { return sinks_[sink] ? sinks_[sink]->stored_spans() : stores_->stored_spans(sink); }
  bool real_services() const { return !options_.service.empty(); }
  RunRecord describe(Scraper& scraper, const Senders& senders);
  void add_services(RunRecord& record, const RenderUsers& users);
  DestinationFates fates(std::size_t sink, const DestinationFates& senders, const std::vector<MetricValue>& page) const;

  Lab& lab_;
  const PreparedScenario& prepared_;
  const Scenario& scenario_;
  const LabPlan& plan_;
  World& world_;
  const MeasureOptions& options_;
  WarmUp warm_up_;
  asio::io_context io_;
  Run run_;
  Sequence draws_;
  SteadyClock::time_point zero_{};
  PacketLines lines_;
  std::vector<std::unique_ptr<Sink>> sinks_;
  std::vector<std::unique_ptr<RealCollector>> collectors_;
  std::unique_ptr<LocalStores> stores_;     ///< null: the backends are scripted
  std::unique_ptr<RealServices> services_;  ///< null: they are played
  std::unique_ptr<asio::posix::stream_descriptor> stop_;
};

std::int64_t total(const std::vector<MetricValue>& page, const std::string& name) {
  double sum = 0;
  for (const MetricValue& value : page) sum += value.name == name ? value.value : 0;
  return static_cast<std::int64_t>(sum);
}

std::vector<Series> series_of(const std::vector<MetricSnapshot>& snapshots, Duration step) {
  SeriesRecorder recorder;
  for (const MetricSnapshot& snapshot : snapshots) {
    if (snapshot.at.time_since_epoch() % step != Duration{0}) continue;
    MetricsPage page;
    page.add([&](std::vector<MetricValue>& values) { values = snapshot.values; });
    recorder.take(page);
  }
  return recorder.series();
}

// The sink knows what was stored, the senders what they gave up. Between the two only the collectors' counters can
// say what happened; with several destinations behind one collector they cannot be told apart and stay out.
DestinationFates Measurement::fates(std::size_t sink, const DestinationFates& senders, const std::vector<MetricValue>& page) const {
  const SinkCounts counts = counts_of(sink);
  DestinationFates fates;
  fates.destination = plan_.sinks[sink].backend.name;
  fates.produced = senders.produced;
  fates.stored = counts.stored;
  fates.produced = std::max(fates.produced, counts.stored);  // a connector's data points are known when they arrive
  fates.duplicates = counts.duplicates;
  fates.sampled_out = senders.sampled_out;
  fates.span_set = hex16(counts.span_set);
  if (scenario_.record.span_ids) {
    for (const SpanKey& key : stored_spans(sink)) fates.span_ids.push_back(to_text(key));
    if (sinks_[sink]) {
      for (const auto& [key, at] : sinks_[sink]->arrivals()) fates.arrivals.push_back({to_text(key), at});
    }
  }
  if (wants_contents(scenario_) && sinks_[sink]) {
    fates.spans = sinks_[sink]->contents();
    std::uint64_t hash = 0;
    for (const std::string& text : fates.spans) hash += hash_name(text);
    fates.contents = hex16(hash);
  }
  std::int64_t missing = fates.produced - fates.stored;
  for (const Fate& fate : fates.sampled_out) missing -= fate.items;
  const auto take = [&](Fate fate) {
    fate.items = std::min(fate.items, missing);
    missing -= fate.items;
    if (fate.items > 0) fates.lost.push_back(std::move(fate));
  };
  for (const Fate& fate : senders.lost) take(fate);
  if (plan_.sinks[sink].backend.place.empty() && scenario_.backends.size() - std::count_if(scenario_.backends.begin(), scenario_.backends.end(), [](const Backend& b) { return !b.in.empty(); }) == 1) {
    // A failure that a receiver passed on is its client's: a refused span is in one of these counters as well.
    std::int64_t passed_on = total(page, "otelcol_receiver_refused_spans");
    const auto swallowed = [&](const char* counter) {
      const std::int64_t failed = total(page, counter);
      const std::int64_t known = std::min(failed, passed_on);
      passed_on -= known;
      return failed - known;
    };
    take({"collectors", "queue full (enqueue_failed)", swallowed("otelcol_exporter_enqueue_failed_spans"), {}});
    take({"collectors", "given up (send_failed)", swallowed("otelcol_exporter_send_failed_spans"), {}});
  }
  fates.in_flight = missing;  // in queues, or lost without a counter
  return fates;
}

RunRecord Measurement::describe(Scraper& scraper, const Senders& senders) {
  RunRecord record;
  record.manifest = simulated_manifest(prepared_, warm_up_);
  record.manifest.world = "measured";
  record.not_modelled = not_modelled(prepared_);
  if (!why_no_lines().empty() && !lines_of(prepared_, plan_).empty())
    record.not_modelled.push_back({"latencies of links: " + why_no_lines(), "latency: messages arrive sooner"});
  Replication result;
  result.metrics = scraper.page();
  const std::vector<MetricSnapshot> snapshots = scraper.taken();
  result.series = series_of(snapshots, scenario_.record.step);
  for (const MetricSnapshot& snapshot : snapshots) {
    if (std::find(scenario_.sample_at.begin(), scenario_.sample_at.end(), snapshot.at) != scenario_.sample_at.end()) result.snapshots.push_back(snapshot);
  }
  std::vector<DestinationFates> books = run_.ledger.close();
  if (services_) services_->add_to(books);
  for (std::size_t i = 0; i < sinks_.size(); ++i) {
    result.destinations.push_back(fates(i, books[i], result.metrics));
    result.backends.push_back(counts_of(i).backend);
  }
  senders.report(result);
  for (std::size_t i = 0; i < collectors_.size(); ++i) {
    const ProcessUsage usage = collectors_[i]->usage();
    record.manifest.notes[collectors_[i]->name() + " CPU"] = std::to_string(usage.cpu_user + usage.cpu_system) + " s";
    const auto* program = stand_in(options_, prepared_.versions[plan_.rooms[i].collector.index]);
    record.manifest.notes[collectors_[i]->name() + " program"] = "otelcol " + collector::to_text(program->first);
  }
  for (std::size_t i = 0; i < sinks_.size() && options_.note_body_sizes; ++i) {
    std::string sizes;
    if (sinks_[i]) for (const RequestLogEntry& entry : sinks_[i]->log()) sizes += std::to_string(entry.body_bytes) + " ";
    record.manifest.notes[plan_.sinks[i].backend.name + " body sizes"] = sizes;
  }
  record.replications.push_back(std::move(result));
  return record;
}

// What the real services and their users know beside the fates.
void Measurement::add_services(RunRecord& record, const RenderUsers& users) {
  Replication& result = record.replications.front();
  result.requests = users.stats();
  services_->add_answers(result.answers);
  result.answers.push_back({"users", users.answers()});
  auto& notes = record.manifest.notes;
  services_->add_notes(notes);
  notes["services"] = "real processes";
  if (users.open() > 0) notes["requests without an answer at the end"] = std::to_string(users.open());
  for (NotModelled& own : own_ways_of_real_services(scenario_)) record.not_modelled.push_back(std::move(own));
  if (!stores_) return;
  stores_->add_to(result.metrics);
  stores_->add_notes(notes);
  for (NotModelled& own : own_ways_of_stores(scenario_, plan_)) record.not_modelled.push_back(std::move(own));
}

std::vector<std::string> missing_for_links(const PreparedScenario& prepared, const LabPlan& plan, const MeasureOptions& options) {
  std::vector<std::string> missing;
  for (const Fault& fault : prepared.scenario.faults) {
    if (fault.kind != Fault::Kind::link) continue;
    const std::string cut = "the cut between " + fault.between[0] + " and " + fault.between[1];
    if (options.stores.wanted) missing.push_back(cut + " would not meet the real stores; measure with scripted ones");
    if (ways_between(prepared, plan, fault.between[0], fault.between[1]).empty())
      missing.push_back(cut + " meets no collector's way; measure with --services real if it is one between services");
    if (find_program("iptables-restore").empty()) missing.push_back(cut + " needs iptables-restore; install the package iptables");
  }
  for (const Link& link : prepared.scenario.links) {
    if (link.bandwidth_bytes_per_second <= 0 || why_no_lines().empty()) continue;
    missing.push_back(link.where.path + ": a bandwidth cannot be made here (" + why_no_lines() + "); leave it out");
  }
  return missing;
}

}  // namespace

const std::pair<collector::Version, fs::path>* stand_in(const MeasureOptions& options, collector::Version version) {
  const std::pair<collector::Version, fs::path>* best = nullptr;
  for (const auto& candidate : options.collectors) {
    if (counts_in_flight(candidate.first) == counts_in_flight(version)) best = &candidate;
  }
  return best;
}

std::vector<std::string> missing_for_measure(const PreparedScenario& prepared, const MeasureOptions& options) {
  std::vector<std::string> missing = missing_for_lab();
  for (std::size_t i = 0; i < prepared.versions.size(); ++i) {
    if (stand_in(options, prepared.versions[i]) != nullptr) continue;
    missing.push_back("no built collector of the generation of " + collector::to_text(prepared.versions[i]) + "; run real/collector/build.sh");
  }
  for (std::size_t i = 0; i < prepared.configs.size(); ++i) {
    for (const auto& processor : prepared.configs[i].processors) {
      const auto* limiter = std::get_if<collector::MemoryLimiterConfig>(&processor.config);
      if (limiter == nullptr || limiter->limit_mib != 0) continue;
      missing.push_back(prepared.scenario.collectors[i].name + " " + processor.id +
                        ": limit_percentage is of this machine's memory here; use limit_mib");
    }
  }
  if (!options.service.empty()) {
    if (!fs::exists(options.service)) missing.push_back("no program " + options.service.string() + "; build the target mandelbrot");
    for (const std::string& problem : missing_for_real_services(prepared.scenario)) missing.push_back(problem);
  }
  const auto& uses = prepared.scenario.collectors;
  const bool limited = std::any_of(uses.begin(), uses.end(), [](const CollectorUse& use) { return use.memory_limit > 0; });
  if (const std::string why = limited ? MemoryGroup{"probe", 64 << 20}.problem() : ""; !why.empty())
    missing.push_back("a memory_limit needs a control group of memory: " + why);
  for (const CollectorUse& use : uses) {
    if (use.replicas.value_or(1) > 1) missing.push_back(use.name + ": several replicas behind one address; measure with replicas: 1, or name them as collectors of their own");
  }
  World world{prepared, 0, {}};
  const LabPlan plan = plan_lab(prepared, world, parts_of(options));
  for (const std::string& problem : plan.problems) missing.push_back(problem);
  if (options.stores.wanted) {
    for (const std::string& problem : missing_for_stores(prepared.scenario, plan, options.stores)) missing.push_back(problem);
  }
  for (const std::string& problem : missing_for_links(prepared, plan, options)) missing.push_back(problem);
  return missing;
}

RunRecord measure(const std::shared_ptr<const PreparedScenario>& prepared, const MeasureOptions& options) {
  World world{*prepared, 0, {}};
  const LabPlan plan = plan_lab(*prepared, world, parts_of(options));
  // The lab is a child process: what it measured comes back through a file.
  std::string folder = (fs::temp_directory_path() / "spillway-measure-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) throw std::runtime_error("cannot make a folder in " + fs::temp_directory_path().string());
  const fs::path file = fs::path{folder} / "record.json";
  const auto cleanup = [&] { fs::remove_all(folder); };
  try {
    const int code = run_in_lab(plan.spec, [&](Lab& lab) {
      write_file_atomically(file, to_json(Measurement{lab, *prepared, plan, world, options}.play()));
      return 0;
    });
    if (code != 0) throw std::runtime_error("the measurement ended with code " + std::to_string(code));
    RunRecord record = load_record(file);
    cleanup();
    return record;
  } catch (...) {
    cleanup();
    throw;
  }
}

}  // namespace spillway::real
