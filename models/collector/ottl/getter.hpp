// Expressions as trees that are evaluated.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/collector/ottl/datum.hpp"
#include "models/collector/ottl/scene.hpp"

namespace spillway::collector::ottl {

/// What a statement may make, lest a hostile one exhaust memory: bytes of one value, bytes of one map, levels of a value.
/// The real program has no bounds. Beyond them setting is an error.
inline constexpr std::size_t kLargestValue = 1 << 20, kLargestMap = 4 << 20;
inline constexpr int kDeepestValue = 64;
bool within_bounds(const Datum& value);

/// Something that yields a value. False: an error, whose words nobody reads.
class Getter {
 public:
  virtual ~Getter() = default;
  virtual bool get(Scene& scene, Datum& out) const = 0;
  /// The value when it stands in the text itself.
  virtual const Datum* literal() const { return nullptr; }
  std::uint8_t depends = kNothing;
};
using GetterPtr = std::shared_ptr<const Getter>;

enum class Verdict : std::uint8_t { no, yes, failed };
class Predicate {
 public:
  virtual ~Predicate() = default;
  virtual Verdict test(Scene& scene) const = 0;
  std::uint8_t depends = kNothing;
};
using PredicatePtr = std::shared_ptr<const Predicate>;

class LiteralGetter final : public Getter {
 public:
  explicit LiteralGetter(Datum value) : value_{std::move(value)} {}
  bool get(Scene&, Datum& out) const override {
    out = borrowed();
    return true;
  }
  const Datum* literal() const override { return &value_; }

 private:
  /// A copy of a long text for every look at it would allocate.
  Datum borrowed() const {
    if (const auto text = value_.text()) return Datum{*text};
    if (const auto* map = value_.map()) return Datum{map};
    if (const auto* list = value_.list()) return Datum{list};
    return value_;
  }
  Datum value_;
};

/// One [ ] behind a path or a converter.
struct Index {
  std::string text;
  std::int64_t integer = 0;
  bool is_integer = false;
  GetterPtr computed;  ///< wins
};
/// The text or number that an index stands for. False: neither.
bool resolve_index(const Index& index, Scene& scene, Datum& out);
/// Steps into `value` by the indices from `from` on, as paths do: what is missing is nil.
bool step_into(const AttributeValue& value, const std::vector<Index>& indices, std::size_t from, Scene& scene,
               Datum& out);
/// … and as results of converters are indexed: what is missing is an error.
bool step_into_result(Datum& result, const std::vector<Index>& indices, Scene& scene);
/// Puts `value` where the indices lead to, making what is missing. `strict`: see PathGetter.
bool store(AttributeValue& at, const std::vector<Index>& indices, std::size_t from, Scene& scene, const Datum& value,
           bool strict);

}  // namespace spillway::collector::ottl
