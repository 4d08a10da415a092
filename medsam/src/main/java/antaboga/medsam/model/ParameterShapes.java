// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.Shape;
import java.util.HashSet;
import java.util.Map;

/** The sizes of a SAM, read off the shapes of its parameters. */
record ParameterShapes(Map<String, Shape> shapes) {
  private static final int DECODER_HEADS = 8; // leave no trace in the shapes

  MedSamConfig config() {
    int patch = size("image_encoder.patch_embed.proj.weight", 2);
    int grid = size("image_encoder.pos_embed", 1);
    int width = size("image_encoder.pos_embed", 3);
    int hidden = size("image_encoder.blocks.0.mlp.lin1.weight", 0);
    boolean relative = shapes.containsKey(table(0));
    int depth = 0;
    int window = 0;
    var global = new HashSet<Integer>();
    for (; shapes.containsKey(block(depth) + "mlp.lin1.weight"); depth++) {
      int side = relative ? (size(table(depth), 0) + 1) / 2 : grid;
      if (side == grid) {
        global.add(depth);
      } else {
        window = side;
      }
    }
    return new MedSamConfig(
        grid * patch,
        grid * patch,
        patch,
        width,
        depth,
        relative ? width / size(table(0), 1) : Math.max(1, width / 64),
        (double) hidden / width,
        window,
        global,
        relative,
        size("image_encoder.neck.0.weight", 0),
        DECODER_HEADS,
        size("mask_decoder.transformer.layers.0.mlp.lin1.weight", 0),
        size("prompt_encoder.mask_downscaling.3.weight", 0),
        size("mask_decoder.iou_prediction_head.layers.0.weight", 0),
        size("mask_decoder.mask_tokens.weight", 0) - 1);
  }

  private static String block(int number) {
    return "image_encoder.blocks." + number + ".";
  }

  private static String table(int block) {
    return block(block) + "attn.rel_pos_h";
  }

  private int size(String name, int axis) {
    var shape = shapes.get(name);
    if (shape == null) {
      throw new IllegalArgumentException("no " + name);
    }
    if (axis >= shape.rank()) {
      throw new IllegalArgumentException(name + " has shape " + shape);
    }
    return Math.toIntExact(shape.size(axis));
  }
}
