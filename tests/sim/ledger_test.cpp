#include "sim/ledger.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

#include <chrono>
#include <string>
#include <vector>

namespace spillway {
namespace {

using namespace std::chrono_literals;

/// A ledger with two destinations and one cause of each kind.
struct Books {
  Ledger ledger;
  int first = ledger.add_destination("first");
  int second = ledger.add_destination("second");
  DestinationSet to_first = 1, to_second = 2, to_both = 3;
  Cause full = ledger.add_loss("queue", "full");
  Cause gave_up = ledger.add_loss("exporter", "gave up");
  Cause sampled = ledger.add_sampling("sampler", "not kept");

  ItemId held(DestinationSet to) {
    const ItemId item = ledger.produce(to);
    ledger.hold(item, to);
    return item;
  }
  DestinationFates fates(int destination = 0) const { return ledger.close().at(static_cast<std::size_t>(destination)); }
};

TEST(Ledger, NamesDestinationsInOrder) {
  Books books;
  const auto all = books.ledger.close();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].destination, "first");
  EXPECT_EQ(all[1].destination, "second");
  EXPECT_EQ(all[0].produced, 0);
}

TEST(Ledger, AnItemThatSomebodyHoldsIsInFlight) {
  Books books;
  books.held(books.to_first);
  EXPECT_EQ(books.fates().produced, 1);
  EXPECT_EQ(books.fates().in_flight, 1);
  EXPECT_EQ(books.fates(1).produced, 0);
  EXPECT_EQ(books.ledger.produced(), 1);
}

TEST(Ledger, AStoredItemIsNoLongerInFlightThoughStillHeld) {
  Books books;
  const ItemId item = books.held(books.to_first);
  EXPECT_TRUE(books.ledger.store(item, books.first));
  EXPECT_EQ(books.fates().stored, 1);
  EXPECT_EQ(books.fates().in_flight, 0);
  books.ledger.release(item, books.to_first, Ledger::handed_over(), Time{1s});
  EXPECT_EQ(books.fates().stored, 1);
  EXPECT_EQ(books.fates().stored_though_given_up, 0);
}

TEST(Ledger, TheLastHoldersReasonIsTheFate) {
  Books books;
  const ItemId item = books.held(books.to_first);
  books.ledger.release(item, books.to_first, books.full, Time{3s});
  const DestinationFates fates = books.fates();
  ASSERT_EQ(fates.lost.size(), 1u);
  EXPECT_EQ(fates.lost[0].component, "queue");
  EXPECT_EQ(fates.lost[0].cause, "full");
  EXPECT_EQ(fates.lost[0].items, 1);
  EXPECT_EQ(fates.lost[0].first, Time{3s});
  EXPECT_EQ(fates.in_flight, 0);
}

TEST(Ledger, NotesWhenALossFirstHappened) {
  Books books;
  for (int second = 5; second < 8; ++second) {
    books.ledger.release(books.held(books.to_first), books.to_first, books.full, Time{second * 1s});
  }
  EXPECT_EQ(books.fates().lost.at(0).items, 3);
  EXPECT_EQ(books.fates().lost.at(0).first, Time{5s});
}

TEST(Ledger, WhatASamplerDropsIsNotLost) {
  Books books;
  books.ledger.release(books.held(books.to_first), books.to_first, books.sampled, Time{1s});
  EXPECT_TRUE(books.fates().lost.empty());
  ASSERT_EQ(books.fates().sampled_out.size(), 1u);
  EXPECT_EQ(books.fates().sampled_out[0].component, "sampler");
}

TEST(Ledger, HandingOverKeepsTheItemInFlight) {
  Books books;
  const ItemId item = books.held(books.to_first);
  books.ledger.hold(item, books.to_first);
  books.ledger.release(item, books.to_first, Ledger::handed_over(), Time{1s});
  EXPECT_EQ(books.fates().in_flight, 1);
}

TEST(Ledger, EachDestinationHasItsOwnFateOfAnItem) {
  Books books;
  const ItemId item = books.held(books.to_both);
  books.ledger.store(item, books.first);
  books.ledger.release(item, books.to_first, Ledger::handed_over(), Time{1s});
  books.ledger.release(item, books.to_second, books.gave_up, Time{2s});
  EXPECT_EQ(books.fates(0).stored, 1);
  EXPECT_TRUE(books.fates(0).lost.empty());
  EXPECT_EQ(books.fates(1).stored, 0);
  EXPECT_EQ(books.fates(1).lost.at(0).cause, "gave up");
}

TEST(Ledger, StoringAgainIsADuplicate) {
  Books books;
  const ItemId item = books.held(books.to_first);
  EXPECT_TRUE(books.ledger.store(item, books.first));
  EXPECT_FALSE(books.ledger.store(item, books.first));
  books.ledger.release(item, books.to_first, Ledger::handed_over(), Time{1s});
  EXPECT_EQ(books.fates().stored, 1);
  EXPECT_EQ(books.fates().duplicates, 1);
}

TEST(Ledger, StoredThoughItsSenderGaveUpAfterwards) {
  Books books;
  const ItemId item = books.held(books.to_first);
  books.ledger.store(item, books.first);
  books.ledger.release(item, books.to_first, books.gave_up, Time{1s});
  EXPECT_EQ(books.fates().stored, 1);
  EXPECT_EQ(books.fates().stored_though_given_up, 1);
  EXPECT_TRUE(books.fates().lost.empty());
}

TEST(Ledger, StoredThoughItsSenderGaveUpBefore) {
  Books books;
  const ItemId item = books.held(books.to_first);
  books.ledger.hold(item, books.to_first);  // the request on the wire
  books.ledger.release(item, books.to_first, books.gave_up, Time{1s});
  books.ledger.store(item, books.first);
  books.ledger.release(item, books.to_first, Ledger::handed_over(), Time{2s});
  EXPECT_EQ(books.fates().stored, 1);
  EXPECT_EQ(books.fates().stored_though_given_up, 1);
  EXPECT_TRUE(books.fates().lost.empty());
}

TEST(Ledger, GivingUpTwiceCountsOnce) {
  Books books;
  const ItemId item = books.held(books.to_first);
  books.ledger.hold(item, books.to_first);
  books.ledger.store(item, books.first);
  books.ledger.release(item, books.to_first, books.gave_up, Time{1s});
  books.ledger.release(item, books.to_first, books.full, Time{2s});
  EXPECT_EQ(books.fates().stored_though_given_up, 1);
}

TEST(Ledger, AnEarlyLossIsTheFateWhenTheLastHolderHandsOver) {
  Books books;
  const ItemId item = books.held(books.to_first);
  books.ledger.hold(item, books.to_first);
  books.ledger.release(item, books.to_first, books.full, Time{1s});
  EXPECT_EQ(books.fates().in_flight, 1);
  books.ledger.release(item, books.to_first, Ledger::handed_over(), Time{2s});
  const DestinationFates fates = books.fates();
  ASSERT_EQ(fates.lost.size(), 1u);
  EXPECT_EQ(fates.lost[0].cause, "full");
  EXPECT_EQ(fates.in_flight, 0);
}

TEST(Ledger, ALaterLossTakesThePlaceOfAnEarlierOne) {
  Books books;
  const ItemId item = books.held(books.to_first);
  books.ledger.hold(item, books.to_first);
  books.ledger.release(item, books.to_first, books.full, Time{1s});
  books.ledger.release(item, books.to_first, books.gave_up, Time{2s});
  ASSERT_EQ(books.fates().lost.size(), 1u);
  EXPECT_EQ(books.fates().lost[0].cause, "gave up");
}

TEST(Ledger, FatesAreSortedByComponentAndCause) {
  Books books;
  books.ledger.release(books.held(books.to_first), books.to_first, books.full, Time{1s});
  books.ledger.release(books.held(books.to_first), books.to_first, books.gave_up, Time{1s});
  const auto lost = books.fates().lost;
  ASSERT_EQ(lost.size(), 2u);
  EXPECT_EQ(lost[0].component, "exporter");
  EXPECT_EQ(lost[1].component, "queue");
}

TEST(Ledger, TheSameCauseIsRegisteredOnce) {
  Books books;
  EXPECT_EQ(books.ledger.add_loss("queue", "full").index, books.full.index);
  EXPECT_NE(books.ledger.add_loss("queue", "empty").index, books.full.index);
}

TEST(Ledger, HasRoomForSixtyFourDestinations) {
  Ledger ledger;
  for (int i = 0; i < kMaxDestinations; ++i) EXPECT_EQ(ledger.add_destination(std::to_string(i)), i);
  ledger.hold(ledger.produce(~DestinationSet{0}), ~DestinationSet{0});
  for (const DestinationFates& fates : ledger.close()) EXPECT_EQ(fates.in_flight, 1);
}

TEST(Ledger, BooksCloseOverManyItemsThatEndInAnotherOrder) {
  Books books;
  std::vector<ItemId> open;
  for (std::uint64_t i = 0; i < 200'000; ++i) {
    open.push_back(books.held(i % 3 == 0 ? books.to_both : books.to_first));
    if (open.size() < 1000) continue;
    const std::size_t chosen = i * 7919 % open.size();
    const ItemId item = open[chosen];
    open[chosen] = open.back();
    open.pop_back();
    if (item % 2 == 0) books.ledger.store(item, books.first);
    books.ledger.release(item, books.to_first, item % 2 == 0 ? Ledger::handed_over() : books.full, Time{1s});
    if (item % 3 == 0) books.ledger.release(item, books.to_second, books.sampled, Time{1s});
  }
  const DestinationFates first = books.fates(0);
  const DestinationFates second = books.fates(1);
  EXPECT_EQ(first.produced, 200'000);
  EXPECT_EQ(first.in_flight, 999);
  EXPECT_EQ(first.stored + first.lost.at(0).items, 200'000 - 999);
  EXPECT_EQ(second.produced, 66'667);
  EXPECT_EQ(second.sampled_out.at(0).items + second.in_flight, 66'667);
}

/// Bytes that the program holds on its heap.
std::size_t heap_bytes() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

TEST(Ledger, MemoryFollowsWhatIsInFlightNotWhatHasPassed) {
  Books books;
  const auto pass = [&](std::int64_t items) {
    for (std::int64_t i = 0; i < items; ++i) {
      books.ledger.release(books.held(books.to_first), books.to_first, books.full, Time{1s});
    }
  };
  pass(100'000);
  const std::size_t before = heap_bytes();
  pass(5'000'000);  // 10 MB if they were kept
  EXPECT_LT(heap_bytes(), before + 200'000);
}

TEST(Ledger, OneOldItemInFlightDoesNotKeepAllThatCameAfterIt) {
  Books books;
  const ItemId old = books.held(books.to_first);
  const std::size_t before = heap_bytes();
  for (std::int64_t i = 0; i < 5'000'000; ++i) {
    books.ledger.release(books.held(books.to_first), books.to_first, books.full, Time{1s});
  }
  EXPECT_LT(heap_bytes(), before + 400'000);
  EXPECT_EQ(books.fates().in_flight, 1);
  books.ledger.release(old, books.to_first, books.full, Time{1s});
  EXPECT_EQ(books.fates().in_flight, 0);
}

TEST(LedgerDeathTest, ReleasingWhatNobodyHoldsAborts) {
  Books books;
  const ItemId item = books.held(books.to_first);
  books.ledger.release(item, books.to_first, books.full, Time{1s});
  EXPECT_DEATH(books.ledger.release(item, books.to_first, books.full, Time{2s}), "at 2.0.*that nobody holds");
}

TEST(LedgerDeathTest, VanishingWithoutACauseAborts) {
  Books books;
  const ItemId item = books.held(books.to_first);
  EXPECT_DEATH(books.ledger.release(item, books.to_first, Ledger::handed_over(), Time{1s}), "vanished without a cause");
}

TEST(LedgerDeathTest, StoringWhereItWasNotMeantForAborts) {
  Books books;
  const ItemId item = books.held(books.to_first);
  EXPECT_DEATH(books.ledger.store(item, books.second), "not meant for it|already closed");
}

TEST(LedgerDeathTest, StoringAfterItsFateWasWrittenAborts) {
  Books books;
  const ItemId item = books.held(books.to_first);
  books.ledger.release(item, books.to_first, books.full, Time{1s});
  EXPECT_DEATH(books.ledger.store(item, books.first), "after its fate was written");
}

TEST(LedgerDeathTest, BooksThatDoNotCloseAbort) {
  Books books;
  const ItemId item = books.held(books.to_first);
  books.ledger.release(item, books.to_first, books.full, Time{1s});
  books.ledger.hold(item, books.to_first);  // from beyond the grave: it would get a second fate
  books.ledger.release(item, books.to_first, books.full, Time{2s});
  EXPECT_DEATH((void)books.ledger.close(), "first: produced 1 is not stored 0 \\+ ended 2 \\+ in flight 0");
}

TEST(LedgerDeathTest, AClosedItemOfLongAgoCannotComeBack) {
  Books books;
  const ItemId item = books.held(books.to_first);
  books.ledger.release(item, books.to_first, books.full, Time{1s});
  for (int i = 0; i < 100'000; ++i) {
    books.ledger.release(books.held(books.to_first), books.to_first, books.full, Time{1s});
  }
  EXPECT_DEATH(books.ledger.hold(item, books.to_first), "already closed");
}

TEST(LedgerDeathTest, SixtyFiveDestinationsAbort) {
  Ledger ledger;
  for (int i = 0; i < kMaxDestinations; ++i) ledger.add_destination(std::to_string(i));
  EXPECT_DEATH(ledger.add_destination("one more"), "more than 64");
}

}  // namespace
}  // namespace spillway
