// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.Dims;
import antaboga.Parameter;
import antaboga.ShapeException;
import antaboga.Tensor;
import antaboga.medsam.model.TwoWayBlock.Pair;
import antaboga.nn.Init;
import antaboga.nn.LayerNorm;
import antaboga.nn.Linear;
import antaboga.nn.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

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
   * @param embedding of the images, (B, C, g, g)
   * @param positions of the embedding's cells, (g g, C)
   * @param alternatives whether to give the alternative masks instead of the single one
   * @throws ShapeException if B is neither 1 nor K
   */
  public Masks decode(
      Tensor embedding, Tensor positions, PromptEncoder.Encoded prompts, boolean alternatives) {
    Dims.of("mask decoder")
        .bind("tokens", maskTokens, "m C")
        .bind("embedding", embedding, "B C g w")
        .bind("positions", positions, "cells C");
    long from = alternatives ? 1 : 0;
    long to = alternatives ? maskTokens.size(0) : 1;
    return masks(transformed(embedding, positions, prompts), embedding.size(2), from, to);
  }

  Pair transformed(Tensor embedding, Tensor positions, PromptEncoder.Encoded prompts) {
    long images = embedding.size(0);
    long count = prompts.count();
    if (images != 1 && images != count) {
      throw new ShapeException(
          ("mask decoder: %d images and %d prompts, expected one image, or one prompt for each;"
                  + " decode image by image")
              .formatted(images, count));
    }
    long channels = embedding.size(1);
    long cells = embedding.size(2) * embedding.size(3);
    var own = Tensor.concat(0, iouToken, maskTokens);
    var tokens = own.reshape(1, own.size(0), channels).expand(count, own.size(0), channels);
    if (prompts.sparse().isPresent()) {
      tokens = Tensor.concat(1, tokens, prompts.sparse().get());
    }
    var dense = prompts.dense();
    var image =
        embedding
            .permute(0, 2, 3, 1)
            .add(dense)
            .reshape(Math.max(images, dense.size(0)), cells, channels)
            .expand(count, cells, channels);
    return transformer.forward(tokens, image, positions);
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

  private Masks masks(Pair transformed, long height, long from, long to) {
    var tokens = transformed.tokens();
    var image = transformed.image();
    long count = image.size(0);
    long cells = image.size(1);
    var weights = new ArrayList<Tensor>();
    for (int i = 0; i < hypernetworks.size(); i++) {
      var weight = hypernetworks.get(i).forward(tokens.index(1, i + 1L));
      weights.add(weight.reshape(count, 1, weight.size(1)));
    }
    var upscaled = upscaling.forward(image);
    var logits =
        Tensor.concat(1, weights)
            .matmulTransposed(upscaled.reshape(count, cells * 16, upscaled.size(4)))
            .slice(1, from, to);
    // from (…, cell row, cell column, y, x, y, x) to rows and columns of pixels
    var pixels =
        logits
            .reshape(count, to - from, height, cells / height, 2, 2, 2, 2)
            .permute(0, 1, 2, 4, 6, 3, 5, 7)
            .reshape(count, to - from, 4 * height, 4 * (cells / height));
    return new Masks(pixels, iouHead.forward(tokens.index(1, 0)).slice(1, from, to));
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
