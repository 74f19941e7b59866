// What the decoders of OTLP share. Private to models/wire.
#pragma once

#include <string_view>

#include "models/telemetry/span.hpp"
#include "models/wire/otlp_signals.pb.h"
#include "models/wire/otlp_trace.pb.h"

namespace spillway::wire {

ResourceShape resource_of(const otlp::Resource& resource, const otlp::InstrumentationScope& scope);

/// False when a collector would refuse the text.
bool from_json(std::string_view body, otlp::ExportLogsServiceRequest& request);
bool from_json(std::string_view body, otlp::ExportMetricsServiceRequest& request);

}  // namespace spillway::wire
