// Coroutines of Boost.Asio: 1.74 uses std::exchange without including its header.
#pragma once

#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>
