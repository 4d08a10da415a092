// SPDX-License-Identifier: Apache-2.0
package antaboga.examples;

import antaboga.Tape;
import antaboga.distill.semi.Losses;
import antaboga.distill.semi.MeanTeacher;
import antaboga.distill.semi.Rampup;
import antaboga.distill.semi.SemiSupervisedTraining;
import antaboga.distill.semi.SemiSupervisedTraining.Config;
import antaboga.distill.semi.SemiSupervisedTraining.Objective;
import antaboga.distill.semi.Students;
import antaboga.distill.semi.Supervised;
import antaboga.examples.run.DataFolder;
import antaboga.examples.run.Provenance;
import antaboga.mamba.vision.VssUNet;
import antaboga.mamba.vision.VssUNetConfig;
import antaboga.nn.data.Augment;
import antaboga.nn.data.ImageStore;
import antaboga.nn.data.MixedBatches;
import antaboga.nn.data.Perturbation;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.util.ArrayList;

/** Lesson 5: a recipe of one's own in the reusable loop; here the mean teacher. */
public final class E05SemiSupervised {
  private E05SemiSupervised() {}

  /** Runs the lesson. */
  public static void main(String... arguments) throws IOException {
    run(System.out);
  }

  static void run(PrintStream out) throws IOException {
    var folder = DataFolder.open(Provenance.home().resolve("data/nuclei"));
    var images = folder.divide(10, 1337); // 6 with masks, 50 without
    var data =
        new MixedBatches(
            images.labelled(), 2, images.unlabelled(), 2, new ImageStore(64), Augment.weak());
    var students = Students.of(w -> new VssUNet(w, VssUNetConfig.tiny()), 42);

    // A recipe is a function from batch and step to named losses.
    var supervised = new Supervised(students.current());
    var consistency = new MeanTeacher(0.5);
    var rampup = Rampup.over(30);
    var noise = new Perturbation();
    Objective recipe =
        (batch, step) -> {
          var average = Tape.paused(() -> students.average().forward(batch.unlabelled()).sigmoid());
          var delta = noise.delta(batch.unlabelledViews(), 64, 42, step % 2);
          var guess = students.current().forward(batch.unlabelled().add(delta));
          return supervised
              .of(batch, step)
              .plus("consistency", 0.5 * rampup.at(step), consistency.of(guess, average));
        };

    var run = Files.createTempDirectory("lesson");
    var seen = new ArrayList<Double>();
    var listener =
        new SemiSupervisedTraining.Listener() {
          @Override
          public void stepped(int step, Losses losses, double rate) {
            seen.add(losses.values().getOrDefault("supervised", Double.NaN));
          }
        };
    var config = Config.of(30, 42, run);
    int steps =
        new SemiSupervisedTraining(config, data::batch, students, recipe)
            .run(listener, () -> false);
    boolean learned = seen.get(steps - 1) < seen.get(0);
    out.printf("%d steps, the supervised loss fell: %b%n", steps, learned);
    out.printf("kept in %s%n", config.checkpoint().getFileName());
    Files.delete(config.checkpoint());
    Files.delete(run);
  }
}
