#include "analysis/report/table.hpp"

#include <gtest/gtest.h>

#include "analysis/report/series_csv.hpp"
#include "tests/analysis/records.hpp"

namespace spillway::analysis {
namespace {

using enum Column::Align;

TEST(Table, AlignsColumnsByCharactersNotBytes) {
  const Table table{{{"name"}, {"n", right}}, {{"höhe…", "1 000"}, {"x", "5"}, {"short row"}}};
  EXPECT_EQ(to_text(table),
            "name           n\n"
            "höhe…      1 000\n"
            "x              5\n"
            "short row\n");
}

TEST(Table, ShortensTheWidestTextToFitTheScreen) {
  const Table table{{{"long"}, {"n", right}}, {{std::string(200, 'a') + std::string(200, 'b'), "7"}}};
  const std::string text = to_text(table);
  const std::string row = text.substr(text.find('\n') + 1);
  EXPECT_EQ(width_of(row), kWidth + 1);  // and the newline
  EXPECT_NE(row.find("a…b"), std::string::npos);
}

TEST(Table, WrapsLinesAtSpaces) {
  EXPECT_EQ(wrapped("one two three four", 9, 2), "one two\n  three\n  four");
  EXPECT_EQ(wrapped("abcdefghijkl", 5, 1), "abcde\n fghi\n jkl");
  EXPECT_EQ(wrapped("short", 9, 2), "short");
}

TEST(Table, EscapesWhatMarkdownWouldRead) {
  const Table table{{{"a"}, {"n", right}}, {{"  x|y_z", "1"}}};
  EXPECT_EQ(to_markdown(table), "| a | n |\n| --- | ---: |\n| x\\|y\\_z | 1 |\n");
}

TEST(SeriesCsv, HasOneLineForEachPoint) {
  Replication r;
  r.series = {{"queue", {{"a", "x"}, {"b", "y"}}, {1, 2.5}}};
  EXPECT_EQ(series_csv(test::record_of({r})),
            "replication,at_s,name,labels,value\r\n"
            "0,10,queue,\"{a=x,b=y}\",1\r\n"
            "0,20,queue,\"{a=x,b=y}\",2.5\r\n");
}

}  // namespace
}  // namespace spillway::analysis
