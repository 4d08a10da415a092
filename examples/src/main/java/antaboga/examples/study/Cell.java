// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.study;

import antaboga.examples.run.StudentRun;
import antaboga.nn.data.Variation;
import java.nio.file.Path;

/** One training of a student, and its scores. */
record Cell(String set, int share, Study.Method method, long seed) {
  /** Its name, by which it is chosen, and its folder below that of the study. */
  String name() {
    return "%s/%d/%s/%d".formatted(set, share, method.name(), seed);
  }

  Path folder(Path out) {
    return out.resolve("cells").resolve(name());
  }

  StudentRun.Config training() {
    return method.training().withSeed(seed);
  }

  /** What the result depends on: not how often it is saved. */
  String settings() {
    var t = training();
    return "%s, %d %% of labels, %s%s%s of %d px, %d steps, validated every %d, batch %d + %d, rate %s, average %s"
        .formatted(
            method.kind(),
            share,
            t.network(),
            t.zScore() ? ", z-score," : "",
            t.variation().equals(Variation.none()) ? "" : " " + t.variation(),
            t.size(),
            t.steps(),
            t.validateEvery(),
            t.labelledBatch(),
            t.unlabelledBatch(),
            t.rate(),
            t.averaging());
  }
}
