// Spans in the bodies of recorded posts, as the client knows them: what it wants to have stored.
#pragma once

#include <vector>

#include "models/telemetry/span.hpp"

namespace spillway {

/// The spans of the body, without items and sizes: none when nobody can read it. A Zipkin body is an array, its spans get
/// their shape from the receiver that translates them; an OTLP body is an object, or protobuf by its content type.
/// Times are nanoseconds since 1970, not since the start of the run: only their differences mean anything.
void append_recorded(Catalog& catalog, const RecordedPost& post, std::vector<Span>& spans);

/// The log records or data points of the body, with their sizes, each in a record of its own: its ids are a digest of what
/// it says, its shape the metric's or log record's kind and nothing more.
void append_recorded_items(Catalog& catalog, const RecordedPost& post, Signal signal, std::vector<Span>& items);

}  // namespace spillway
