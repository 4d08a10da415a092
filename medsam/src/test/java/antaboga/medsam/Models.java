// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import antaboga.io.Checkpoint;
import antaboga.medsam.model.Sam;
import antaboga.medsam.model.Sizes;
import antaboga.nn.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.SplittableRandom;

/** Small models and images for tests. */
final class Models {
  private Models() {}

  static Weights weights(long seed) {
    var weights = Weights.init(seed);
    new Sam(weights, Sizes.tiny()); // asks for them
    return weights;
  }

  static Path file(Path folder, long seed) throws IOException {
    var path = folder.resolve("teacher" + seed + ".safetensors");
    Checkpoint.of(weights(seed).arrays()).save(path);
    return path;
  }

  static MedSam load(Path folder, long seed) throws IOException {
    return MedSam.load(file(folder, seed), Sizes.tiny());
  }

  static Image image(long seed) {
    var bytes = new byte[30 * 44];
    new SplittableRandom(seed).nextBytes(bytes);
    return Image.grey(30, 44, bytes);
  }
}
