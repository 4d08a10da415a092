// SPDX-License-Identifier: Apache-2.0
package antaboga.distill.semi;

import antaboga.distill.Fingerprint;
import antaboga.distill.semi.SemiSupervisedTraining.Config;
import antaboga.distill.semi.SemiSupervisedTraining.Listener;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import org.bytedeco.javacpp.Pointer;

/** The whole method on tiny stand-ins; also a program, for tests that need a process. */
final class WholeMethod {
  private WholeMethod() {}

  static PerturbationConsistentDistillation.Config config(int steps) {
    return PerturbationConsistentDistillation.Config.of(
            steps,
            Distillation.Config.of("stem", "deep").withStart(2),
            Distribution.Config.of("deep"))
        .withStrong(0.4);
  }

  /** Prints the fingerprint of the trained weights, then physical megabytes at steps 20 and end. */
  public static void main(String[] args) throws IOException {
    int steps = Integer.parseInt(args[0]);
    var folder = Path.of(args[1]);
    var students = Students.of(TinySegmenter::new, 3);
    var cache = TinyTeacher.of(5).cachedIn(folder.resolve("cache"));
    var method = new PerturbationConsistentDistillation(config(steps), students, cache, 3);
    var megabytes = new ArrayList<Long>();
    int saving = Integer.getInteger("saving", Math.max(1, steps / 10));
    var run = Config.of(steps, 3, folder.resolve("run")).withIntervals(saving, steps);
    new SemiSupervisedTraining(run, Blobs::batch, students, method)
        .run(
            new Listener() {
              @Override
              public void stepped(int step, Losses losses, double rate) {
                megabytes.add(Pointer.physicalBytes() >> 20);
              }
            },
            () -> false);
    megabytes.add(Pointer.physicalBytes() >> 20);
    var fingerprint = Fingerprint.of("", students.weights().all());
    System.out.println(
        "%s %s %s"
            .formatted(
                fingerprint,
                megabytes.get(megabytes.size() / 2),
                megabytes.get(megabytes.size() - 1)));
  }
}
