// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import antaboga.Dims;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.medsam.model.Prompts;
import antaboga.medsam.model.Sam;
import antaboga.medsam.model.Upsampling;
import antaboga.nn.loss.BinaryCrossEntropy;
import antaboga.nn.loss.Dice;
import antaboga.nn.loss.Loss;
import antaboga.nn.optim.Optimizer;
import java.util.function.Supplier;

/**
 * One step of MedSAM's training: the mask of a box on each image against the truth, at the input's
 * resolution, by Dice and binary cross entropy. Loops, data and checkpoints are the caller's.
 *
 * <pre>{@code
 * var weights = Weights.init(42);
 * var sam = Sam.withFrozenPrompts(weights, MedSamConfig.t6());
 * var training = new MedSamTraining(sam);
 * var optimizer = new AdamW(AdamW.Config.of(3e-4).withDecay(0.05), weights.trainable());
 * for (int step = 0; step < steps; step++) {
 *   var batch = …; // images (B, 3, S, S), boxes (B, 4), masks (B, 1, S, S)
 *   var losses = training.step(batch.images(), batch.boxes(), batch.masks(), optimizer, rate, step);
 * }
 * }</pre>
 *
 * <p>Source: {@code train_one_gpu.py} of MedSAM.
 */
public final class MedSamTraining {
  private final Sam sam;
  private final Loss dice = Dice.sigmoid().squared();
  private final Loss crossEntropy = new BinaryCrossEntropy();

  /** Trains what is not frozen of the model; see {@link Sam#training}. */
  public MedSamTraining(Sam sam) {
    this.sam = sam;
  }

  /**
   * The loss of a step and its two parts, as numbers.
   *
   * @param total their sum
   */
  public record Losses(double dice, double crossEntropy, double total) {}

  /** The loss of a step as a tensor of the open tape, with its parts. */
  record Terms(Tensor prediction, Tensor dice, Tensor crossEntropy) {
    Tensor total() {
      return dice.add(crossEntropy);
    }

    Losses losses() {
      return new Losses(dice.item(), crossEntropy.item(), total().item());
    }
  }

  /**
   * The embeddings of images: (B, 3, S, S) to (B, channels, g, g). Those of a frozen encoder are
   * constants, and nothing is kept for gradients.
   */
  public Tensor encode(Tensor images) {
    return sam.hasFrozenEncoder()
        ? Tape.paused(() -> sam.imageEncoder().forward(images))
        : sam.imageEncoder().forward(images);
  }

  /** The logits of each image's mask at the input's resolution: (B, 1, S, S). */
  public Tensor predict(Tensor images, Tensor boxes) {
    return decode(encode(images), boxes, images.size(2));
  }

  /** The same of embeddings: the logits of each image's mask, (B, 1, side, side). */
  private Tensor decode(Tensor embeddings, Tensor boxes, long side) {
    var masks = sam.decode(embeddings, Prompts.boxes(boxes), false);
    return Upsampling.bilinear(masks.logits(), side, side);
  }

  Terms terms(Tensor images, Tensor boxes, Tensor masks) {
    Dims.of("MedSAM training")
        .bind("images", images, "B 3 S S")
        .bind("boxes", boxes, "B 4")
        .bind("masks", masks, "B 1 S S");
    return terms(predict(images, boxes), masks);
  }

  private Terms encodedTerms(Tensor embeddings, Tensor boxes, Tensor masks) {
    Dims.of("MedSAM training")
        .bind("embeddings", embeddings, "B C g g")
        .bind("boxes", boxes, "B 4")
        .bind("masks", masks, "B 1 S S");
    return terms(decode(embeddings, boxes, masks.size(2)), masks);
  }

  private Terms terms(Tensor prediction, Tensor masks) {
    return new Terms(prediction, dice.of(prediction, masks), crossEntropy.of(prediction, masks));
  }

  /**
   * Moves the weights once.
   *
   * @param images (B, 3, S, S) in [0, 1]
   * @param boxes (B, 4) in pixels of the input
   * @param masks (B, 1, S, S), 1 inside and 0 outside
   * @param rate the learning rate
   * @param seed of the step's randomness
   * @throws ArithmeticException if the loss is not finite; the weights are left as they were
   */
  public Losses step(
      Tensor images, Tensor boxes, Tensor masks, Optimizer optimizer, double rate, long seed) {
    return step(() -> terms(images, boxes, masks), optimizer, rate, seed);
  }

  /**
   * Moves the weights once, on images that were encoded before; of use where the encoder is frozen.
   *
   * @param embeddings (B, channels, g, g), of {@link #encode}
   * @param boxes (B, 4) in pixels of the input
   * @param masks (B, 1, S, S), 1 inside and 0 outside
   * @param rate the learning rate
   * @param seed of the step's randomness
   * @throws IllegalStateException if the encoder is to be trained, which this would leave out
   * @throws ArithmeticException if the loss is not finite; the weights are left as they were
   */
  public Losses stepEncoded(
      Tensor embeddings, Tensor boxes, Tensor masks, Optimizer optimizer, double rate, long seed) {
    if (!sam.hasFrozenEncoder()) {
      throw new IllegalStateException(
          "MedSAM training: the image encoder is trained too, and embeddings would not follow it;"
              + " give images to step, or freeze it with TrainedParts.DECODER");
    }
    return step(() -> encodedTerms(embeddings, boxes, masks), optimizer, rate, seed);
  }

  private static Losses step(Supplier<Terms> pass, Optimizer optimizer, double rate, long seed) {
    try (var tape = new Tape(seed)) {
      var terms = pass.get();
      var losses = terms.losses();
      if (!Double.isFinite(losses.total())) {
        throw new ArithmeticException(
            "MedSAM training: loss %s; first non-finite value: %s"
                .formatted(losses, tape.firstNonFinite().orElse("none recorded")));
      }
      optimizer.step(tape.gradients(terms.total()), rate);
      return losses;
    }
  }
}
