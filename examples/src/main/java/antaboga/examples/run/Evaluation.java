// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.nn.metric.Scores;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Optional;

/** Scores a checkpoint on a list of a data folder. */
public final class Evaluation {
  private static final long ROOM = 1 << 20;

  private final Path checkpoint;
  private final Path data;
  private final String split;
  private final Optional<Path> json;
  private final Optional<Path> csv;
  private final Terminal terminal;

  /** What to score, and where to write the scores beside the terminal. */
  public Evaluation(
      Path checkpoint,
      Path data,
      String split,
      Optional<Path> json,
      Optional<Path> csv,
      Terminal terminal) {
    this.checkpoint = checkpoint;
    this.data = data;
    this.split = split;
    this.json = json;
    this.csv = csv;
    this.terminal = terminal;
  }

  /**
   * Checks everything that is given, then scores.
   *
   * @throws IOException if an image cannot be decoded
   */
  public void run() throws IOException {
    var folder = DataFolder.open(data);
    var samples = folder.samples(split);
    var model = ModelFile.open(checkpoint);
    if (!model.isTeacher()) {
      model.requireStudent();
    }
    json.ifPresent(file -> Output.fileIn(file, ROOM));
    csv.ifPresent(file -> Output.fileIn(file, ROOM));
    Natives.prepare();
    Scores scores;
    if (model.isTeacher()) {
      scores = Prediction.teacher(model.teacher(), samples, terminal);
    } else {
      var student = model.student();
      scores = Prediction.student(student.segmenter(), student.size(), samples, terminal);
    }
    terminal.print("%s on %s, %s (%d images)", checkpoint, data, split, samples.size());
    terminal.print(ScoreTables.table(scores));
    var about = new LinkedHashMap<String, String>();
    about.put("checkpoint", checkpoint.toString());
    about.put("data", data.toString());
    about.put("split", split);
    json.ifPresent(file -> write(file, ScoreTables.json(scores, about)));
    csv.ifPresent(file -> write(file, ScoreTables.csv(scores)));
  }

  private void write(Path file, String text) {
    Output.write(file, text.getBytes(StandardCharsets.UTF_8));
    terminal.print("%s", file);
  }
}
