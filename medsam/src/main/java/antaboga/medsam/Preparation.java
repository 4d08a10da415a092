// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

/** How an image is laid into a model's square input, and a mask taken back out of it. */
public enum Preparation {
  /**
   * MedSAM's: stretched to the square by a cubic spline, values to [0, 1]; probabilities are
   * brought to the image's size, and a mask is where they are above one half.
   */
  MEDSAM,
  /**
   * SAM's own: the longer side to the square's by Pillow's bilinear filter, values less SAM's mean
   * and over its deviation, zeros at the bottom and at the right; scores are brought to the image's
   * size by way of the square, and a mask is where they are above 0. For checkpoints of SAM itself.
   */
  SAM
}
