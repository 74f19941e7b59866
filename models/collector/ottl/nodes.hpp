// The inner nodes of an expression. Private to build.cpp.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/collector/ottl/functions.hpp"

namespace spillway::collector::ottl {

class ListGetter final : public Getter {
 public:
  explicit ListGetter(std::vector<GetterPtr> items) : items_{std::move(items)} {
    for (const GetterPtr& item : items_) depends |= item->depends;
  }
  bool get(Scene& scene, Datum& out) const override {
    ValueList list;
    for (const GetterPtr& item : items_) {
      Datum value;
      if (!item->get(scene, value)) return false;
      list.push_back(value.to_value());
    }
    out = Datum{std::move(list)};
    return true;
  }

 private:
  std::vector<GetterPtr> items_;
};

class MapGetter final : public Getter {
 public:
  explicit MapGetter(std::vector<std::pair<std::string, GetterPtr>> entries) : entries_{std::move(entries)} {
    for (const auto& [key, value] : entries_) depends |= value->depends;
  }
  bool get(Scene& scene, Datum& out) const override {
    Attributes map;
    for (const auto& [key, getter] : entries_) {
      Datum value;
      if (!getter->get(scene, value) || !value.fits_attribute()) return false;
      set_attribute(map, key, value.to_value());
    }
    out = Datum{std::move(map)};
    return true;
  }

 private:
  std::vector<std::pair<std::string, GetterPtr>> entries_;
};

// Arithmetic

/// Whole numbers wrap around, as Go's do.
inline std::optional<std::int64_t> reckon(char sign, std::int64_t a, std::int64_t b) {
  const auto x = static_cast<std::uint64_t>(a), y = static_cast<std::uint64_t>(b);
  switch (sign) {
    case '+':
      return static_cast<std::int64_t>(x + y);
    case '-':
      return static_cast<std::int64_t>(x - y);
    case '*':
      return static_cast<std::int64_t>(x * y);
    default:
      if (b == 0) return std::nullopt;
      return b == -1 ? static_cast<std::int64_t>(0 - x) : a / b;
  }
}

inline std::optional<double> reckon(char sign, double a, double b) {
  switch (sign) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    default:
      return b == 0 ? std::nullopt : std::optional{a / b};
  }
}

inline std::optional<double> as_real(const Datum& value) {
  if (const auto* whole = value.get<std::int64_t>()) return static_cast<double>(*whole);
  if (const auto* real = value.get<double>()) return *real;
  return std::nullopt;
}

inline std::optional<Datum> reckon_times(char sign, const Datum& left, const Datum& right) {
  const auto *a = left.get<Moment>(), *b = right.get<Moment>();
  const auto *m = left.get<Duration>(), *n = right.get<Duration>();
  if (a != nullptr && n != nullptr && sign == '+') return Datum{Moment{a->unix_ns + n->count()}};
  if (a != nullptr && n != nullptr && sign == '-') return Datum{Moment{a->unix_ns - n->count()}};
  if (a != nullptr && b != nullptr && sign == '-') return Datum{Duration{a->unix_ns - b->unix_ns}};
  if (m != nullptr && n != nullptr && sign == '+') return Datum{*m + *n};
  if (m != nullptr && n != nullptr && sign == '-') return Datum{*m - *n};
  if (m != nullptr && b != nullptr && sign == '+') return Datum{Moment{b->unix_ns + m->count()}};
  return std::nullopt;
}

template <class Number>
bool put(std::optional<Number> number, Datum& out) {
  if (number) out = Datum{*number};
  return number.has_value();
}

class MathGetter final : public Getter {
 public:
  MathGetter(GetterPtr left, char sign, GetterPtr right)
      : left_{std::move(left)}, right_{std::move(right)}, sign_{sign} {
    depends = left_->depends | right_->depends;
  }
  bool get(Scene& scene, Datum& out) const override {
    Datum a, b;
    if (!left_->get(scene, a) || !right_->get(scene, b)) return false;
    const auto *x = a.get<std::int64_t>(), *y = b.get<std::int64_t>();
    if (x != nullptr && y != nullptr) return put(reckon(sign_, *x, *y), out);
    const auto p = as_real(a), q = as_real(b);
    if (p && q) return put(reckon(sign_, *p, *q), out);
    return put(reckon_times(sign_, a, b), out);
  }

 private:
  GetterPtr left_, right_;
  char sign_;
};

class MinusGetter final : public Getter {
 public:
  explicit MinusGetter(GetterPtr inner) : inner_{std::move(inner)} { depends = inner_->depends; }
  bool get(Scene& scene, Datum& out) const override {
    Datum value;
    if (!inner_->get(scene, value)) return false;
    if (const auto* whole = value.get<std::int64_t>()) return put(reckon('-', std::int64_t{0}, *whole), out);
    if (const auto* real = value.get<double>()) return out = Datum{-*real}, true;
    return false;
  }

 private:
  GetterPtr inner_;
};

class CallGetter final : public Getter {
 public:
  CallGetter(const Function& function, Call call, std::vector<Index> indices)
      : function_{function}, call_{std::move(call)}, indices_{std::move(indices)} {}
  bool get(Scene& scene, Datum& out) const override {
    if (function_.body == nullptr || !function_.body(call_, scene, out)) return false;
    if (!indices_.empty() && call_.older && function_.older_cannot_be_indexed) return false;
    return indices_.empty() || step_into_result(out, indices_, scene);
  }

 private:
  const Function& function_;
  Call call_;
  std::vector<Index> indices_;
};

// Conditions

class Comparison final : public Predicate {
 public:
  Comparison(GetterPtr left, GetterPtr right, Order order, bool collections)
      : left_{std::move(left)}, right_{std::move(right)}, order_{order}, collections_{collections} {
    depends = left_->depends | right_->depends;
  }
  Verdict test(Scene& scene) const override {
    Datum a, b;
    if (!left_->get(scene, a) || !right_->get(scene, b)) return Verdict::failed;
    return compare(a, b, order_, collections_) ? Verdict::yes : Verdict::no;
  }

 private:
  GetterPtr left_, right_;
  Order order_;
  bool collections_;
};

class Constant final : public Predicate {
 public:
  explicit Constant(bool truth) : truth_{truth} {}
  Verdict test(Scene&) const override { return truth_ ? Verdict::yes : Verdict::no; }
  bool truth() const { return truth_; }

 private:
  bool truth_;
};

/// A converter that must yield true or false.
class Question final : public Predicate {
 public:
  explicit Question(GetterPtr getter) : getter_{std::move(getter)} { depends = getter_->depends; }
  Verdict test(Scene& scene) const override {
    Datum value;
    if (!getter_->get(scene, value) || value.get<bool>() == nullptr) return Verdict::failed;
    return *value.get<bool>() ? Verdict::yes : Verdict::no;
  }

 private:
  GetterPtr getter_;
};

class Not final : public Predicate {
 public:
  explicit Not(PredicatePtr inner) : inner_{std::move(inner)} { depends = inner_->depends; }
  Verdict test(Scene& scene) const override {
    const Verdict verdict = inner_->test(scene);
    if (verdict == Verdict::failed) return verdict;
    return verdict == Verdict::yes ? Verdict::no : Verdict::yes;
  }

 private:
  PredicatePtr inner_;
};

/// From left to right until one decides, or fails.
class Group final : public Predicate {
 public:
  Group(std::vector<PredicatePtr> parts, Verdict decisive) : parts_{std::move(parts)}, decisive_{decisive} {
    for (const PredicatePtr& part : parts_) depends |= part->depends;
  }
  Verdict test(Scene& scene) const override {
    for (const PredicatePtr& part : parts_) {
      const Verdict verdict = part->test(scene);
      if (verdict == Verdict::failed || verdict == decisive_) return verdict;
    }
    return decisive_ == Verdict::yes ? Verdict::no : Verdict::yes;
  }

 private:
  std::vector<PredicatePtr> parts_;
  Verdict decisive_;
};

}  // namespace spillway::collector::ottl
