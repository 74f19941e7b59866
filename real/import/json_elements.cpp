#include "real/import/json_elements.hpp"

#include <iterator>
#include <utility>
#include <vector>

namespace spillway::real {
namespace {

using nlohmann::json;

/// Reads on until the budget is used up, which looks like the end of the text.
struct Budget {
  ByteReader& bytes;
  std::int64_t until = 0;  ///< position
  bool spent() const { return bytes.position() >= until; }
};

class Position {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = char;

  explicit Position(Budget* budget = nullptr) : budget_{budget} {}
  char operator*() const { return static_cast<char>(budget_->bytes.peek()); }
  Position& operator++() {
    budget_->bytes.get();
    return *this;
  }
  bool at_end() const { return budget_ == nullptr || budget_->spent() || budget_->bytes.peek() == ByteReader::kEnd; }
  friend bool operator==(const Position& a, const Position& b) { return a.at_end() == b.at_end(); }
  friend bool operator!=(const Position& a, const Position& b) { return !(a == b); }

 private:
  Budget* budget_;
};

bool holds_elements(const std::string& key) {
  return key == "data" || key == "resourceSpans" || key == "resource_spans" || key == "batches" || key == "traces";
}

/// Takes the parser's events apart: arrays that hold elements are passed through, all else is built.
class Elements final : public nlohmann::json_sax<json> {
 public:
  Elements(Budget& budget, const ElementLimits& limits, const std::function<void(json&&, std::int64_t)>& element)
      : budget_{budget}, limits_{limits}, element_{element} {}

  std::string problem;

  bool null() override { return value(nullptr); }
  bool boolean(bool v) override { return value(v); }
  bool number_integer(number_integer_t v) override { return value(v); }
  bool number_unsigned(number_unsigned_t v) override { return value(v); }
  bool number_float(number_float_t v, const string_t&) override { return value(v); }
  bool string(string_t& v) override { return value(std::move(v)); }
  bool binary(binary_t&) override { return false; }
  bool key(string_t& name) override {
    key_ = name;
    return true;
  }
  bool start_object(std::size_t) override {
    if (open_.empty() && frames_.size() == 1 && frames_.back() == Frame::whole && key_ == "trace") {
      frames_.push_back(Frame::wrapper);
      return true;
    }
    if (open_.empty() && frames_.empty()) {
      frames_.push_back(Frame::whole);
      whole_ = json::object();
      return true;
    }
    return open(json::object());
  }
  bool end_object() override {
    if (!open_.empty()) return close();
    const Frame ended = frames_.back();
    frames_.pop_back();
    if (ended == Frame::whole) emit(std::move(whole_));
    return true;
  }
  bool start_array(std::size_t) override {
    const bool inside = !frames_.empty() && frames_.back() == Frame::elements;
    const bool listed = frames_.empty() || inside || holds_elements(key_);
    if (!open_.empty() || !listed) return open(json::array());
    if (frames_.size() >= limits_.depth) return fail("is nested too deeply");
    frames_.push_back(Frame::elements);
    return true;
  }
  bool end_array() override {
    if (!open_.empty()) return close();
    frames_.pop_back();
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& e) override {
    if (budget_.spent()) return fail("is larger than an element may be");
    const std::string text = e.what();
    const auto from = text.find("syntax error");
    return fail(from == std::string::npos ? text : text.substr(from, 160));
  }

 private:
  enum class Frame : std::uint8_t { whole, wrapper, elements };

  bool fail(std::string why) {
    if (problem.empty()) problem = std::move(why);
    return false;
  }
  bool count() { return ++values_ <= limits_.values || fail("has more values than an element may have"); }

  template <class T>
  bool value(T&& v) {
    if (!count()) return false;
    put(json(std::forward<T>(v)));
    return true;
  }
  json* put(json&& v) {
    if (open_.empty()) {
      if (frames_.empty() || frames_.back() == Frame::elements) return nullptr;  // a bare value: no element
      return &(whole_[key_] = std::move(v));
    }
    json& parent = *open_.back();
    if (parent.is_array()) return &parent.emplace_back(std::move(v));
    return &(parent[key_] = std::move(v));
  }
  bool open(json&& container) {
    if (!count()) return false;
    if (open_.size() + frames_.size() >= limits_.depth) return fail("is nested too deeply");
    const bool begins = open_.empty() && frames_.back() == Frame::elements;
    if (begins) {
      single_ = std::move(container);
      line_ = budget_.bytes.line();
      open_.push_back(&single_);
      return true;
    }
    open_.push_back(put(std::move(container)));
    return true;
  }
  bool close() {
    open_.pop_back();
    if (open_.empty() && frames_.back() == Frame::elements) emit(std::move(single_));
    return true;
  }
  void emit(json&& v) {
    if (v.is_object() && !v.empty()) element_(std::move(v), frames_.empty() ? budget_.bytes.line() : line_);
    values_ = 0;
    budget_.until = budget_.bytes.position() + limits_.bytes;
  }

  Budget& budget_;
  const ElementLimits& limits_;
  const std::function<void(json&&, std::int64_t)>& element_;
  std::vector<Frame> frames_;
  std::vector<json*> open_;  ///< of the value that is being built, from outside in
  json whole_, single_;
  std::string key_;
  std::int64_t values_ = 0;
  std::int64_t line_ = 0;
};

bool is_space(int byte) { return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n' || byte == ','; }

void skip_line(ByteReader& bytes) {
  for (int byte = bytes.get(); byte != ByteReader::kEnd && byte != '\n'; byte = bytes.get()) {}
}

}  // namespace

void read_elements(ByteReader& bytes, const ElementLimits& limits,
                   const std::function<void(json&& element, std::int64_t line)>& element,
                   const std::function<void(const BadElement&)>& bad) {
  for (;;) {
    while (is_space(bytes.peek())) bytes.get();
    if (bytes.peek() == ByteReader::kEnd) return;
    const std::int64_t line = bytes.line();
    if (bytes.peek() != '{' && bytes.peek() != '[') {
      bad({line, "is not JSON: an object or an array begins with { or ["});
      skip_line(bytes);
      continue;
    }
    Budget budget{bytes, bytes.position() + limits.bytes};
    Elements events{budget, limits, element};
    if (json::sax_parse(Position{&budget}, Position{}, &events, json::input_format_t::json, false)) continue;
    bad({line, events.problem.empty() ? "is not JSON" : events.problem});
    // The parser may have taken the end of the line with it.
    if (bytes.line() == line) skip_line(bytes);
  }
}

}  // namespace spillway::real
