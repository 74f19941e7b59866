// A function in a world of its own: new network, mount and process namespaces, in a child process.
#pragma once

#include <functional>

#include "sim/time.hpp"

namespace spillway::real {

/// Runs `function` as process 1 of new network, mount and PID namespaces (and of a user namespace in which it is
/// root, when the caller may not make the others itself) and returns its result, 0…255. The caller's own
/// namespaces do not change; nothing that the function starts survives it or the caller, however either ends.
///
/// SIGINT, SIGTERM and SIGHUP to the caller are held back meanwhile: the first makes `stop_fd` readable for good,
/// and the function should return; a second one, or `patience` gone by, kills. Then the result is 128 + signal.
/// The new network is empty (even its loopback device is down), mounts are private, /proc shows the new PIDs.
/// Throws std::runtime_error with what the function threw, or with why there are no namespaces here.
///
/// Call it from the main thread: the child is a fork, so other threads do not exist in it.
int run_confined(const std::function<int(int stop_fd)>& function, Duration patience);

}  // namespace spillway::real
