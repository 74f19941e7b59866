// Every item has exactly one fate at every destination it was meant for.
//
// Whoever holds an item (a queue, a batch, a request on the wire, a client that may still retry) holds a
// copy of it for some destinations. hold() adds copies, release() ends them with the reason, store() notes
// that a destination has it. When the last copy for a destination ends and it was never stored there, the
// reason of that last release is the item's fate. What was stored once stays stored; storing it again is a
// duplicate. A holder that hands over after another one already lost the item leaves that loss as the fate.
// So: produced = stored + sampled out + lost + in flight, per destination, always.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/record.hpp"
#include "sim/time.hpp"

namespace spillway {

using ItemId = std::uint64_t;  ///< dense, from 0, in order of production

/// Up to 64 destinations as a bit set.
using DestinationSet = std::uint64_t;
inline constexpr int kMaxDestinations = 64;

/// Why a copy ended; registered once, so that counting is an index.
struct Cause {
  std::uint32_t index = 0;
};

class Ledger {
 public:
  /// Requires fewer than kMaxDestinations so far. Returns its index, which is its bit.
  int add_destination(std::string name);
  /// An ending that counts as loss.
  Cause add_loss(std::string component, std::string cause);
  /// An ending that was wished for: a sampling decision, a filter.
  Cause add_sampling(std::string component, std::string cause);
  /// An ending that says that the item went to another destination; it stands even when the call as a whole fails.
  Cause add_routing(std::string component, std::string cause);
  /// The copy ended because another holder took over. Ending an item with it is an internal error.
  static constexpr Cause handed_over() { return {0}; }

  /// A new item, meant for these destinations. It must be held before it is released.
  ItemId produce(DestinationSet destinations);
  void hold(ItemId item, DestinationSet destinations) {
    for_each(destinations, [&](Destination& d) { ++slot(d, item); });
  }
  void release(ItemId item, DestinationSet destinations, Cause cause, Time now) {
    for_each(destinations, [&](Destination& d) { release_one(d, item, cause, now); });
  }
  /// The destination has it now; copies stay as they are. True the first time.
  bool store(ItemId item, int destination);

  /// Fates so far; aborts the process when a destination's books do not close.
  std::vector<DestinationFates> close() const;
  std::int64_t produced() const { return static_cast<std::int64_t>(next_item_); }

 private:
  // State of an item at a destination: number of copies in the low bits, marks in the high ones. `absent`
  // is what a destination sees of items that were not meant for it.
  using State = std::uint16_t;
  static constexpr State kStored = 1u << 15, kGivenUp = 1u << 14, kMeant = 1u << 13, kDone = 1u << 12;
  static constexpr State kCopies = kDone - 1;
  static constexpr int kChunkBits = 14;
  static constexpr ItemId kChunkItems = ItemId{1} << kChunkBits;
  struct Chunk {
    std::vector<State> states;
    std::int64_t open = 0;  ///< items without a fate, or stored with copies around
  };
  struct Ending {
    std::int64_t items = 0;
    std::optional<Time> first;
  };
  struct Destination {
    std::string name;
    std::vector<std::unique_ptr<Chunk>> chunks;  ///< chunks[i]: items from (first_chunk + i) << kChunkBits; null: closed
    std::uint64_t first_chunk = 0;
    Chunk* last = nullptr;
    std::uint64_t last_number = ~std::uint64_t{0};
    std::int64_t produced = 0, stored = 0, duplicates = 0, given_up = 0;
    std::vector<Ending> endings;  ///< by cause
    std::unordered_map<ItemId, Cause> lost_early;  ///< order never leaves: losses of a copy while others remained
  };
  struct CauseName {
    std::string component, cause;
    enum class Kind { handed_over, loss, sampling, routing } kind;
  };

  template <class Function>
  void for_each(DestinationSet set, Function function) {
    for (; set != 0; set &= set - 1) function(destinations_[static_cast<std::size_t>(__builtin_ctzll(set))]);
  }
  State& slot(Destination& d, ItemId item) {
    const std::uint64_t number = item >> kChunkBits;
    if (number != d.last_number) find_chunk(d, number);
    return d.last->states[item & (kChunkItems - 1)];
  }
  void find_chunk(Destination& d, std::uint64_t number);
  void release_one(Destination& d, ItemId item, Cause cause, Time now);
  void end_item(Destination& d, ItemId item, State& state, Cause cause, Time now);
  std::unique_ptr<Chunk> take_chunk();
  void drop_closed_chunks(Destination& d);
  Cause add_cause(std::string component, std::string cause, CauseName::Kind kind);
  DestinationFates close_one(const Destination& d) const;

  std::vector<Destination> destinations_;
  std::vector<CauseName> causes_{{"", "handed over", CauseName::Kind::handed_over}};
  std::vector<std::unique_ptr<Chunk>> spare_;
  ItemId next_item_ = 0;
};

}  // namespace spillway
