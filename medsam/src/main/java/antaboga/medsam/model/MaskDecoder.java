// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.Dims;
import antaboga.Parameter;
import antaboga.ShapeException;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.medsam.model.TwoWayBlock.Pair;
import antaboga.nn.Init;
import antaboga.nn.LayerNorm;
import antaboga.nn.Linear;
import antaboga.nn.Weights;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Masks from an image embedding and encoded prompts, with an estimate of their quality. Source:
 * {@code MaskDecoder} of segment_anything.
 */
public final class MaskDecoder {
  private final TwoWayTransformer transformer;
  private final Parameter iouToken;
  private final Parameter maskTokens;
  private final Upscaling upscaling;
  private final List<Head> hypernetworks;
  private final Head iouHead;

  /** Builds the decoder from the place {@code mask_decoder}. */
  public MaskDecoder(Weights w, MedSamConfig c) {
    int masks = c.masks() + 1;
    this.transformer = new TwoWayTransformer(w.at("transformer"), c);
    this.iouToken = w.at("iou_token").get("weight", Init.normal(1), 1, c.channels());
    this.maskTokens = w.at("mask_tokens").get("weight", Init.normal(1), masks, c.channels());
    this.upscaling = new Upscaling(w.at("output_upscaling"), c.channels());
    this.hypernetworks =
        IntStream.range(0, masks)
            .mapToObj(
                i ->
                    new Head(
                        w.at("output_hypernetworks_mlps").at(i),
                        c.channels(),
                        c.channels(),
                        c.channels() / 8))
            .toList();
    this.iouHead = new Head(w.at("iou_prediction_head"), c.channels(), c.iouHidden(), masks);
  }

  /**
   * What the decoder gives.
   *
   * @param logits (K, m, 4g, 4g): m = 1 for the single mask, else the alternatives
   * @param iou the estimated intersection over union of each with the truth, (K, m)
   */
  public record Masks(Tensor logits, Tensor iou) {}

  /**
   * Decodes. One image with K prompts takes the embedding for each of them; a batch of images takes
   * one prompt each.
   *
   * @param prompts their tokens, if any, (K, n, C)
   * @param count K
   * @param alternatives whether to give the alternative masks instead of the single one
   * @throws ShapeException if the number of images is neither 1 nor K
   */
  Masks decode(Cells cells, Optional<Tensor> prompts, long count, boolean alternatives) {
    Dims.of("mask decoder")
        .bind("tokens", maskTokens, "m C")
        .bind("cells", cells.values(), "B c C");
    long from = alternatives ? 1 : 0;
    long to = alternatives ? maskTokens.size(0) : 1;
    // training computes the other masks, too: their parameters have gradients, of zero
    long first = Tape.training() ? 0 : from;
    long last = Tape.training() ? maskTokens.size(0) : to;
    var transformed = transformed(cells.expand(count), prompts, count, 1 + last);
    var logits = logits(transformed, first, last);
    var iou = iouHead.forward(transformed.tokens().index(1, 0));
    return new Masks(
        pixels(logits.slice(1, from - first, to - first), cells.height()), iou.slice(1, from, to));
  }

  /** What becomes of the images, as many as prompts, and of the first tokens wanted. */
  Pair transformed(Cells cells, Optional<Tensor> prompts, long count, long wanted) {
    var own = Tensor.concat(0, iouToken, maskTokens);
    var tokens = own.reshape(1, own.size(0), own.size(1)).expand(count, own.size(0), own.size(1));
    if (prompts.isPresent()) {
      tokens = Tensor.concat(1, tokens, prompts.get());
    }
    return transformer.forward(tokens, cells.values(), cells.keys(), cells.positions(), wanted);
  }

  TwoWayTransformer transformer() {
    return transformer;
  }

  Parameter iouToken() {
    return iouToken;
  }

  Parameter maskTokens() {
    return maskTokens;
  }

  Upscaling upscaling() {
    return upscaling;
  }

  List<Head> hypernetworks() {
    return hypernetworks;
  }

  Head iouHead() {
    return iouHead;
  }

  /** Of the masks from one to another, cell by cell: (K, m, 16 g w). */
  private Tensor logits(Pair transformed, long from, long to) {
    var image = transformed.image();
    long count = image.size(0);
    var upscaled = upscaling.forward(image);
    var weights =
        LongStream.range(from, to)
            .mapToObj(
                i ->
                    hypernetworks
                        .get((int) i)
                        .forward(transformed.tokens().index(1, 1 + i))
                        .reshape(count, 1, upscaled.size(4)))
            .toList();
    return Tensor.concat(1, weights)
        .matmulTransposed(upscaled.reshape(count, 16 * image.size(1), upscaled.size(4)));
  }

  /** From (…, cell row, cell column, y, x, y, x) to rows and columns of pixels. */
  private static Tensor pixels(Tensor logits, long height) {
    long width = logits.size(2) / 16 / height;
    return logits
        .reshape(logits.size(0), logits.size(1), height, width, 2, 2, 2, 2)
        .permute(0, 1, 2, 4, 6, 3, 5, 7)
        .reshape(logits.size(0), logits.size(1), 4 * height, 4 * width);
  }

  /**
   * From cells (K, g w, C) to the features of their pixels (K, g w, 4, 4, C / 8): each cell is four
   * quarters, each quarter four pixels.
   */
  record Upscaling(PatchConvTranspose first, LayerNorm norm, PatchConvTranspose second) {
    Upscaling(Weights w, int channels) {
      this(
          new PatchConvTranspose(w.at(0), channels, channels / 4, 2),
          new LayerNorm(w.at(1), channels / 4, 1e-6),
          new PatchConvTranspose(w.at(3), channels / 4, channels / 8, 2));
    }

    Tensor forward(Tensor x) {
      return second.forward(norm.forward(first.forward(x)).gelu()).gelu();
    }
  }

  /** Three linear layers with ReLU between: x (K, in), y (K, out). */
  record Head(Linear first, Linear second, Linear third) {
    Head(Weights w, int in, int hidden, int out) {
      this(
          new Linear(w.at("layers").at(0), in, hidden),
          new Linear(w.at("layers").at(1), hidden, hidden),
          new Linear(w.at("layers").at(2), hidden, out));
    }

    Tensor forward(Tensor x) {
      return third.forward(second.forward(first.forward(x).relu()).relu());
    }
  }
}
