// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.Dims;
import antaboga.ShapeException;
import antaboga.Tensor;

/**
 * An image embedding as the {@link MaskDecoder} reads it: a token for each cell, row by row.
 *
 * @param values what a mask among the prompts adds included, (B, m, C)
 * @param keys the same with the cells' positions, (B, m, C)
 * @param positions of the cells, (m, C)
 * @param height rows of cells
 */
public record Cells(Tensor values, Tensor keys, Tensor positions, long height) {
  /**
   * Turns an embedding.
   *
   * @param embedding (B, C, g, w)
   * @param dense of the prompts, (K, g, w, C), or (1, 1, 1, C)
   * @param positions (g w, C)
   * @throws ShapeException if they do not fit one another
   */
  static Cells of(Tensor embedding, Tensor dense, Tensor positions) {
    Dims.of("mask decoder")
        .bind("embedding", embedding, "B C g w")
        .bind("positions", positions, "cells C");
    var values = embedding.permute(0, 2, 3, 1).add(dense);
    values = values.reshape(values.size(0), positions.size(0), positions.size(1));
    return new Cells(values, values.add(positions), positions, embedding.size(2));
  }

  /** One image for each of the prompts; nothing to do where they are as many. */
  Cells expand(long prompts) {
    long images = values.size(0);
    if (images == prompts) {
      return this;
    }
    if (images != 1) {
      throw new ShapeException(
          ("mask decoder: %d images and %d prompts, expected one image, or one prompt for each;"
                  + " decode image by image")
              .formatted(images, prompts));
    }
    return new Cells(
        values.expand(prompts, values.size(1), values.size(2)),
        keys.expand(prompts, keys.size(1), keys.size(2)),
        positions,
        height);
  }

  /** The same in memory of its own, to outlive a tape; the positions are the model's. */
  public Cells detach() {
    return new Cells(values.detach(), keys.detach(), positions, height);
  }
}
