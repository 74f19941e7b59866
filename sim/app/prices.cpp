// spillway prices [WORD…]: the price book.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "analysis/report/bill.hpp"
#include "sim/app/commands.hpp"
#include "sim/app/options.hpp"

namespace spillway::app {
namespace {

constexpr const char* kPricesExamples = R"(
Examples:
  spillway prices                  # all that a scenario can name
  spillway prices grafana egress   # those with one of these words in their id, provider, product or what they count

A scenario gives prices to backends, collectors and links with the key `prices`; the summary then ends in a bill. List prices,
with the date at which their source had them: look at your own contract.)";

struct PricesSettings {
  std::vector<std::string> words;
  Format format = Format::text;
};

int print_prices(const PricesSettings& settings) {
  const analysis::Report list = analysis::price_list(settings.words);
  if (list.front().table.rows.empty()) {
    std::cerr << "spillway: error: no price has such a word in its id, provider, product or what it counts; `spillway prices` lists all\n";
    return kInput;
  }
  std::cout << (settings.format == Format::json ? analysis::price_list_json(settings.words) : rendered(list, settings.format));
  return kFine;
}

}  // namespace

void add_prices(CLI::App& spillway, Action& chosen) {
  auto settings = std::make_shared<PricesSettings>();
  CLI::App& command = *spillway.add_subcommand("prices", "the price book for bills, with sources and dates");
  command.footer(kPricesExamples);
  command.add_option("WORD", settings->words, "only prices with one of these words")->type_name("");
  add_format(command, settings->format);
  command.callback([settings, &chosen] { chosen = [settings] { return print_prices(*settings); }; });
}

}  // namespace spillway::app
