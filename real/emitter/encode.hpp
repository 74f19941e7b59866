// The very spans that the simulator imagines, as bytes on a wire.
#pragma once

#include <cstdint>
#include <string>

#include "models/telemetry/payload.hpp"

namespace spillway::real {

/// Body of a request with this payload. `epoch_us`: wall-clock time of the run's Time{}, microseconds since 1970.
std::string encode(const Payload& payload, const Catalog& catalog, WireFormat format, std::int64_t epoch_us);
const char* content_type(WireFormat format);

}  // namespace spillway::real
