// Spellings of the enums of scenario.hpp. To add a value: one word here.
#pragma once

#include "models/scenario/bind.hpp"
#include "models/scenario/scenario.hpp"

namespace spillway::language {

constexpr std::array<Word<SpanKind>, 6> words(SpanKind) {
  return {{{"unspecified", SpanKind::unspecified},
           {"internal", SpanKind::internal},
           {"server", SpanKind::server},
           {"client", SpanKind::client},
           {"producer", SpanKind::producer},
           {"consumer", SpanKind::consumer}}};
}
constexpr std::array<Word<SpanStatus>, 3> words(SpanStatus) {
  return {{{"unset", SpanStatus::unset}, {"ok", SpanStatus::ok}, {"error", SpanStatus::error}}};
}
constexpr std::array<Word<FailureMode>, 2> words(FailureMode) {
  return {{{"strict", FailureMode::strict}, {"degraded", FailureMode::degraded}}};
}
constexpr std::array<Word<Instrumentation::Kind>, 3> words(Instrumentation::Kind) {
  using Kind = Instrumentation::Kind;
  return {{{"none", Kind::none}, {"zipkin_post", Kind::zipkin_post}, {"otlp_batch", Kind::otlp_batch}}};
}
constexpr std::array<Word<Runtime::Kind>, 4> words(Runtime::Kind) {
  using Kind = Runtime::Kind;
  return {{{"unlimited", Kind::unlimited}, {"event_loop", Kind::event_loop}, {"workers", Kind::workers},
           {"shared", Kind::shared}}};
}
constexpr std::array<Word<Traffic::Arrivals>, 2> words(Traffic::Arrivals) {
  return {{{"poisson", Traffic::Arrivals::poisson}, {"constant", Traffic::Arrivals::constant}}};
}
constexpr std::array<Word<WireFormat>, 4> words(WireFormat) {
  return {{{"zipkin_json", WireFormat::zipkin_json},
           {"otlp_proto", WireFormat::otlp_proto},
           {"otlp_json", WireFormat::otlp_json},
           {"otlp_grpc", WireFormat::otlp_grpc}}};
}
constexpr std::array<Word<GrpcCode>, kGrpcCodeNames.size()> words(GrpcCode) {
  std::array<Word<GrpcCode>, kGrpcCodeNames.size()> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = {kGrpcCodeNames[i], static_cast<GrpcCode>(i)};
  return all;
}
constexpr std::array<Word<Backend::Accepts>, 3> words(Backend::Accepts) {
  return {{{"otlp_http", Backend::Accepts::otlp_http},
           {"zipkin", Backend::Accepts::zipkin},
           {"otlp_grpc", Backend::Accepts::otlp_grpc}}};
}
constexpr std::array<Word<Fault::Signal>, 3> words(Fault::Signal) {
  return {{{"TERM", Fault::Signal::term}, {"KILL", Fault::Signal::kill}, {"HUP", Fault::Signal::hup}}};
}
constexpr std::array<Word<RecordSpec::Spans>, 2> words(RecordSpec::Spans) {
  return {{{"none", RecordSpec::Spans::none}, {"full", RecordSpec::Spans::full}}};
}
constexpr std::array<Word<Judge::Class>, 3> words(Judge::Class) {
  using Class = Judge::Class;
  return {{{"exact", Class::exact}, {"edge", Class::edge}, {"distribution", Class::distribution}}};
}

}  // namespace spillway::language
