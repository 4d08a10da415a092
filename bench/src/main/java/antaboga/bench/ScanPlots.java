// SPDX-License-Identifier: Apache-2.0
package antaboga.bench;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import javax.imageio.ImageIO;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.lines.SeriesLines;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The plots of a record, PNG; a plot without runs is not written. */
record ScanPlots(String title, List<ScanRun> runs) {
  private static final int WIDTH = 1100;
  private static final int HEIGHT = 620;
  private static final int FLOAT = Float.BYTES;

  /** Steps between the states that a forward pass keeps. */
  private static final double KEPT = 16;

  private static final List<Color> COLORS =
      List.of(new Color(0x1F5FA8), new Color(0xC2571A), new Color(0x2E7D32));

  private static final BasicStroke SOLID = SeriesLines.SOLID;
  private static final BasicStroke DASHED = SeriesLines.DASH_DASH;

  ScanPlots {
    runs = List.copyOf(runs);
  }

  private XYChart chart(String what, String x, String y) {
    var chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(what + ": " + title)
            .xAxisTitle(x)
            .yAxisTitle(y)
            .build();
    var styler = chart.getStyler();
    styler.setPlotGridLinesColor(new Color(0xE0E0E0));
    styler
        .setLegendPosition(Styler.LegendPosition.OutsideE)
        .setChartBackgroundColor(Color.WHITE)
        .setLegendBorderColor(Color.WHITE)
        .setChartTitleFont(new Font(Font.SANS_SERIF, Font.PLAIN, 14));
    return chart;
  }

  private static void write(XYChart chart, Path file) throws IOException {
    var image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    var graphics = image.createGraphics();
    chart.paint(graphics, WIDTH, HEIGHT);
    graphics.dispose();
    if (!ImageIO.write(image, "png", file.toFile())) {
      throw new IOException("no writer of PNG files in this Java runtime");
    }
  }

  private static void add(
      XYChart chart,
      String name,
      Map<Double, Double> points,
      Color color,
      Marker marker,
      BasicStroke stroke) {
    var series = chart.addSeries(name, List.copyOf(points.keySet()), List.copyOf(points.values()));
    series.setMarker(marker).setMarkerColor(color);
    series.setLineStyle(stroke).setLineColor(color);
  }

  /** Time of an update over one size: level where cost is linear. */
  void cost(Path file) throws IOException {
    var lines = CostLine.of(runs);
    if (lines.isEmpty()) {
      return;
    }
    var chart = chart("Cost of the scan, 1 thread", "size of the axis", "ns per state update");
    chart
        .getStyler()
        .setYAxisMin(0.0)
        .setXAxisTickLabelsFormattingFunction(exponent -> "2^%.0f".formatted(exponent))
        .setXAxisTickMarkSpacingHint(WIDTH / 16);
    for (var line : lines) {
      boolean forward = line.pass().equals("forward");
      add(
          chart,
          line.name(),
          exponents(line.ns()),
          COLORS.get("DLN".indexOf(line.axis())),
          forward ? SeriesMarkers.CIRCLE : SeriesMarkers.DIAMOND,
          forward ? SOLID : DASHED);
    }
    write(chart, file);
  }

  private static Map<Double, Double> exponents(Map<Integer, Double> points) {
    var moved = new TreeMap<Double, Double>();
    points.forEach((size, ns) -> moved.put(Math.log(size) / Math.log(2), ns));
    return moved;
  }

  /** Updates per second over updates per byte, under what copies and exponentials allow. */
  void roofline(Path file) throws IOException {
    if (rate(ScanRun.ROOF, 1).isEmpty() || bandwidth(1).isEmpty()) {
      return;
    }
    var chart =
        chart(
            "Selective scan under its roof",
            "state updates per byte that must be read or written",
            "10^9 state updates per second");
    chart.getStyler().setXAxisLogarithmic(true).setYAxisLogarithmic(true);
    for (int threads : List.of(1, 4)) {
      var roof = rate(ScanRun.ROOF, threads);
      var copy = bandwidth(threads);
      if (roof.isPresent() && copy.isPresent()) {
        roof(chart, threads, roof.getAsDouble(), copy.getAsDouble());
      }
    }
    for (var benchmark : List.of(ScanRun.FORWARD, ScanRun.BACKWARD)) {
      for (int threads : List.of(1, 4)) {
        points(chart, benchmark, "vector", threads);
      }
      points(chart, benchmark, "scalar", 1);
    }
    write(chart, file);
  }

  /** The best rate, 10^9 updates per second. */
  private OptionalDouble rate(String benchmark, int threads) {
    return runs.stream()
        .filter(run -> run.is(benchmark) && run.threads() == threads)
        .mapToDouble(run -> 1 / run.ns())
        .max();
  }

  /** 10^9 bytes per second, read and written. */
  private OptionalDouble bandwidth(int threads) {
    return runs.stream()
        .filter(run -> run.is(ScanRun.COPY) && run.threads() == threads)
        .mapToDouble(run -> 2.0 * FLOAT * CopyBenchmark.FLOATS / (1000 * run.us()))
        .findFirst();
  }

  private static void roof(XYChart chart, int threads, double roof, double copy) {
    Map<Double, Double> line = new TreeMap<>();
    for (double x : new double[] {0.05, roof / copy, 5}) {
      line.put(x, Math.min(roof, copy * x));
    }
    var color = COLORS.get(threads == 1 ? 0 : 1);
    add(chart, "roof, " + threads(threads), line, color, SeriesMarkers.NONE, SOLID);
  }

  private static String threads(int threads) {
    return threads == 1 ? "1 thread" : threads + " threads";
  }

  private void points(XYChart chart, String benchmark, String kernel, int threads) {
    boolean forward = benchmark.equals(ScanRun.FORWARD);
    var compared = ScanRun.compared(runs);
    Map<Double, Double> points = new TreeMap<>();
    for (var run : runs) {
      boolean measured = run.benchmark().equals(benchmark) && run.kernel().equals(kernel);
      if (measured && run.threads() == threads && compared.contains(run.shape())) {
        int d = run.sizes().get(0);
        int n = run.sizes().get(2);
        // u, delta and y; u, delta, dy, du, ddelta and kept states; B and C, and their gradients
        double bytes =
            forward ? FLOAT * (3.0 / n + 2.0 / d) : FLOAT * (5.0 / n + 1 / KEPT + 4.0 / d);
        points.put(1 / bytes, 1 / run.ns());
      }
    }
    if (!points.isEmpty()) {
      var name = "%s, %s, %s".formatted(forward ? "forward" : "backward", kernel, threads(threads));
      var color = kernel.equals("scalar") ? COLORS.get(2) : COLORS.get(threads == 1 ? 0 : 1);
      var marker = forward ? SeriesMarkers.CIRCLE : SeriesMarkers.DIAMOND;
      add(chart, name, points, color, marker, SeriesLines.NONE);
    }
  }
}
