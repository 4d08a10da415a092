// SPDX-License-Identifier: Apache-2.0
package antaboga.examples;

import antaboga.examples.run.Provenance;
import antaboga.io.Checkpoint;
import antaboga.medsam.BoxPrompts;
import antaboga.medsam.Image;
import antaboga.medsam.Mask;
import antaboga.medsam.MedSam;
import antaboga.medsam.MedSamTraining;
import antaboga.medsam.model.MedSamConfig;
import antaboga.medsam.model.Sam;
import antaboga.nn.Weights;
import antaboga.nn.data.Images;
import antaboga.nn.metric.Dice;
import antaboga.nn.metric.Region;
import antaboga.nn.optim.AdamW;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.util.Set;
import java.util.SplittableRandom;

/** Lesson 3: a tiny MedSAM learns one image by heart and answers boxes on it. */
public final class E03SegmentWithABox {
  private E03SegmentWithABox() {}

  /** Runs the lesson. */
  public static void main(String... arguments) throws IOException {
    run(System.out);
  }

  static void run(PrintStream out) throws IOException {
    var data = Provenance.home().resolve("data/nuclei");
    var image = Image.read(data.resolve("images/stain_4d4f25_0.png"));
    var region = Images.readMask(data.resolve("masks/stain_4d4f25_0.png"));
    var truth = Mask.of(128, 128, region.toBytes());

    // Training: an image, a box with its sides moved a little, the mask of what it holds.
    var config =
        new MedSamConfig(128, 128, 8, 64, 2, 2, 2, 0, Set.of(0, 1), true, 32, 4, 64, 4, 32, 3);
    var weights = Weights.init(42);
    var training = new MedSamTraining(Sam.withFrozenPrompts(weights, config));
    var optimizer = new AdamW(AdamW.Config.of(2e-3), weights.trainable());
    var random = new SplittableRandom(1);
    var prompts = new BoxPrompts(200, 3, false);
    for (int step = 0; step < 250; step++) {
      var prompt = prompts.draw(random, truth).orElseThrow();
      training.step(
          image.prepared(128), prompt.boxTensor(), prompt.targetTensor(), optimizer, 2e-3, step);
    }
    var file = Files.createTempFile("tiny-medsam", ".safetensors");
    Checkpoint.of(weights.arrays()).save(file);

    // Use: MedSam.load(Path.of("medsam_vit_b.pth")) gives the published model.
    var medsam = MedSam.load(file, config);
    var scene = medsam.encode(image); // once per image
    var asked = prompts.draw(random, truth).orElseThrow();
    var mask = scene.segment(asked.box()); // once per box; pixels of the image
    var dice = new Dice().of(region(mask), region(asked.target()));
    out.printf("%s, box %s: Dice above 0.8 is %b%n", scene, asked.box(), dice > 0.8);
    Files.delete(file);
  }

  private static Region region(Mask mask) {
    return Region.of(mask.toBytes(), mask.height(), mask.width());
  }
}
