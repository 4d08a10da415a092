// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.io.EventFile;
import antaboga.io.WholeFile;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A training's numbers as JSON lines: one object for each step, also for one that was skipped, and
 * for each validation. A run that resumes forgets what came after its checkpoint.
 */
public final class TrainingLog {
  /** The numbers of one step, or of the validation after so many steps, by name. */
  public record Entry(String kind, int step, Map<String, Double> values) {}

  private static final String STEP = "step";
  private static final String SKIPPED = "skipped";
  private static final String VALIDATION = "validation";

  private final Path file;
  private final Optional<Path> chart;
  private final ObjectMapper json = new ObjectMapper();
  private final List<Entry> entries = new ArrayList<>();
  private int written;

  /** A log that is kept in this file. */
  TrainingLog(Path file) {
    this(file, Optional.empty());
  }

  /** A log that is kept in a file, and in another one for TensorBoard. */
  TrainingLog(Path file, Path chart) {
    this(file, Optional.of(chart));
  }

  private TrainingLog(Path file, Optional<Path> chart) {
    this.file = file;
    this.chart = chart;
  }

  /** Begins anew, or goes on after the first so many steps of an earlier run. */
  void begin(int steps) throws IOException {
    if (steps > 0 && Files.exists(file)) {
      for (var line : Files.readAllLines(file)) {
        var entry = read(line);
        if (entry != null
            && (entry.kind.equals(VALIDATION) ? entry.step <= steps : entry.step < steps)) {
          entries.add(entry);
        }
      }
    }
    written = entries.size();
    WholeFile.replace(file, lines(0).getBytes(StandardCharsets.UTF_8));
    if (chart.isPresent()) {
      Files.deleteIfExists(chart.get());
      draw(chart.get(), entries);
    }
  }

  private @org.jspecify.annotations.Nullable Entry read(String line) {
    try {
      return json.readValue(line, new TypeReference<Entry>() {});
    } catch (JsonProcessingException e) {
      return null; // the last line of a run that was killed
    }
  }

  void stepped(int step, Map<String, Double> losses) {
    entries.add(new Entry(STEP, step, new LinkedHashMap<>(losses)));
  }

  /** A step that changed nothing. */
  void skipped(int step) {
    entries.add(new Entry(SKIPPED, step, Map.of()));
  }

  void validated(int steps, Map<String, Double> scores) {
    entries.add(new Entry(VALIDATION, steps, new LinkedHashMap<>(scores)));
  }

  /** Appends what is new to the files. */
  void flush() throws IOException {
    Files.writeString(file, lines(written), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    if (chart.isPresent()) {
      draw(chart.get(), entries.subList(written, entries.size()));
    }
    written = entries.size();
  }

  private String lines(int from) throws IOException {
    var lines = new StringBuilder();
    for (var entry : entries.subList(from, entries.size())) {
      lines.append(json.writeValueAsString(entry)).append('\n');
    }
    return lines.toString();
  }

  private static void draw(Path chart, List<Entry> entries) throws IOException {
    var events = new EventFile(chart);
    double now = System.currentTimeMillis() / 1000.0;
    for (var entry : entries) {
      entry.values.forEach(
          (name, value) -> events.add(entry.step, now, entry.kind + "/" + name, value));
    }
    events.flush();
  }

  /** The value of a name at every step that has it: pairs of step and value. */
  public List<double[]> steps(String name) {
    return values(STEP, name);
  }

  /** The same of the validations. */
  public List<double[]> validations(String name) {
    return values(VALIDATION, name);
  }

  /** The names that the steps have. */
  public List<String> names() {
    return entries.stream()
        .filter(entry -> entry.kind.equals(STEP))
        .flatMap(entry -> entry.values.keySet().stream())
        .distinct()
        .toList();
  }

  private List<double[]> values(String kind, String name) {
    return entries.stream()
        .filter(entry -> entry.kind.equals(kind) && entry.values.containsKey(name))
        .map(entry -> new double[] {entry.step, entry.values.getOrDefault(name, Double.NaN)})
        .toList();
  }

  /** The log of a finished run. */
  public static TrainingLog of(Path file) throws IOException {
    var log = new TrainingLog(file);
    for (var line : Files.readAllLines(file)) {
      var entry = log.read(line);
      if (entry != null) {
        log.entries.add(entry);
      }
    }
    log.written = log.entries.size();
    return log;
  }
}
