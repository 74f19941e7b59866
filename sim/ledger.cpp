#include "sim/ledger.hpp"

#include <algorithm>
#include <string>
#include <tuple>

#include "sim/simulation.hpp"

namespace spillway {

int Ledger::add_destination(std::string name) {
  if (destinations_.size() >= kMaxDestinations) broken("ledger", Time{}, "more than 64 destinations");
  destinations_.emplace_back();
  destinations_.back().name = std::move(name);
  destinations_.back().endings.resize(causes_.size());
  return static_cast<int>(destinations_.size() - 1);
}

Cause Ledger::add_cause(std::string component, std::string cause, CauseName::Kind kind) {
  for (std::uint32_t i = 1; i < causes_.size(); ++i) {
    if (causes_[i].component == component && causes_[i].cause == cause) return {i};
  }
  causes_.push_back({std::move(component), std::move(cause), kind});
  for (Destination& d : destinations_) d.endings.resize(causes_.size());
  return {static_cast<std::uint32_t>(causes_.size() - 1)};
}

Cause Ledger::add_loss(std::string component, std::string cause) {
  return add_cause(std::move(component), std::move(cause), CauseName::Kind::loss);
}

Cause Ledger::add_sampling(std::string component, std::string cause) {
  return add_cause(std::move(component), std::move(cause), CauseName::Kind::sampling);
}

Cause Ledger::add_routing(std::string component, std::string cause) {
  return add_cause(std::move(component), std::move(cause), CauseName::Kind::routing);
}

ItemId Ledger::produce(DestinationSet destinations) {
  const ItemId item = next_item_++;
  for_each(destinations, [&](Destination& d) {
    ++d.produced;
    slot(d, item) = kMeant;
    ++d.last->open;
  });
  return item;
}

void Ledger::find_chunk(Destination& d, std::uint64_t number) {
  if (d.chunks.empty()) d.first_chunk = number;
  const bool fresh = number >= d.first_chunk + d.chunks.size();
  if (fresh) {
    drop_closed_chunks(d);
    while (number >= d.first_chunk + d.chunks.size()) d.chunks.push_back(nullptr);
    d.chunks.back() = take_chunk();
  }
  if (number < d.first_chunk || !d.chunks[number - d.first_chunk]) {
    broken("ledger", Time{}, "item of " + d.name + " was already closed");
  }
  d.last = d.chunks[number - d.first_chunk].get();
  d.last_number = number;
}

std::unique_ptr<Ledger::Chunk> Ledger::take_chunk() {
  if (spare_.empty()) {
    spare_.push_back(std::make_unique<Chunk>());
    spare_.back()->states.resize(kChunkItems);
  }
  std::unique_ptr<Chunk> chunk = std::move(spare_.back());
  spare_.pop_back();
  std::fill(chunk->states.begin(), chunk->states.end(), State{0});
  chunk->open = 0;
  return chunk;
}

// Chunks whose items all have their fate are given back: memory follows what is in flight. Items are produced in
// order, so a chunk older than the one to come gets no new ones.
void Ledger::drop_closed_chunks(Destination& d) {
  for (auto& chunk : d.chunks) {
    if (chunk && chunk->open == 0) spare_.push_back(std::move(chunk));
  }
  const auto first_open = std::find_if(d.chunks.begin(), d.chunks.end(), [](const auto& chunk) { return chunk != nullptr; });
  d.first_chunk += static_cast<std::uint64_t>(first_open - d.chunks.begin());
  d.chunks.erase(d.chunks.begin(), first_open);
}

void Ledger::release_one(Destination& d, ItemId item, Cause cause, Time now) {
  State& state = slot(d, item);
  if ((state & kCopies) == 0) broken("ledger", now, "released an item of " + d.name + " that nobody holds");
  --state;
  const bool last = (state & kCopies) == 0;
  const auto kind = causes_[cause.index].kind;
  if (kind == CauseName::Kind::loss && (state & kStored) && !(state & kGivenUp)) ++d.given_up;
  if (kind == CauseName::Kind::loss) state |= kGivenUp;
  if (!last && kind != CauseName::Kind::handed_over && !(state & kStored)) d.lost_early[item] = cause;
  if (last) end_item(d, item, state, cause, now);
}

void Ledger::end_item(Destination& d, ItemId item, State& state, Cause cause, Time now) {
  --d.last->open;
  state |= kDone;
  if (!d.lost_early.empty()) {
    const auto early = d.lost_early.find(item);
    if (early != d.lost_early.end()) {
      const bool elsewhere = causes_[early->second.index].kind == CauseName::Kind::routing;
      if (cause.index == 0 || elsewhere) cause = early->second;
      d.lost_early.erase(early);
    }
  }
  if (state & kStored) return;
  if (cause.index == 0) broken("ledger", now, "an item of " + d.name + " vanished without a cause");
  Ending& ending = d.endings[cause.index];
  ++ending.items;
  if (!ending.first) ending.first = now;
}

bool Ledger::store(ItemId item, int destination) {
  Destination& d = destinations_[static_cast<std::size_t>(destination)];
  State& state = slot(d, item);
  if (!(state & kMeant)) broken("ledger", Time{}, "stored an item at " + d.name + " that was not meant for it");
  if (state & kStored) {
    ++d.duplicates;
    return false;
  }
  if (state & kDone) broken("ledger", Time{}, "stored an item at " + d.name + " after its fate was written");
  state |= kStored;
  ++d.stored;
  if (state & kGivenUp) ++d.given_up;
  return true;
}

std::vector<DestinationFates> Ledger::close() const {
  std::vector<DestinationFates> result;
  for (const Destination& d : destinations_) result.push_back(close_one(d));
  return result;
}

DestinationFates Ledger::close_one(const Destination& d) const {
  DestinationFates fates;
  fates.destination = d.name;
  fates.produced = d.produced;
  fates.stored = d.stored;
  fates.duplicates = d.duplicates;
  fates.stored_though_given_up = d.given_up;
  std::int64_t ended = 0;
  for (std::size_t i = 1; i < d.endings.size(); ++i) {
    if (d.endings[i].items == 0) continue;
    auto& list = causes_[i].kind == CauseName::Kind::loss ? fates.lost : fates.sampled_out;
    list.push_back({causes_[i].component, causes_[i].cause, d.endings[i].items, d.endings[i].first});
    ended += d.endings[i].items;
  }
  // In flight is counted from the items themselves, not as a difference: otherwise the sum proves nothing.
  for (const auto& chunk : d.chunks) {
    if (!chunk) continue;
    for (const State state : chunk->states) fates.in_flight += (state & kMeant) && !(state & (kDone | kStored));
  }
  if (fates.produced != fates.stored + ended + fates.in_flight) {
    broken("ledger", Time{}, d.name + ": produced " + std::to_string(fates.produced) + " is not stored " +
                                 std::to_string(fates.stored) + " + ended " + std::to_string(ended) +
                                 " + in flight " + std::to_string(fates.in_flight));
  }
  const auto by_name = [](const Fate& x, const Fate& y) {
    return std::tie(x.component, x.cause) < std::tie(y.component, y.cause);
  };
  std::sort(fates.lost.begin(), fates.lost.end(), by_name);
  std::sort(fates.sampled_out.begin(), fates.sampled_out.end(), by_name);
  return fates;
}

}  // namespace spillway
