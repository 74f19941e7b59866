#include "models/scenario/addresses.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "models/scenario/hints.hpp"
#include "models/scenario/url.hpp"
#include "models/scenario/utf8.hpp"

namespace spillway::language {
namespace {

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
    if (addresses.size() > kMostAddresses)
      return input_.problem(path + ".addresses", std::to_string(addresses.size()) + " addresses are more than " +
                                                     std::to_string(kMostAddresses) + "; give fewer");
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      const std::string at = item_path(input_, path + ".addresses", i);
      const Parsed<Address> address = parse_address(addresses[i]);
      if (!address.value) input_.problem(at, address.why);
      if (!address.value) continue;
      texts_.push_back(addresses[i]);
      by_host_.emplace(address.value->host, *address.value);
      claim(*address.value, owner, at, places);
    }
  }

  /// A collector, which its own place also reaches as localhost.
  void add_local(const std::vector<std::string>& places) { local_.insert(places.begin(), places.end()); }

  /// `places`: where the program that calls runs.
  void check_url(const std::string& text, const std::string& path, const std::vector<std::string>& places) {
    const Parsed<Url> url = parse_url(text);
    if (!url.value) return input_.problem(path, url.why);
    if (url.value->host == "localhost" || url.value->host.starts_with("127.")) return check_local(*url.value, path, places);
    const auto [first, last] = by_host_.equal_range(url.value->host);
    const bool answered =
        std::any_of(first, last, [&](const auto& entry) { return answers(entry.second, *url.value); });
    if (!answered && !input_.is_full()) report_silence(*url.value, path);
  }

 private:
  static constexpr std::size_t kMostAddresses = 16;  ///< of one collector or backend

  struct Claim {
    int port = 0;
    std::string owner;
  };

  void check_local(const Url& url, const std::string& path, const std::vector<std::string>& places) {
    const auto alone = std::find_if(places.begin(), places.end(), [&](const auto& p) { return !local_.contains(p); });
    if (alone == places.end() || input_.is_full()) return;
    input_.problem(path, "nobody answers at " + shortened(url.host) + " in '" + *alone +
                             "', since no collector runs there; add one, or name a host");
  }

  /// In one place an address belongs to one owner; a host for every port collides with each of its ports.
  void claim(const Address& address, const std::string& owner, const std::string& at,
             const std::vector<std::string>& places) {
    const std::vector<std::string> outside{""};
    for (const std::string& place : places.empty() ? outside : places) {
      std::vector<Claim>& claims = claims_[{place, address.host}];
      const auto rival = std::find_if(claims.begin(), claims.end(), [&](const Claim& other) {
        const bool overlap = address.port == 0 || other.port == 0;
        return other.port == address.port || (overlap && other.owner != owner);
      });
      if (rival != claims.end()) report_rival(address, *rival, owner, place, at);
      claims.push_back({address.port, owner});
    }
  }

  void report_rival(const Address& address, const Claim& rival, const std::string& owner, const std::string& place,
                    const std::string& at) {
    const auto text = [&](int port) {
      return "'" + address.host + (port == 0 ? "" : ":" + std::to_string(port)) + "'";
    };
    const std::string where = place.empty() ? "" : ", in " + place;
    if (rival.owner == owner)
      return input_.problem(at, text(address.port) + " is listed twice" + where + "; remove one");
    input_.problem(at, text(address.port) + " collides with " + text(rival.port) + " of '" + rival.owner + "'" + where +
                           "; rename one");
  }

  void report_silence(const Url& url, const std::string& path) {
    const std::string wanted = url.host + ":" + std::to_string(url.port);
    if (texts_.empty())
      return input_.problem(
          path, "nobody answers at " + shortened(wanted) + "; add a collector or a backend with this address");
    const std::string suggestion = hint(nearest(url.host, texts_).empty() ? wanted : url.host, texts_);
    input_.problem(path, "no collector and no backend answers at " + shortened(wanted) + suggestion +
                             (suggestion.ends_with('?') ? "" : "; add it to the 'addresses' of one of them"));
  }

  Input& input_;
  std::set<std::string> local_;     ///< places with a collector
  std::vector<std::string> texts_;  ///< as written, for suggestions
  std::multimap<std::string, Address> by_host_;
  std::map<std::pair<std::string, std::string>, std::vector<Claim>> claims_;  ///< by place and host
};

}  // namespace

void check_addresses(const Scenario& scenario, Input& input) {
  AddressBook book{input};
  for (const CollectorUse& collector : scenario.collectors) {
    book.add(collector.name, collector.where.path, collector.addresses, collector.in);
    book.add_local(collector.in);
  }
  for (const Backend& backend : scenario.backends)
    book.add(backend.name, backend.where.path, backend.addresses, backend.in);
  for (const Service& service : scenario.services)
    for (std::size_t i = 0; i < service.instrumentation.endpoints.size(); ++i)
      book.check_url(service.instrumentation.endpoints[i],
                     item_path(input, service.where.path + ".instrumentation.endpoints", i), service.in);
  for (const Client& client : scenario.clients) {
    if (input.given(client.where.path + ".url")) book.check_url(client.url, client.where.path + ".url", {client.in});
    std::set<std::string> urls;
    for (const RecordedPost& post : client.recording.posts)
      if (!post.url.empty() && urls.insert(post.url).second)
        book.check_url(post.url, client.where.path + ".recording", {client.in});
  }
}

}  // namespace spillway::language
