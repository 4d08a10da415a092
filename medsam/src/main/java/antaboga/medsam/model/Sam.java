// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.Tensor;
import antaboga.nn.Weights;

/**
 * The three parts of SAM; names of parameters as in its checkpoints.
 *
 * <pre>{@code
 * var weights = Weights.init(42);
 * var sam = new Sam(weights, MedSamConfig.t6());
 * var masks = sam.decode(sam.imageEncoder().forward(image), Prompts.boxes(boxes), false);
 * }</pre>
 */
public record Sam(
    ImageEncoder imageEncoder,
    PromptEncoder promptEncoder,
    MaskDecoder maskDecoder,
    MedSamConfig config) {
  /** Builds the model; what training shall not change is a {@link Weights#frozen} place. */
  public Sam(Weights w, MedSamConfig c) {
    this(
        new ImageEncoder(w.at("image_encoder"), c),
        new PromptEncoder(w.at("prompt_encoder"), c),
        new MaskDecoder(w.at("mask_decoder"), c),
        c);
  }

  /** A model of which training changes these parts alone; the others are frozen. */
  public static Sam training(Weights w, MedSamConfig c, TrainedParts parts) {
    return new Sam(
        new ImageEncoder(place(w.at("image_encoder"), parts.encoder()), c),
        new PromptEncoder(place(w.at("prompt_encoder"), parts.prompts()), c),
        new MaskDecoder(w.at("mask_decoder"), c),
        c);
  }

  private static Weights place(Weights w, boolean trained) {
    return trained ? w : w.frozen();
  }

  /** A model whose prompt encoder is frozen, as MedSAM trains: encoder and decoder change alone. */
  public static Sam withFrozenPrompts(Weights w, MedSamConfig c) {
    return training(w, c, TrainedParts.ENCODER_AND_DECODER);
  }

  /** Whether training leaves the image encoder as it is, so that an image is encoded but once. */
  public boolean hasFrozenEncoder() {
    return !imageEncoder.posEmbed().trainable();
  }

  /** This model with these parameters, trained in less memory: {@link ImageEncoder#recomputed}. */
  public Sam recomputed() {
    return new Sam(imageEncoder.recomputed(), promptEncoder, maskDecoder, config);
  }

  /**
   * Masks of prompts on encoded images: one image and K prompts, or a prompt for each image.
   *
   * @param embedding of the image encoder, (B, channels, g, g)
   * @param alternatives whether to give the alternative masks instead of the single one
   * @throws antaboga.ShapeException if the number of images is neither 1 nor that of prompts
   */
  public MaskDecoder.Masks decode(Tensor embedding, Prompts prompts, boolean alternatives) {
    var encoded = promptEncoder.encode(prompts);
    var cells = Cells.of(embedding, encoded.dense(), promptEncoder.densePositions());
    return maskDecoder.decode(cells, encoded.sparse(), encoded.count(), alternatives);
  }

  /**
   * An embedding made ready for prompts without masks, so that many of them share the work.
   *
   * @param embedding of the image encoder, (B, channels, g, g)
   */
  public Cells cells(Tensor embedding) {
    return Cells.of(embedding, promptEncoder.withoutMask(), promptEncoder.densePositions());
  }

  /**
   * The same bits as of the embedding that was made ready.
   *
   * @throws IllegalArgumentException if there is a mask among the prompts
   * @throws antaboga.ShapeException if the number of images is neither 1 nor that of prompts
   */
  public MaskDecoder.Masks decode(Cells cells, Prompts prompts, boolean alternatives) {
    if (prompts.mask().isPresent()) {
      throw new IllegalArgumentException(
          "decode: a mask among the prompts, expected none for cells; give the embedding instead");
    }
    var encoded = promptEncoder.encode(prompts);
    return maskDecoder.decode(cells, encoded.sparse(), encoded.count(), alternatives);
  }
}
