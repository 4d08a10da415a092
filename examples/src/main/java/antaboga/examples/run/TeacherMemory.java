// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.medsam.model.MedSamConfig;
import antaboga.medsam.model.Sam;

/** How much memory the training of a teacher's image encoder takes, and what is done about it. */
final class TeacherMemory {
  // ViT-B keeps 14 GB for an image of 1024 pixels: 4,096 tokens, 768 channels, 12 blocks
  private static final long BYTES_PER_VALUE = 370;
  private static final long MOST_KEPT = 3L << 30;

  private TeacherMemory() {}

  /** The model as it is where its step is small, else one that passes each block twice. */
  static Sam bounded(Sam sam, int batch) {
    return isLarge(sam.config(), batch) ? sam.recomputed() : sam;
  }

  static boolean isLarge(MedSamConfig c, int batch) {
    return kept(c, batch) > MOST_KEPT;
  }

  /** About the bytes that a training pass keeps for its gradients. */
  private static long kept(MedSamConfig c, int batch) {
    return BYTES_PER_VALUE * batch * c.grid() * c.grid() * c.width() * c.depth();
  }
}
