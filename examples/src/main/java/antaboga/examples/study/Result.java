// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.study;

import antaboga.examples.run.Failure;
import antaboga.examples.run.Output;
import antaboga.examples.run.ScoreTables;
import antaboga.nn.metric.Scores;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What came of a cell: {@code result.json}, whose being there means that the cell is finished, and
 * the scores of every test image, {@code test.csv} of the best student on validation and {@code
 * test-last.csv} of the last.
 */
final class Result {
  private static final String SETTINGS = "settings";
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private Result() {}

  private static Path file(Path folder) {
    return folder.resolve("result.json");
  }

  /**
   * Whether a cell of these settings is finished.
   *
   * @throws Failure if one of other settings is
   */
  static boolean isThere(Path folder, String settings) throws IOException {
    if (!Files.exists(file(folder))) {
      return false;
    }
    var found = JSON.readTree(file(folder).toFile()).path(SETTINGS).asText();
    if (!found.equals(settings)) {
      throw new Failure(
          "result is of other settings (%s; the study now says %s)".formatted(found, settings),
          folder,
          "give another --out, or delete the folder");
    }
    return true;
  }

  /** Writes everything, the JSON file last. */
  static void write(
      Path folder, Map<String, Object> about, String settings, Map<String, Scores> byName) {
    var all = new LinkedHashMap<>(about);
    all.put(SETTINGS, settings);
    byName.forEach(
        (name, scores) -> {
          all.put(name, means(scores));
          write(folder.resolve(name + ".csv"), ScoreTables.csv(scores));
        });
    try {
      write(file(folder), JSON.writeValueAsString(all) + "\n");
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e); // maps of strings and numbers are always written
    }
  }

  /** What a result takes. */
  interface Work {
    /** What is to be told of it; empty if it was stopped. */
    Optional<Map<String, Object>> run() throws IOException;
  }

  /**
   * A file that many cells need and one process makes, with its result beside it; empty if another
   * process is at it, or it was stopped.
   */
  @SuppressWarnings("try") // claims by being open
  static Optional<Path> once(Path folder, String settings, String name, Work work)
      throws IOException {
    var file = Optional.of(folder.resolve(name));
    if (isThere(folder, settings)) {
      return file;
    }
    var claim = Claim.of(folder);
    if (claim.isEmpty()) {
      return Optional.empty();
    }
    try (var held = claim.get()) {
      if (!isThere(folder, settings)) {
        var about = work.run();
        if (about.isEmpty()) {
          return Optional.empty();
        }
        write(folder, about.get(), settings, Map.of());
      }
    }
    return file;
  }

  private static void write(Path file, String text) {
    Output.write(file, text.getBytes(StandardCharsets.UTF_8));
  }

  private static Map<String, Object> means(Scores scores) {
    var means = new LinkedHashMap<String, Object>();
    for (var metric : ScoreTables.METRICS) {
      var summary = scores.summary(metric.name());
      means.put(metric.name(), Double.isNaN(summary.mean()) ? "undefined" : summary.mean());
      if (summary.undefined() > 0) {
        means.put(metric.name() + " undefined", summary.undefined());
      }
    }
    return means;
  }

  /** Scores of single images, NaN where undefined. */
  record Table(List<String> images, Map<String, double[]> columns) {
    double[] of(String metric) {
      return java.util.Objects.requireNonNull(columns.get(metric), metric);
    }

    /** The mean of the defined scores. */
    double mean(String metric) {
      return java.util.Arrays.stream(of(metric))
          .filter(v -> !Double.isNaN(v))
          .average()
          .orElse(Double.NaN);
    }

    long undefined(String metric) {
      return java.util.Arrays.stream(of(metric)).filter(Double::isNaN).count();
    }
  }

  /** The test images' scores of a finished cell; empty if it is not finished. */
  static Optional<Table> table(Path folder, String name) throws IOException {
    var csv = folder.resolve(name + ".csv");
    if (!Files.exists(file(folder)) || !Files.exists(csv)) {
      return Optional.empty();
    }
    var lines = Files.readAllLines(csv);
    var head = lines.get(0).split(",", -1);
    var images = new ArrayList<String>();
    var columns = new LinkedHashMap<String, double[]>();
    for (int c = 1; c < head.length; c++) {
      columns.put(head[c], new double[lines.size() - 1]);
    }
    for (int row = 1; row < lines.size(); row++) {
      var cells = lines.get(row).split(",", -1);
      images.add(cells[0]);
      for (int c = 1; c < head.length; c++) {
        double value = cells[c].isEmpty() ? Double.NaN : Double.parseDouble(cells[c]);
        java.util.Objects.requireNonNull(columns.get(head[c]))[row - 1] = value;
      }
    }
    return Optional.of(new Table(images, columns));
  }

  /** The figures of a finished cell; empty if it is not finished. */
  static Optional<Map<String, Object>> figures(Path folder) throws IOException {
    return Files.exists(file(folder))
        ? Optional.of(JSON.readValue(file(folder).toFile(), new TypeReference<>() {}))
        : Optional.empty();
  }
}
