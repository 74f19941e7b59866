// Compressed request bodies: which coders there are, and what decides how small one makes a body. Only its size is
// made here: nothing is compressed.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "models/collector/version.hpp"
#include "models/telemetry/payload.hpp"

namespace spillway::collector {

/// What `compression` of an exporter comes to. snappy: one block.
enum class Compression : std::uint8_t { none, gzip, zlib, zstd, snappy, snappy_framed, lz4 };
/// By the setting's text; what is none of the known ones was refused with the file. Over gRPC snappy is framed, and it was
/// everywhere before there was a name for that.
Compression compression_of(std::string_view setting, const Semantics& semantics, bool grpc);

/// Compressions of one coder differ in the frame around it.
enum class Coder : std::uint8_t { gzip, zstd, snappy, lz4 };
inline constexpr std::size_t kCoders = 4;
inline constexpr std::array<const char*, kCoders> kCoderNames{"gzip", "zstd", "snappy", "lz4"};
/// Of anything but `none`.
Coder coder_of(Compression compression);
/// Bytes that its frame has more than the coder's own form has, for so many uncompressed bytes. Exact.
std::int64_t frame_bytes(Compression compression, std::int64_t body_bytes);

/// Whether a writer has buffers of its own for such a body, which it keeps: zstd codes one block without a history.
bool keeps_buffers(Compression compression, std::int64_t body_bytes);

/// What is in bodies as a coder sees them: bytes that it has to spell out, and pieces that it refers back to.
struct Contents {
  std::int64_t requests = 0, spans = 0;
  std::int64_t bytes = 0;    ///< uncompressed
  std::int64_t traces = 0;   ///< spans of another trace than the one before
  std::int64_t times = 0;    ///< spans of another start or duration than the one before
  std::int64_t changes = 0;  ///< names, keys and values that are others than in the same place of the span before
  std::int64_t fresh = 0;    ///< bytes of texts that were in no text before them in the body

  Contents& operator+=(const Contents& more);
  Contents operator-(const Contents& less) const;
  bool operator==(const Contents&) const = default;
};

/// Bytes of `text` that a coder must spell out when it knows `history`: one for each byte that begins no repetition of four
/// bytes or more, one for each repetition.
std::int64_t fresh_bytes(std::string_view history, std::string_view text);

/// Looks at payloads as the bodies that they become. What there is to know about a text is found when its shape or
/// resource is first met. That texts of one attribute resemble each other is taken from the first two of them.
/// Leaves out: windows (gzip looks back 32 KiB, snappy within 64 KiB), ids of parents that are not in the body.
class BodyReader {
 public:
  explicit BodyReader(const Catalog& catalog) : catalog_{catalog} {}
  Contents spans(const Payload& payload);
  /// Of metrics and logs only sizes are known: each item is taken for a span of a trace and time of its own, with no
  /// further text.
  static Contents items(const Payload& payload);

 private:
  struct Text {
    std::uint32_t key = 0;
    std::uint32_t alone = 0, after = 0;  ///< fresh bytes: nothing like it before; another text of its key before
    std::uint32_t seen = 0;              ///< number of the body
  };
  struct Key {
    std::string first;            ///< the text that others are compared with
    std::uint32_t first_text = 0, texts = 0;
    std::uint32_t seen = 0;       ///< number of the body
  };
  struct Texts {  ///< of a shape or resource, in order
    bool known = false;
    std::vector<std::uint32_t> ids;
    std::uint32_t seen = 0;  ///< number of the body
  };
  Texts& of_shape(std::uint32_t shape);
  Texts& of_resource(ResourceId resource);
  void note(const Attributes& attributes, Texts& texts);
  std::uint32_t add(std::string_view key, std::string text);
  void look_at(Texts& texts, const Texts* before, Contents& contents);

  const Catalog& catalog_;
  std::map<std::string, std::uint32_t> text_index_, key_index_;
  std::vector<Text> texts_;
  std::vector<Key> keys_;
  std::vector<Texts> shapes_, resources_;
  std::uint32_t body_ = 0;
};

}  // namespace spillway::collector
