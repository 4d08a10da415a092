// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.distill.semi.SemiSupervisedTraining.Objective;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Every method that the whole one is compared with, on tiny stand-ins. */
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
    return all;
  }
}
