// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.demo;

import antaboga.examples.report.LineChart;
import antaboga.examples.report.Overlay;
import antaboga.examples.report.Page;
import antaboga.examples.report.PairChart;
import antaboga.examples.run.DataFolder;
import antaboga.examples.run.Machine;
import antaboga.examples.run.ModelFile;
import antaboga.examples.run.Pictures;
import antaboga.examples.run.Prediction;
import antaboga.examples.run.Provenance;
import antaboga.examples.run.ScoreTables;
import antaboga.examples.run.StudentRun;
import antaboga.examples.run.Terminal;
import antaboga.examples.run.TrainingLog;
import antaboga.nn.data.Sample;
import antaboga.nn.metric.Comparison;
import antaboga.nn.metric.Scores;
import java.awt.Color;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Tells a demonstration as a page. */
final class DemoReport {
  /** A trained student and how it did. */
  record Outcome(String name, StudentRun run, Scores scores, TrainingLog log) {}

  private static final Color TRUTH = new Color(0xfacc15);
  private static final int SHOWN = 256; // pixels of a picture's shorter side
  private static final List<String> ROLES = List.of("baseline", "method");

  private final Demo.Plan plan;
  private final DataFolder folder;
  private final DataFolder.Division division;
  private final List<Sample> sources;
  private final List<Sample> test;
  private final List<Outcome> outcomes;
  private final Map<String, Duration> times;

  DemoReport(
      Demo.Plan plan,
      DataFolder folder,
      DataFolder.Division division,
      List<Sample> sources,
      List<Sample> test,
      List<Outcome> outcomes,
      Map<String, Duration> times) {
    this.plan = plan;
    this.folder = folder;
    this.division = division;
    this.sources = sources;
    this.test = test;
    this.outcomes = List.copyOf(outcomes);
    this.times = times;
  }

  Page page() throws IOException {
    var alone = dice(0);
    var whole = dice(1);
    var total = times.values().stream().reduce(Duration.ZERO, Duration::plus);
    var parameters = outcomes.get(1).run().parameters();
    return new Page(
        "Antaboga · demonstration on " + folder.name(),
        String.format(
            Locale.ROOT,
            "Dice %.3f with the whole method, %.3f with the labels only",
            mean(whole),
            mean(alone)),
        lead(parameters),
        List.of(
            new Page.Tile(three(mean(alone)), "Dice, labels only", "baseline"),
            new Page.Tile(three(mean(whole)), "Dice, whole method", "method"),
            new Page.Tile(
                String.format(Locale.ROOT, "%,d", parameters), "parameters of the student", ""),
            new Page.Tile(
                Terminal.text(total),
                "on %d cores, everything included"
                    .formatted(Runtime.getRuntime().availableProcessors()),
                "")),
        IntStream.range(0, outcomes.size())
            .mapToObj(i -> new Page.Method(outcomes.get(i).name(), ROLES.get(i)))
            .toList(),
        metrics(),
        note(alone, whole),
        new PairChart(outcomes.get(0).name(), outcomes.get(1).name(), pairs(alone, whole)),
        charts(),
        "Faint lines are single steps, strong ones means over their neighbours. The method's own"
            + " terms begin when its ramp does; validation takes the moving average of the weights,"
            + " as the test does.",
        cases(whole),
        facts(),
        footer());
  }

  private String lead(long parameters) {
    return String.format(
        Locale.ROOT,
        "A Mamba network of %.2f million parameters was trained twice from the same start, for the"
            + " same %d steps: on %d labelled images alone, and by the whole method, which adds %d"
            + " images without masks and a small teacher of MedSAM's architecture. Both were then"
            + " scored on %d images that neither had seen.",
        parameters / 1e6,
        plan.settings().studentSteps(),
        division.labelled().size(),
        division.unlabelled().size(),
        test.size());
  }

  private List<Page.Metric> metrics() {
    var rows = new ArrayList<Page.Metric>();
    for (var metric : ScoreTables.METRICS) {
      var distance = ScoreTables.isDistance(metric);
      rows.add(
          new Page.Metric(
              metric.name(),
              distance ? "px" : "",
              !distance,
              outcomes.stream()
                  .map(outcome -> outcome.scores().summary(metric.name()))
                  .map(summary -> new Page.Score(summary.mean(), summary.deviation()))
                  .toList()));
    }
    return rows;
  }

  private String note(double[] alone, double[] whole) {
    var test = Comparison.wilcoxon(whole, alone);
    return String.format(
        Locale.ROOT,
        "Scored image by image at the image's own size, mean ± standard deviation over %d images."
            + " HD95 is the larger of the two directed 95th percentiles. Paired Wilcoxon test of"
            + " Dice: p = %.3f (images of one origin are alike, so it flatters). One seed; a"
            + " demonstration, not a study.",
        alone.length,
        test.p());
  }

  private List<PairChart.Pair> pairs(double[] alone, double[] whole) {
    var images = outcomes.get(0).scores().images();
    return IntStream.range(0, images.size())
        .mapToObj(i -> new PairChart.Pair(images.get(i), alone[i], whole[i]))
        .toList();
  }

  private List<LineChart> charts() {
    var charts = new ArrayList<LineChart>();
    charts.add(compared("Supervised loss", false));
    if (!outcomes.get(0).log().validations("dice").isEmpty()) {
      charts.add(compared("Validation Dice", true));
    }
    charts.add(
        terms(
            "Teacher terms of the whole method",
            List.of("feature", "response"),
            List.of("teacher", "method")));
    charts.add(
        terms(
            "Self-supervised terms of the whole method",
            List.of("align", "separate", "posterior", "consistency"),
            List.of("teacher", "baseline", "fourth", "method")));
    return charts;
  }

  private LineChart compared(String title, boolean validation) {
    var series = new ArrayList<LineChart.Series>();
    for (int i = 0; i < outcomes.size(); i++) {
      var log = outcomes.get(i).log();
      var values = validation ? log.validations("dice") : log.steps("supervised");
      add(series, outcomes.get(i).name(), ROLES.get(i), values);
    }
    return validation
        ? new LineChart(title, "step", series, 0, 1)
        : new LineChart(title, "step", series);
  }

  private LineChart terms(String title, List<String> terms, List<String> roles) {
    var series = new ArrayList<LineChart.Series>();
    for (int i = 0; i < terms.size(); i++) {
      add(series, terms.get(i), roles.get(i), outcomes.get(1).log().steps(terms.get(i)));
    }
    return new LineChart(title, "step", series);
  }

  private static void add(
      List<LineChart.Series> series, String name, String role, List<double[]> values) {
    var points = values.stream().map(v -> new LineChart.Point(v[0], v[1])).toList();
    if (points.size() > 30) {
      series.add(new LineChart.Series(name, role + " faint", points));
      series.add(
          new LineChart.Series(name, role, points).smoothed(Math.max(3, points.size() / 20)));
    } else if (!points.isEmpty()) {
      series.add(new LineChart.Series(name, role, points));
    }
  }

  private List<Page.Case> cases(double[] whole) throws IOException {
    var order =
        IntStream.range(0, whole.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> -whole[i]))
            .toList();
    var chosen = new LinkedHashMap<String, Integer>();
    chosen.put("Best", order.get(0));
    chosen.put("Median", order.get(order.size() / 2));
    chosen.put("Worst", order.get(order.size() - 1));
    var cases = new ArrayList<Page.Case>();
    for (var entry : chosen.entrySet()) {
      cases.add(pictured(entry.getKey(), entry.getValue()));
    }
    return cases;
  }

  private Page.Case pictured(String why, int index) throws IOException {
    var sample = test.get(index);
    var image = Overlay.fitted(Pictures.stretched(Pictures.read(sample.image())), SHOWN);
    var truth = Overlay.fitted(Pictures.of(sample.truth()), SHOWN);
    var views = new ArrayList<Page.View>();
    views.add(new Page.View(image, "image", ""));
    views.add(new Page.View(Overlay.mask(image, truth, TRUTH), "truth", ""));
    for (var outcome : outcomes) {
      var student = ModelFile.open(outcome.run().file()).student();
      var mask = Prediction.student(student.segmenter(), student.size(), sample.image(), 0.5);
      var marked = Overlay.fitted(Pictures.of(mask), SHOWN);
      views.add(
          new Page.View(
              Overlay.judged(image, truth, marked),
              outcome.name(),
              "Dice " + three(ScoreTables.dice(outcome.scores())[index])));
    }
    return new Page.Case(why, sample.name(), views);
  }

  private List<Page.Facts> facts() {
    var settings = plan.settings();
    var data = new LinkedHashMap<String, String>();
    data.put("folder", plan.data().toString());
    data.put("labelled", division.labelled().size() + " images, " + division.how());
    data.put(
        "their names",
        division.labelled().stream().map(Sample::name).collect(Collectors.joining(", ")));
    data.put("unlabelled", division.unlabelled().size() + " images; their masks were never opened");
    data.put("test", test.size() + " images, read once, after training");
    data.put(
        "the teacher saw",
        "%d images of splits/source.txt (%s) with all their masks, and the labelled images above;"
                .formatted(sources.size(), plan.source())
            + " no mask of an unlabelled, validation or test image. Images of a set that marks dark"
            + " things are inverted where this one marks bright ones, and the other way round");
    var teacher = new LinkedHashMap<String, String>();
    teacher.put("teacher", settings.teacherModel().toString());
    teacher.put(
        "teacher's training",
        "%d steps of %d boxes, AdamW %s"
            .formatted(settings.teacherSteps(), settings.batch(), Settings.TEACHER_RATE));
    teacher.put("student", "VssUNet tiny, input %d px".formatted(settings.size()));
    teacher.put(
        "student's training",
        "%d steps, %d labelled images each (and %d unlabelled by the method), AdamW %s, mirrored"
                .formatted(
                    settings.studentSteps(), settings.batch(), settings.batch(), settings.rate())
            + " and turned");
    teacher.put("weights of the terms", settings.terms().toString());
    teacher.put("moving average", "" + settings.averaging());
    teacher.put("seed", "" + settings.seed());
    var took = new LinkedHashMap<String, String>();
    times.forEach((name, time) -> took.put(name, Terminal.text(time)));
    took.put(
        "together", Terminal.text(times.values().stream().reduce(Duration.ZERO, Duration::plus)));
    var machine = new LinkedHashMap<>(Machine.facts());
    machine.put("Antaboga", Provenance.version());
    machine.put("written", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    return List.of(
        new Page.Facts("Data", data),
        new Page.Facts("Models and training", teacher),
        new Page.Facts("Time", took),
        new Page.Facts("Machine", machine));
  }

  private static String footer() {
    return "Written by antaboga demo. For research only; not a medical device. Nuclei images: Data"
        + " Science Bowl 2018, CC0. Method after Jia et al., Journal of Northeastern University"
        + " (Natural Science) 47(1), 2026, with this project's own definitions of the losses;"
        + " teacher's architecture after MedSAM, student's after VM-UNet.";
  }

  private double[] dice(int method) {
    return ScoreTables.dice(outcomes.get(method).scores());
  }

  private static double mean(double[] values) {
    return antaboga.nn.metric.Summary.of(values).mean();
  }

  private static String three(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }
}
