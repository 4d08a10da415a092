// SPDX-License-Identifier: Apache-2.0
package antaboga.examples;

import antaboga.Tape;
import antaboga.distill.FeatureMatch;
import antaboga.distill.Projector;
import antaboga.examples.run.DataFolder;
import antaboga.examples.run.Provenance;
import antaboga.mamba.vision.VssUNet;
import antaboga.mamba.vision.VssUNetConfig;
import antaboga.medsam.model.ImageEncoder;
import antaboga.medsam.model.MedSamConfig;
import antaboga.nn.Weights;
import antaboga.nn.data.Augment;
import antaboga.nn.data.Batches;
import antaboga.nn.data.ImageStore;
import antaboga.nn.optim.AdamW;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Set;

/** Lesson 4: a Mamba student learns the features of a frozen transformer, through a projector. */
public final class E04Distil {
  private E04Distil() {}

  /** Runs the lesson. */
  public static void main(String... arguments) throws IOException {
    run(System.out);
  }

  static void run(PrintStream out) throws IOException {
    var samples = DataFolder.open(Provenance.home().resolve("data/nuclei")).samples("source");
    var data = new Batches(samples, 2, new ImageStore(64), Augment.weak());

    // The teacher would come from a checkpoint; a random one has features to imitate as well.
    var sizes =
        new MedSamConfig(64, 64, 16, 64, 2, 2, 2, 0, Set.of(0, 1), true, 96, 4, 64, 4, 32, 3);
    var teacher = new ImageEncoder(Weights.init(7).frozen(), sizes);
    var weights = Weights.init(42);
    var student = new VssUNet(weights.at("student"), VssUNetConfig.tiny());
    var projector = new Projector(weights.at("projector").frozen(), 96, 80);
    var optimizer = new AdamW(AdamW.Config.of(2e-3), weights.trainable());
    var match = FeatureMatch.normalized();

    for (int step = 0; step <= 40; step++) {
      var image = data.batch(step, 42).image(); // (B, 3, 64, 64)
      var target = projector.forward(teacher.forward(image)); // (B, 80, 4, 4)
      try (var tape = new Tape(step)) {
        var loss = match.of(student.observe(image).feature("enc2"), target);
        optimizer.step(tape.gradients(loss).clip(1));
        if (step % 20 == 0) {
          out.printf("step %d, feature loss %.1f%n", step, loss.item());
        }
      }
    }
    long trained = weights.at("student").count();
    out.printf("student of %,d parameters%n", trained);
  }
}
