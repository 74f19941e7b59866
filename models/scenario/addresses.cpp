#include "models/scenario/addresses.hpp"

#include <map>

#include "models/scenario/hints.hpp"
#include "models/scenario/url.hpp"
#include "models/scenario/utf8.hpp"

namespace spillway::language {
namespace {

/// One address of one collector or backend.
struct Listener {
  Address address;
  std::string text;
  std::string owner;
};

/// The path of element i of a list, or of the key when a single text was written.
std::string item_path(const Input& input, const std::string& path, std::size_t i) {
  const std::string item = join(path, std::to_string(i));
  return input.given(item) ? item : path;
}

class AddressBook {
 public:
  explicit AddressBook(Input& input) : input_{input} {}

  /// `places` is empty for what stands outside all places.
  void add(const std::string& owner, const std::string& path, const std::vector<std::string>& addresses,
           const std::vector<std::string>& places) {
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      const std::string at = item_path(input_, path + ".addresses", i);
      const Parsed<Address> address = parse_address(addresses[i]);
      if (!address.value)
        input_.problem(at, address.why);
      else
        add_one({*address.value, addresses[i], owner}, at, places);
    }
  }

  void check_url(const std::string& text, const std::string& path) {
    const Parsed<Url> url = parse_url(text);
    if (!url.value) return input_.problem(path, url.why);
    std::vector<std::string> known;
    for (const Listener& listener : listeners_) {
      if (answers(listener.address, *url.value)) return;
      known.push_back(listener.text);
    }
    const std::string wanted = url.value->host + ":" + std::to_string(url.value->port);
    const bool host_only = nearest(wanted, known).empty();
    if (known.empty())
      return input_.problem(
          path, "nobody answers at " + shortened(wanted) + "; add a collector or a backend with this address");
    const std::string suggestion = hint(host_only ? url.value->host : wanted, known);
    input_.problem(path, "no collector and no backend answers at " + shortened(wanted) + suggestion +
                             (suggestion.ends_with('?') ? "" : "; add it to the 'addresses' of one of them"));
  }

 private:
  void add_one(const Listener& listener, const std::string& at, const std::vector<std::string>& places) {
    const std::vector<std::string> outside{""};
    for (const std::string& place : places.empty() ? outside : places) {
      const std::string key = place + " " + listener.address.host + ":" + std::to_string(listener.address.port);
      const auto [first, is_new] = owners_.emplace(key, listener.owner);
      if (!is_new)
        input_.problem(at, "'" + listener.text + "' is an address of '" + first->second + "', too" +
                               (place.empty() ? "" : ", in " + place) + "; rename one");
    }
    listeners_.push_back(listener);
  }

  Input& input_;
  std::vector<Listener> listeners_;
  std::map<std::string, std::string> owners_;  ///< place and address to owner
};

}  // namespace

void check_addresses(const Scenario& scenario, Input& input) {
  AddressBook book{input};
  for (const CollectorUse& collector : scenario.collectors)
    book.add(collector.name, collector.where.path, collector.addresses, collector.in);
  for (const Backend& backend : scenario.backends)
    book.add(backend.name, backend.where.path, backend.addresses, backend.in);
  for (const Service& service : scenario.services)
    for (std::size_t i = 0; i < service.instrumentation.endpoints.size(); ++i)
      book.check_url(service.instrumentation.endpoints[i],
                     item_path(input, service.where.path + ".instrumentation.endpoints", i));
  for (const Client& client : scenario.clients)
    if (input.given(client.where.path + ".url")) book.check_url(client.url, client.where.path + ".url");
}

}  // namespace spillway::language
