// Spans in the bodies of recorded posts, as the client knows them: what it wants to have stored.
#pragma once

#include <vector>

#include "models/telemetry/span.hpp"

namespace spillway {

/// The spans of the body, without items and sizes: none when nobody can read it. A Zipkin body is an array, its spans get
/// their shape from the receiver that translates them; an OTLP body is an object, or protobuf by its content type.
/// Times are nanoseconds since 1970, not since the start of the run: only their differences mean anything.
void append_recorded(Catalog& catalog, const RecordedPost& post, std::vector<Span>& spans);

}  // namespace spillway
