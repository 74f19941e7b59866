// Many replications of one scenario on several threads. The only place of the kernel that knows threads.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "sim/record.hpp"

namespace spillway {

/// Calls run(0) … run(count - 1) on at most `threads` threads (>= 1; never more than the machine has) and returns the
/// results by number, so they do not depend on the number of threads. `run` must be safe to call from several threads
/// at once. When calls throw, the exception of the lowest number is rethrown and numbers above it may be left out.
/// `progress` is told how many are done after each success: one call at a time, growing by one, from any thread;
/// it must not throw.
std::vector<Replication> run_replications(std::int64_t count, int threads,
                                          const std::function<Replication(std::int64_t number)>& run,
                                          const std::function<void(std::int64_t done)>& progress = {});

}  // namespace spillway
