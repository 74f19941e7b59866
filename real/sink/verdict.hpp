// What a scripted backend does with its n-th request: pure decisions, no socket, no clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/scenario/scenario.hpp"

namespace spillway::real {

/// The behaviour in force for request `number` (from 1): a fault wins over the script, the last step that has
/// begun wins over the default. Steps are in order of from_request.
const Behaviour& behaviour_for(std::int64_t number, const Behaviour& standard, const std::vector<ScriptStep>& script,
                               const std::optional<Behaviour>& fault);

/// What is known of a request when it has been read.
struct Received {
  bool authorised = true;
  bool supported = true;  ///< media type and encoding are understood
  bool readable = true;   ///< the body decodes
  bool small = true;      ///< the inflated body stays below the limit
};

struct Verdict {
  Behaviour::Kind kind = Behaviour::Kind::answer;
  int status = 200;  ///< meaningful for `answer`; over gRPC a code
  bool store = false;
  bool grpc = false;
  std::string name() const;  ///< "200", "UNAVAILABLE", "hang", "reset", "refuse": the key in BackendCounts::answers
};

/// A backend that hangs or resets does so for everybody; one that answers looks at credentials first (401), gives
/// its status when that is no success, and only then looks at media type (415), size (413) and content (400).
/// Nothing unauthorised or unreadable is stored.
Verdict judge(const Behaviour& behaviour, const Received& received);

/// The same over gRPC: UNAUTHENTICATED, then the code, then INTERNAL for what cannot be read.
Verdict judge_grpc(const Behaviour& behaviour, const Received& received);

/// A date as HTTP writes it, of so many seconds since 1970.
std::string http_date(std::int64_t unix_seconds);

/// ExportTraceServiceResponse that says that `rejected` spans were not taken; empty when none.
std::string partial_success(std::int64_t rejected);

/// The value of an Authorization header for basic authentication.
std::string basic_authorization(std::string_view user, std::string_view password);

}  // namespace spillway::real
