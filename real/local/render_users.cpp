#include "real/local/render_users.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <nlohmann/json.hpp>

namespace spillway::real {
namespace {

constexpr Duration kPatience = std::chrono::seconds{120};  // of a user; renders give up before

std::string body_of(const Traffic& traffic) {
  const Picture picture = traffic.picture.value_or(Picture{});
  return nlohmann::json{{"width", picture.width},      {"height", picture.height},   {"iterations", picture.iterations},
                        {"centreX", picture.centre_x}, {"centreY", picture.centre_y}, {"zoom", picture.zoom}}
      .dump();
}

}  // namespace

RenderUsers::RenderUsers(Run& run, RealTransport& transport, const Scenario& scenario, const LabPlan& plan, Time counted_from)
    : run_{run}, transport_{transport}, counted_from_{counted_from} {
  for (std::size_t i = 0; i < scenario.traffic.size(); ++i) {
    const Traffic& traffic = scenario.traffic[i];
    const auto wanted = std::find_if(scenario.services.begin(), scenario.services.end(), [&](const Service& s) { return s.name == traffic.to; });
    std::vector<std::uint32_t> numbers;
    for (const std::string& place : traffic.in.empty() ? wanted->in : traffic.in) {
      const auto at = std::find_if(plan.services.begin(), plan.services.end(), [&](const ServicePlan& s) { return s.name == place + "/" + traffic.to; });
      numbers.push_back(static_cast<std::uint32_t>(wishes_.size()));
      add_wish(scenario, traffic, *at);
    }
    arrivals_.push_back(std::make_unique<Arrivals>(run, traffic, *this, std::move(numbers), i, Time{} + scenario.duration));
  }
}

void RenderUsers::add_wish(const Scenario& scenario, const Traffic& traffic, const ServicePlan& service) {
  RealEndpoint to;
  to.address = {boost::asio::ip::make_address(service.address), kServicePort};
  to.host = service.address;
  to.path = "/api/render";
  Wish wish;
  wish.endpoint = transport_.add(std::move(to));
  wish.request.path = "/api/render";
  wish.request.headers = {{"content-type", "application/json"}};
  wish.request.body = body_of(traffic);
  wish.stats.name = traffic.to + " " + traffic.operation;
  wish.stats.place = scenario.places[service.place].name;
  wishes_.push_back(std::move(wish));
}

void RenderUsers::begin(std::uint32_t plan, std::uint64_t) {
  Post post;
  post.endpoint = wishes_[plan].endpoint;
  post.recorded = &wishes_[plan].request;
  post.timeout = kPatience;
  post.client = this;
  post.token = open_.add({plan, run_.sim.now()});
  ++open_count_;
  transport_.post(std::move(post));
}

void RenderUsers::answered(std::uint64_t token, const Answer& answer) {
  const Open open = open_.take(static_cast<std::uint32_t>(token));
  --open_count_;
  ++answers_[to_text(answer)];
  if (open.arrived < counted_from_) return;
  RequestStats& stats = wishes_[open.wish].stats;
  ++stats.requests;
  stats.errors += !answer.success();
  stats.latency.add(seconds(run_.sim.now() - open.arrived));
}

std::vector<RequestStats> RenderUsers::stats() const {
  std::vector<RequestStats> all;
  for (const Wish& wish : wishes_) {
    const auto same = [&](const RequestStats& s) { return s.name == wish.stats.name && s.place.empty(); };
    auto total = std::find_if(all.begin(), all.end(), same);
    if (total == all.end()) {
      all.push_back({wish.stats.name, "", 0, 0, {}});
      total = all.end() - 1;
    }
    total->requests += wish.stats.requests;
    total->errors += wish.stats.errors;
    total->latency.merge(wish.stats.latency);
    all.push_back(wish.stats);
  }
  return all;
}

}  // namespace spillway::real
