// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

/** The parts of a SAM that training changes. */
public enum TrainedParts {
  /** The mask decoder: 4 of ViT-B's 94 million parameters; an image is encoded but once. */
  DECODER(false, false),
  /** The image encoder as well, as MedSAM was trained. */
  ENCODER_AND_DECODER(true, false),
  /** The prompt encoder as well. */
  EVERYTHING(true, true);

  private final boolean encoder;
  private final boolean prompts;

  TrainedParts(boolean encoder, boolean prompts) {
    this.encoder = encoder;
    this.prompts = prompts;
  }

  /** Whether the image encoder is trained. */
  public boolean encoder() {
    return encoder;
  }

  /** Whether the prompt encoder is trained. */
  public boolean prompts() {
    return prompts;
  }
}
