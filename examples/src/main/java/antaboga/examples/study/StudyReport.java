// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.study;

import antaboga.examples.report.LineChart;
import antaboga.examples.report.Overlay;
import antaboga.examples.report.Page;
import antaboga.examples.report.Sheet;
import antaboga.examples.report.Sheet.Entry;
import antaboga.examples.run.DataFolder;
import antaboga.examples.run.ModelFile;
import antaboga.examples.run.Pictures;
import antaboga.examples.run.Prediction;
import antaboga.examples.run.Provenance;
import antaboga.examples.run.TrainingLog;
import antaboga.examples.study.Summary.Row;
import antaboga.nn.data.Sample;
import antaboga.nn.metric.Pair;
import antaboga.nn.metric.Region;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What is there of a study, to look at: tables, curves, and test images with masks. */
final class StudyReport {
  private static final Color TRUTH = new Color(0xfacc15);
  private static final int SHOWN = 240;
  private static final List<String> PLACES = List.of("Best", "Median", "Worst");

  private final Study study;
  private final Path out;
  private final Summary summary;
  private final List<Row> rows;

  StudyReport(Study study, Path out) throws IOException {
    this.study = study;
    this.out = out;
    this.summary = new Summary(study, out);
    this.rows = summary.rows("test");
  }

  String html() throws IOException {
    var sheet =
        new Sheet(
            "Antaboga · study " + study.file().getFileName(),
            title(),
            "%d of %d trainings are finished: sets %s; %s %% of labels; seeds %s."
                .formatted(
                    rows.stream().mapToInt(row -> row.seeds().size()).sum(),
                    study.cells().size(),
                    String.join(", ", study.sets()),
                    joined(study.shares()),
                    joined(study.seeds())));
    for (int share : study.shares()) {
      table(sheet, share, "Dice", 100, "%");
      gaps(sheet, share);
      table(sheet, share, "HD95", 1, "px");
    }
    tests(sheet);
    sheet.section(
        "Training",
        "Dice of the moving average on the validation images, first seed and first share of"
            + " labels.");
    sheet.charts(study.sets().stream().map(this::curves).toList());
    var cases = cases();
    if (!cases.isEmpty()) {
      sheet.section(
          "Best, median, worst",
          "Chosen by the Dice of our method, first seed; the teacher is given the box of the true"
              + " mask, which no student ever is.");
      sheet.cases(cases);
    }
    return sheet.html(
        "Written by antaboga study, version %s. For research only; not a medical device."
            .formatted(Provenance.version()));
  }

  private static String joined(List<?> values) {
    return values.stream().map(String::valueOf).collect(Collectors.joining(", "));
  }

  private String title() {
    var ours = study.comparison().ours();
    var gaps =
        rows.stream()
            .filter(row -> ours.filter(row.method()::equals).isPresent())
            .flatMap(row -> summary.gap(rows, row).stream())
            .toList();
    return !gaps.isEmpty()
        ? "%s closes half of the gap between few labels and all in %d of %d comparisons"
            .formatted(
                ours.orElseThrow(), gaps.stream().filter(gap -> gap >= 0.5).count(), gaps.size())
        : "What is finished so far";
  }

  /** Methods down, sets across, and their mean where no set is missing. */
  private void table(Sheet sheet, int share, String metric, double unit, String sign) {
    sheet.section(
        "%s with %d %% of labels".formatted(metric, share),
        "Test images, %s; mean ± deviation over seeds of the means over images.".formatted(sign));
    var head = new ArrayList<>(List.of("method"));
    head.addAll(study.sets());
    head.add("all sets");
    var lines = new ArrayList<List<Entry>>();
    for (var method : study.methods()) {
      int own = method.share().orElse(share);
      var line = new ArrayList<>(List.of(Entry.of(method.name())));
      var here = new ArrayList<Row>();
      for (var set : study.sets()) {
        var row = Summary.find(rows, set, own, method.name());
        row.ifPresent(here::add);
        line.add(row.map(r -> entry(r, share, metric, unit)).orElse(Entry.of("")));
      }
      boolean whole = here.size() == study.sets().size();
      line.add(Entry.of(whole ? mean(here, metric, unit) : ""));
      lines.add(line);
    }
    sheet.table(head, lines);
  }

  /** Methods down, sets across: 0 % is few labels, 100 % all of them. */
  private void gaps(Sheet sheet, int share) {
    var head = new ArrayList<>(List.of("method"));
    head.addAll(study.sets());
    var lines = new ArrayList<List<Entry>>();
    for (var method : study.methods()) {
      if (method.share().isPresent()) {
        continue;
      }
      var line = new ArrayList<>(List.of(Entry.of(method.name())));
      for (var set : study.sets()) {
        var gap =
            Summary.find(rows, set, share, method.name()).flatMap(row -> summary.gap(rows, row));
        line.add(Entry.of(gap.map(g -> String.format(Locale.ROOT, "%.0f %%", 100 * g)).orElse("")));
      }
      lines.add(line);
    }
    if (lines.stream().flatMap(line -> line.stream().skip(1)).anyMatch(e -> !e.text().isEmpty())) {
      sheet.section(
          "Share of the gap closed with %d %% of labels".formatted(share),
          "Of the way in Dice from few labels to all; empty where all labels are no better.");
      sheet.table(head, lines);
    }
  }

  private static String mean(List<Row> rows, String metric, double unit) {
    double mean = rows.stream().mapToDouble(row -> row.mean(metric)).average().orElse(Double.NaN);
    return shown(unit * mean);
  }

  private static String shown(double value) {
    return Double.isNaN(value) ? "undefined" : String.format(Locale.ROOT, "%.2f", value);
  }

  /** Bold where it is the best of the methods with this share of labels. */
  private Entry entry(Row row, int share, String metric, double unit) {
    var over = row.over(metric);
    var spread =
        over.getN() < 2
            ? ""
            : String.format(Locale.ROOT, "± %.2f", unit * over.getStandardDeviation());
    var rivals =
        rows.stream()
            .filter(r -> r.set().equals(row.set()) && r.share() == share)
            .mapToDouble(r -> r.mean(metric));
    var best = metric.equals("HD95") ? rivals.min() : rivals.max();
    boolean isBest = best.isPresent() && best.getAsDouble() == row.mean(metric);
    return new Entry(shown(unit * row.mean(metric)), spread, isBest);
  }

  private void tests(Sheet sheet) {
    var tested = summary.tested(rows);
    if (tested.isEmpty()) {
      return;
    }
    sheet.section(
        "Against the others",
        "Difference of Dice in points, Wilcoxon's signed-rank test over test images (each image's"
            + " mean over seeds), p after Holm's correction. The best of the others is in bold."
            + " Images of one origin are alike, so p flatters.");
    var lines = new ArrayList<List<Entry>>();
    for (var t : tested) {
      lines.add(
          List.of(
              Entry.of("%s, %d %%".formatted(t.ours().set(), t.ours().share())),
              new Entry(t.other().method(), "", t.best()),
              Entry.of(String.format(Locale.ROOT, "%+.2f", 100 * t.test().difference())),
              Entry.of(String.format(Locale.ROOT, "%.3g", t.test().p())),
              Entry.of(String.format(Locale.ROOT, "%.3g", t.holm()))));
    }
    sheet.table(List.of("set", "other", "ours - other", "p", "p after Holm"), lines);
  }

  /** The methods to show, each with its colour. */
  private Map<String, String> shown(String set) {
    var comparison = study.comparison();
    var roles = new LinkedHashMap<String, String>();
    comparison.floor().ifPresent(name -> roles.put(name, "baseline"));
    comparison.ours().ifPresent(name -> roles.put(name, "method"));
    summary.tested(rows).stream()
        .filter(t -> t.best() && t.ours().set().equals(set))
        .findFirst()
        .ifPresent(t -> roles.put(t.other().method(), "teacher"));
    comparison.ceiling().ifPresent(name -> roles.put(name, "fourth"));
    return roles;
  }

  private Optional<Path> folder(String set, String name) {
    return study.cells().stream()
        .filter(cell -> cell.set().equals(set) && cell.method().name().equals(name))
        .map(cell -> cell.folder(out))
        .filter(folder -> Files.exists(folder.resolve("result.json")))
        .findFirst();
  }

  private LineChart curves(String set) {
    var series = new ArrayList<LineChart.Series>();
    shown(set)
        .forEach(
            (name, role) ->
                folder(set, name)
                    .map(StudyReport::validations)
                    .ifPresent(points -> series.add(new LineChart.Series(name, role, points))));
    return new LineChart(set, "step", series, 0, 1);
  }

  private static List<LineChart.Point> validations(Path folder) {
    try {
      return TrainingLog.of(folder.resolve("log.jsonl")).validations("dice").stream()
          .map(v -> new LineChart.Point(v[0], v[1]))
          .toList();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private List<Page.Case> cases() throws IOException {
    var cases = new ArrayList<Page.Case>();
    var ours = study.comparison().ours();
    for (var set : study.sets()) {
      var folder = ours.flatMap(name -> folder(set, name));
      if (folder.isPresent()) {
        cases.addAll(cases(set, folder.get()));
      }
    }
    return cases;
  }

  private List<Page.Case> cases(String set, Path ours) throws IOException {
    var table = Result.table(ours, "test").orElseThrow();
    var dice = table.of("Dice");
    var order =
        IntStream.range(0, dice.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> -dice[i]))
            .toList();
    var samples = DataFolder.open(study.data().resolve(set)).samples("test");
    var cases = new ArrayList<Page.Case>();
    var places = List.of(0, order.size() / 2, order.size() - 1);
    for (int i = 0; i < places.size(); i++) {
      var name = table.images().get(order.get(places.get(i)));
      var sample = samples.stream().filter(s -> s.name().equals(name)).findFirst().orElseThrow();
      cases.add(new Page.Case(PLACES.get(i) + ", " + set, name, views(set, sample)));
    }
    return cases;
  }

  private List<Page.View> views(String set, Sample sample) throws IOException {
    var image = Overlay.fitted(Pictures.stretched(Pictures.read(sample.image())), SHOWN);
    var truth = Overlay.fitted(Pictures.of(sample.truth()), SHOWN);
    var views = new ArrayList<Page.View>();
    views.add(new Page.View(Overlay.mask(image, truth, TRUTH), "truth", ""));
    var comparison = study.comparison();
    for (var name : List.of(comparison.floor(), comparison.ours())) {
      var folder = name.flatMap(n -> folder(set, n));
      if (folder.isPresent()) {
        var best = folder.get().resolve("best.safetensors");
        var file = Files.exists(best) ? best : folder.get().resolve("student.safetensors");
        var student = ModelFile.open(file).student();
        var mask = Prediction.student(student.segmenter(), student.size(), sample.image(), 0.5);
        views.add(view(image, truth, sample.truth(), mask, name.orElseThrow()));
      }
    }
    var teacher =
        study
            .teacher()
            .map(t -> t.file().orElse(out.resolve("teachers/" + set + "/teacher.safetensors")));
    if (teacher.filter(Files::exists).isPresent()) {
      var mask = Prediction.teacher(ModelFile.open(teacher.get()).teacher(), sample);
      views.add(view(image, truth, sample.truth(), mask, "teacher, true box"));
    }
    return views;
  }

  private static Page.View view(
      BufferedImage image, BufferedImage truth, Region expected, Region mask, String name) {
    var dice = new antaboga.nn.metric.Dice().of(Pair.of(mask, expected));
    return new Page.View(
        Overlay.judged(image, truth, Overlay.fitted(Pictures.of(mask), SHOWN)),
        name,
        String.format(Locale.ROOT, "Dice %.3f", dice));
  }
}
