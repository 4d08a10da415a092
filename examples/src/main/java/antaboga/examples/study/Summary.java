// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.study;

import antaboga.examples.run.Output;
import antaboga.examples.run.Terminal;
import antaboga.nn.metric.Comparison;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.commons.math3.stat.descriptive.DescriptiveStatistics;

/**
 * The tables of a study, from the results that are there: {@code summary.csv} has means over test
 * images as mean and deviation over seeds, {@code comparisons.csv} the paired tests per image.
 */
final class Summary {
  private static final List<String> METRICS = List.of("Dice", "IoU", "HD95");

  /** A line of the table: one method on one set with one share of labels. */
  record Row(String set, int share, String method, List<Result.Table> seeds) {
    DescriptiveStatistics over(String metric) {
      var statistics = new DescriptiveStatistics();
      seeds.forEach(table -> statistics.addValue(table.mean(metric)));
      return statistics;
    }

    double mean(String metric) {
      return over(metric).getMean();
    }

    /** Each image's score, the mean over seeds; NaN where one is undefined. */
    double[] images(String metric) {
      var sums = new double[seeds.get(0).images().size()];
      for (var table : seeds) {
        var scores = table.of(metric);
        for (int i = 0; i < sums.length; i++) {
          sums[i] += scores[i] / seeds.size();
        }
      }
      return sums;
    }
  }

  private final Study study;
  private final Path out;

  Summary(Study study, Path out) {
    this.study = study;
    this.out = out;
  }

  void write(Terminal terminal) throws IOException {
    var rows = rows("test");
    put("summary.csv", csv(rows));
    put("summary-last.csv", csv(rows("test-last")));
    put("comparisons.csv", comparisons(rows));
    terminal.print(table(rows));
    terminal.print("%s", out.resolve("summary.csv"));
  }

  private void put(String name, String text) {
    Output.write(out.resolve(name), text.getBytes(StandardCharsets.UTF_8));
  }

  List<Row> rows(String name) throws IOException {
    var tables = new LinkedHashMap<String, List<Result.Table>>();
    var cells = new LinkedHashMap<String, Cell>();
    for (var cell : study.cells()) {
      var table = Result.table(cell.folder(out), name);
      if (table.isPresent()) {
        var key = "%s/%d/%s".formatted(cell.set(), cell.share(), cell.method().name());
        tables.computeIfAbsent(key, k -> new ArrayList<>()).add(table.get());
        cells.putIfAbsent(key, cell);
      }
    }
    var rows = new ArrayList<Row>();
    cells.forEach(
        (key, cell) ->
            rows.add(
                new Row(
                    cell.set(),
                    cell.share(),
                    cell.method().name(),
                    tables.getOrDefault(key, List.of()))));
    rows.sort(
        Comparator.<Row>comparingInt(r -> study.sets().indexOf(r.set))
            .thenComparingInt(Row::share));
    return rows;
  }

  static Optional<Row> find(List<Row> rows, String set, int share, String method) {
    return rows.stream()
        .filter(r -> r.set.equals(set) && r.method.equals(method))
        .filter(r -> share == 0 || r.share == share)
        .findFirst();
  }

  /**
   * Which part of the way from few labels to all labels a method goes, by Dice; empty if that is
   * unknown, or all labels are no better than few.
   */
  Optional<Double> gap(List<Row> rows, Row row) {
    var comparison = study.comparison();
    var floor = comparison.floor().flatMap(name -> find(rows, row.set, row.share, name));
    var ceiling = comparison.ceiling().flatMap(name -> find(rows, row.set, 0, name));
    if (floor.isEmpty() || ceiling.isEmpty()) {
      return Optional.empty();
    }
    double low = floor.get().mean("Dice");
    double way = ceiling.get().mean("Dice") - low;
    return way > 0 ? Optional.of((row.mean("Dice") - low) / way) : Optional.empty();
  }

  private String csv(List<Row> rows) {
    var csv = new StringBuilder("set,labels,method,seeds");
    METRICS.forEach(m -> csv.append(",%s,%s sd,%s undefined".formatted(m, m, m)));
    csv.append(",gap closed\n");
    for (var row : rows) {
      csv.append("%s,%d,%s,%d".formatted(row.set, row.share, row.method, row.seeds.size()));
      for (var metric : METRICS) {
        var over = row.over(metric);
        long undefined = row.seeds.stream().mapToLong(t -> t.undefined(metric)).sum();
        csv.append(",%s,%s,%d".formatted(number(over.getMean()), deviation(over), undefined));
      }
      csv.append(',').append(gap(rows, row).map(Summary::number).orElse("")).append('\n');
    }
    return csv.toString();
  }

  private static String deviation(DescriptiveStatistics over) {
    return over.getN() < 2 ? "" : number(over.getStandardDeviation());
  }

  private static String number(double value) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, "%.6f", value) : "";
  }

  /**
   * Ours against another method on the test images of a set.
   *
   * @param best whether the other is the best of the others
   * @param holm p after Holm's correction within the set and share
   */
  record Tested(Row ours, Row other, boolean best, Comparison test, double holm) {}

  /** Ours against each of the others. */
  List<Tested> tested(List<Row> rows) {
    var all = new ArrayList<Tested>();
    for (var ours : rows) {
      if (study.comparison().ours().filter(ours.method::equals).isEmpty()) {
        continue;
      }
      var others =
          study.comparison().against().stream()
              .flatMap(name -> find(rows, ours.set, ours.share, name).stream())
              .toList();
      var tests =
          others.stream()
              .map(other -> Comparison.wilcoxon(ours.images("Dice"), other.images("Dice")))
              .toList();
      var holm = Comparison.holm(tests.stream().mapToDouble(Comparison::p).toArray());
      double most = others.stream().mapToDouble(o -> o.mean("Dice")).max().orElse(Double.NaN);
      for (int i = 0; i < others.size(); i++) {
        var other = others.get(i);
        all.add(new Tested(ours, other, other.mean("Dice") == most, tests.get(i), holm[i]));
      }
    }
    return all;
  }

  private String comparisons(List<Row> rows) {
    var csv =
        new StringBuilder(
            "set,labels,ours,other,best of the others,difference of Dice,images,p,p after Holm\n");
    for (var t : tested(rows)) {
      csv.append(
          String.format(
              Locale.ROOT,
              "%s,%d,%s,%s,%s,%s,%d,%.3g,%.3g\n",
              t.ours.set,
              t.ours.share,
              t.ours.method,
              t.other.method,
              t.best ? "yes" : "",
              number(t.test.difference()),
              t.test.pairs(),
              t.test.p(),
              t.holm));
    }
    return csv.toString();
  }

  /** A table for people, in per cent and pixels. */
  private String table(List<Row> rows) {
    var table =
        new StringBuilder(
            String.format(
                "%-22s %6s %-22s %5s %14s %14s %14s %6s%n",
                "set", "labels", "method", "seeds", "Dice %", "IoU %", "HD95 px", "gap"));
    for (var row : rows) {
      table.append(
          String.format(
              Locale.ROOT,
              "%-22s %5d%% %-22s %5d %14s %14s %14s %6s%n",
              row.set,
              row.share,
              row.method,
              row.seeds.size(),
              spread(row.over("Dice"), 100),
              spread(row.over("IoU"), 100),
              spread(row.over("HD95"), 1),
              gap(rows, row).map(g -> String.format(Locale.ROOT, "%.0f %%", 100 * g)).orElse("")));
    }
    return table.toString();
  }

  private static String spread(DescriptiveStatistics over, double unit) {
    return over.getN() < 2
        ? String.format(Locale.ROOT, "%.2f", unit * over.getMean())
        : String.format(
            Locale.ROOT, "%.2f ± %.2f", unit * over.getMean(), unit * over.getStandardDeviation());
  }
}
