// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import javax.imageio.ImageIO;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;

/**
 * Turns a JMH result of the scan into a Markdown table and a plot: nanoseconds of each state
 * update, and the share of the roof, which is the time of the exponentials alone.
 *
 * <pre>{@code
 * java -jar benchmarks.jar '(Scan|Exponential)Benchmark' -rf json -rff scan.json
 * java -cp benchmarks.jar antaboga.bench.ScanReport scan.json scan.md scan.png
 * }</pre>
 */
public final class ScanReport {
  private static final int WIDTH = 900;
  private static final int HEIGHT = 500;

  private ScanReport() {}

  /** One measured time; states of a shape without a third number are 16. */
  private record Run(String pass, String kernel, int threads, List<Integer> sizes, double ns) {
    static Run of(JsonNode json) {
      var params = json.path("params");
      var sizes = new ArrayList<Integer>();
      for (var size : params.path("shape").asText().split("x", -1)) {
        sizes.add(Integer.valueOf(size));
      }
      if (sizes.size() == 2) {
        sizes.add(16);
      }
      var benchmark = json.path("benchmark").asText();
      double us = json.path("primaryMetric").path("score").asDouble();
      double updates = sizes.stream().mapToDouble(x -> x).reduce(1, (x, y) -> x * y);
      return new Run(
          benchmark.substring(benchmark.lastIndexOf('.') + 1),
          params.path("kernel").asText(),
          params.path("threads").asInt(1),
          List.copyOf(sizes),
          us * 1000 / updates);
    }

    String shape() {
      return "%d x %d x %d".formatted(sizes.get(0), sizes.get(1), sizes.get(2));
    }

    String name() {
      return kernel.isEmpty() ? pass : pass + ", " + kernel;
    }
  }

  /**
   * Writes the table and the plot.
   *
   * @param args JMH's JSON, and where the table and the PNG go
   */
  public static void main(String[] args) throws IOException {
    if (args.length != 3) {
      throw new IllegalArgumentException("expected RESULT.json TABLE.md PLOT.png");
    }
    var runs = new ArrayList<Run>();
    new ObjectMapper().readTree(Path.of(args[0]).toFile()).forEach(json -> runs.add(Run.of(json)));
    Files.writeString(Path.of(args[1]), table(runs));
    plot(runs, Path.of(args[2]));
  }

  private static String table(List<Run> runs) {
    var text = new StringBuilder();
    text.append("| D x L x N | pass | threads | ns per update | of the roof |\n");
    text.append("|---|---|---|---|---|\n");
    for (var run : runs) {
      var roof =
          runs.stream()
              .filter(r -> r.pass.equals("exponentials"))
              .filter(r -> r.threads == run.threads && r.sizes.equals(run.sizes))
              .findFirst();
      var share =
          roof.map(r -> String.format(Locale.ROOT, "%.0f %%", 100 * r.ns / run.ns)).orElse("");
      text.append(
          String.format(
              Locale.ROOT,
              "| %s | %s | %d | %.3f | %s |%n",
              run.shape(),
              run.name(),
              run.threads,
              run.ns,
              share));
    }
    return text.toString();
  }

  /** Time of an update over the number of updates: level where cost is linear. */
  private static void plot(List<Run> runs, Path file) throws IOException {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title("Selective scan")
            .xAxisTitle("state updates D · L · N")
            .yAxisTitle("ns per update")
            .build();
    chart.getStyler().setXAxisLogarithmic(true).setYAxisLogarithmic(true);
    Map<String, TreeMap<Double, Double>> lines = new TreeMap<>();
    for (var run : runs) {
      double updates = run.sizes.stream().mapToDouble(x -> x).reduce(1, (x, y) -> x * y);
      lines
          .computeIfAbsent(run.name() + ", threads: " + run.threads, name -> new TreeMap<>())
          .put(updates, run.ns);
    }
    lines.forEach(
        (name, points) ->
            chart.addSeries(name, List.copyOf(points.keySet()), List.copyOf(points.values())));
    var image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    var graphics = image.createGraphics();
    chart.paint(graphics, WIDTH, HEIGHT);
    graphics.dispose();
    if (!ImageIO.write(image, "png", file.toFile())) {
      throw new IOException("no writer of PNG files in this Java runtime");
    }
  }
}
