#include "sim/replications.hpp"

#include <tbb/blocked_range.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <exception>
#include <limits>
#include <mutex>
#include <thread>
#include <utility>

namespace spillway {
namespace {

/// What the threads share. Results have a slot each; all else is behind the mutex or atomic.
class Runs {
 public:
  Runs(std::int64_t count, const std::function<Replication(std::int64_t)>& run,
       const std::function<void(std::int64_t)>& progress)
      : results_(static_cast<std::size_t>(count)), run_{run}, progress_{progress} {
    failed_number_ = std::numeric_limits<std::int64_t>::max();
  }

  void run_one(std::int64_t number) {
    if (number > failed_number_) return;  // its result is lost anyway; lower ones must still show their failure
    try {
      results_[static_cast<std::size_t>(number)] = run_(number);
      succeeded();
    } catch (...) {
      failed(number, std::current_exception());
    }
  }

  std::vector<Replication> take() {
    const std::lock_guard lock{mutex_};
    if (failure_) std::rethrow_exception(failure_);
    return std::move(results_);
  }

 private:
  void succeeded() {
    const std::lock_guard lock{mutex_};
    ++done_;
    if (progress_) progress_(done_);
  }

  void failed(std::int64_t number, std::exception_ptr failure) {
    const std::lock_guard lock{mutex_};
    if (number > failed_number_) return;
    failed_number_ = number;
    failure_ = std::move(failure);
  }

  std::vector<Replication> results_;
  const std::function<Replication(std::int64_t)>& run_;
  const std::function<void(std::int64_t)>& progress_;
  std::mutex mutex_;
  std::int64_t done_ = 0;
  std::atomic<std::int64_t> failed_number_;
  std::exception_ptr failure_;
};

#ifdef __SANITIZE_THREAD__
// TBB's library is not instrumented: how it hands a task to a thread looks like a race in whatever the task reads first.
// Plain threads show the sanitizer the same sharing.
void share_out(Runs& runs, std::int64_t count, int threads) {
  std::atomic<std::int64_t> next{0};
  const auto work = [&] {
    for (std::int64_t number = next++; number < count; number = next++) runs.run_one(number);
  };
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
}
#else
void share_out(Runs& runs, std::int64_t count, int threads) {
  using Range = tbb::blocked_range<std::int64_t>;
  const auto run_range = [&runs](const Range& range) {
    for (std::int64_t number = range.begin(); number < range.end(); ++number) runs.run_one(number);
  };
  tbb::task_arena arena{std::min(threads, tbb::info::default_concurrency())};  // asking for more makes TBB warn
  arena.execute([&] { tbb::parallel_for(Range{0, count, 1}, run_range, tbb::simple_partitioner{}); });
}
#endif

}  // namespace

std::vector<Replication> run_replications(std::int64_t count, int threads,
                                          const std::function<Replication(std::int64_t number)>& run,
                                          const std::function<void(std::int64_t done)>& progress) {
  assert(count >= 0 && threads >= 1);
  Runs runs{count, run, progress};
  share_out(runs, count, threads);
  return runs.take();
}

}  // namespace spillway
