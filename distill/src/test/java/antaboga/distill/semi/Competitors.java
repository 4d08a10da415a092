// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.distill.Fingerprint;
import antaboga.distill.semi.SemiSupervisedTraining.Config;
import antaboga.distill.semi.SemiSupervisedTraining.Listener;
import antaboga.distill.semi.SemiSupervisedTraining.Objective;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Every method that the whole one is compared with, on tiny stand-ins; also a program. */
final class Competitors {
  /** Makes the objective of these students; a teacher's embeddings are kept in the folder. */
  interface Making {
    Objective of(Students students, int steps, Path cache);
  }

  private Competitors() {}

  static Map<String, Making> all() {
    var all = new LinkedHashMap<String, Making>();
    all.put("supervised", (students, steps, cache) -> new Supervised(students.current()));
    all.put("mean teacher", (students, steps, cache) -> PlainMeanTeacher.of(students, steps, 3));
    all.put(
        "UA-MT", (students, steps, cache) -> UncertaintyAwareMeanTeacher.of(students, steps, 3));
    all.put(
        "CPS",
        (students, steps, cache) ->
            CrossPseudoSupervision.of(students, TinySegmenter::new, steps, 3));
    all.put("UniMatch", (students, steps, cache) -> new UniMatch(students, 0.5));
    all.put("BCP", (students, steps, cache) -> BidirectionalCopyPaste.of(students, steps));
    all.put(
        "plain distillation",
        (students, steps, cache) ->
            new PlainDistillation(
                students, TinyTeacher.of(5).cachedIn(cache), List.of("stem", "deep"), 1, 3));
    all.put("warm start", (students, steps, cache) -> new WarmStart(students.current(), 0.5));
    return all;
  }

  /** Trains each in a folder, for so many steps, and prints the fingerprints of their weights. */
  public static void main(String[] args) throws IOException {
    int steps = Integer.parseInt(args[0]);
    var folder = Path.of(args[1]);
    for (var method : all().entrySet()) {
      var students = Students.of(TinySegmenter::new, 3);
      var objective = method.getValue().of(students, steps, folder.resolve("cache"));
      var run = Config.of(steps, 3, folder.resolve(method.getKey()));
      new SemiSupervisedTraining(run, Blobs::batch, students, objective)
          .run(new Listener() {}, () -> false);
      System.out.println(method.getKey() + ": " + Fingerprint.of("", students.weights().all()));
    }
  }
}
