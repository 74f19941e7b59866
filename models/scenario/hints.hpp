// Names of a section, and what to suggest when one is not among them.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace spillway::language {

/// "; did you mean 'x'?", or the known names when none is near.
std::string hint(std::string_view name, const std::vector<std::string>& known);

template <class T>
std::vector<std::string> names_of(const std::vector<T>& items) {
  std::vector<std::string> names;
  for (const T& item : items) names.push_back(item.name);
  return names;
}

inline bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The item of this name, null when there is none.
template <class T>
const T* find_by_name(const std::vector<T>& items, std::string_view name) {
  const auto found = std::find_if(items.begin(), items.end(), [&](const T& item) { return item.name == name; });
  return found == items.end() ? nullptr : &*found;
}

}  // namespace spillway::language
