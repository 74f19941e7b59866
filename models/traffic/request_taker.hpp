// Whoever requests of users go to: the simulated services, or real ones.
#pragma once

#include <cstdint>

namespace spillway {

class RequestTaker {
 public:
  virtual ~RequestTaker() = default;
  /// A request arrives now. `plan`: what it asks for and where, by a number agreed on before.
  virtual void begin(std::uint32_t plan, std::uint64_t trace) = 0;
};

}  // namespace spillway
