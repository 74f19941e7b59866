// Batching between a sending queue and the exports (sending_queue.batch). Semantics: exporterhelper's partition
// batcher with one partition, checked against running v0.159. One reader takes elements from the queue; exports run
// side by side as far as there are permits; a flush without one keeps its goroutine waiting: the reader, or the timer.
// Leaves out: partition.metadata_keys.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "models/collector/sending_queue.hpp"

namespace spillway::collector {

/// How many spans the first part of a payload gets when a part may have at most `max_size` bytes: greedy, with the
/// real program's reckoning of lengths. 0: not even the first one fits.
std::int64_t items_within(const Payload& payload, std::int64_t max_size, const Catalog& catalog);

/// Whoever exports what a batcher has put together.
class BatchTo {
 public:
  virtual ~BatchTo() = default;
  /// Parts of these elements. Each gets its finish_part; then QueueBatch::export_ended().
  virtual void export_batch(Payload payload, std::vector<ElementId> elements) = 0;
};

class QueueBatch final : public Component {
 public:
  QueueBatch(Run& run, const ExporterBatchConfig& config, std::int64_t permits, SendingQueue& queue,
             const std::string& owner, DestinationSet reach, BatchTo& next);

  void consume(SendingQueue::Taken taken);
  /// A flush of the reader has no permit yet: it takes nothing more.
  bool reader_waits() const { return !reader_.empty(); }
  void export_ended();
  void handle(const Event& event) override;
  /// Sends what waits for more; the last thing before the end.
  void flush();
  bool empty() const { return open_.elements.empty() && reader_.empty() && others_.empty(); }
  void kill(Cause cause);

 private:
  struct Part {
    Payload payload;
    std::vector<ElementId> elements;
  };
  enum class Who : std::uint8_t { reader, other };

  std::vector<Part> split(Payload payload, ElementId element);
  bool large_enough(const Part& part) const;
  void keep(Part part);
  void send(Part part, Who who);
  void run(Part part);

  Run& run_;
  const ExporterBatchConfig& config_;
  std::int64_t permits_, busy_ = 0;
  SendingQueue& queue_;
  DestinationSet reach_;
  BatchTo& next_;
  Target self_;
  Part open_;
  TimerId timer_;
  bool timer_due_ = false;         ///< it fired while its goroutine waited
  std::deque<Part> reader_, others_;
  std::deque<Who> turns_;          ///< who gets the next permits; of the reader's parts one at a time
  Cause too_large_;
};

}  // namespace spillway::collector
