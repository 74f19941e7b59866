// What a receiver says to a recorded request before its pipeline hears of it.
#pragma once

#include "models/collector/receiver.hpp"

namespace spillway::collector {

/// The status of the refusal, 0 when the request goes on to the pipeline. In the order of the real handlers: encoding and
/// size of the body, then (otlp) path, method, content type, then the content. A refusal whose media type OTLP does not know
/// is 500: there is no form in which to say what was wrong. Zipkin takes any path, method and type.
int refusal(const RecordedPost& request, const ReceiverSettings& settings);

}  // namespace spillway::collector
