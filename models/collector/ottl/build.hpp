// From the tree of a text to what is evaluated: names resolved, arguments checked. Private to ottl.cpp.
#pragma once

#include <string>
#include <vector>

#include "models/collector/ottl/functions.hpp"
#include "models/collector/ottl/ottl.hpp"
#include "models/collector/ottl/syntax.hpp"

namespace spillway::collector::ottl {

/// What a function returns that refuses: false, or a null pointer.
struct Refused {
  operator bool() const { return false; }
  template <class T>
  operator std::shared_ptr<T>() const {
    return nullptr;
  }
};

/// Null results: refused; the first reason stands in the diagnosis.
class Builder {
 public:
  Builder(Context context, Language language, const Semantics& semantics, Diagnosis& diagnosis)
      : context_{context}, language_{language}, semantics_{semantics}, diagnosis_{diagnosis} {}

  PredicatePtr predicate(const syntax::Bool& tree);
  GetterPtr call(const syntax::Call& tree);
  bool writes_resource() const { return writes_resource_; }
  bool writes_times() const { return writes_times_; }

 private:
  GetterPtr getter(const syntax::Value& tree);
  GetterPtr getter(const syntax::Literal& tree, std::size_t offset);
  GetterPtr list(const syntax::Value& tree);
  GetterPtr map(const syntax::Value& tree);
  GetterPtr math(const syntax::Math& tree, std::size_t offset);
  GetterPtr product(const syntax::Product& tree, std::size_t offset);
  GetterPtr factor(const syntax::MathValue& tree, std::size_t offset);
  std::shared_ptr<const PathGetter> path(const syntax::Path& tree);
  bool indices(const std::vector<syntax::Key>& keys, std::size_t offset, std::vector<Index>& out,
               std::uint8_t& depends);
  PredicatePtr comparison(const syntax::Bool& tree);
  PredicatePtr group(const syntax::Bool& tree);

  bool arguments(const syntax::Call& tree, const Function& function, Call& out, std::uint8_t& depends);
  bool argument(const syntax::Value& tree, const Parameter& parameter, Argument& out);
  bool evaluated(const syntax::Value& tree, Type type, Argument& out);
  bool target(const syntax::Value& tree, Argument& out);
  bool plain(const syntax::Value& tree, Type type, Argument& out);
  bool items(const syntax::Value& tree, Type type, Argument& out);
  bool function_name(const syntax::Value& tree, Argument& out);
  bool literal_fits(const Getter& getter, Type type, std::size_t offset);

  Refused refuse(std::size_t offset, std::string message);
  bool sound() const { return diagnosis_.error.empty(); }
  void leave_out(std::string what);
  bool edits() const { return language_ != Language::conditions; }

  Context context_;
  Language language_;
  const Semantics& semantics_;
  Diagnosis& diagnosis_;
  bool writes_resource_ = false, writes_times_ = false;
};

}  // namespace spillway::collector::ottl
