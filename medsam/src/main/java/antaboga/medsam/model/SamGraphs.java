// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.ShapeException;
import antaboga.io.OnnxGraph;

/**
 * The parts of a SAM as graphs of ONNX, with the parameters under their names in the checkpoint.
 *
 * <pre>{@code
 * SamGraphs.encoder(sam).save(Path.of("encoder.onnx"));
 * SamGraphs.decoder(sam, false).save(Path.of("decoder.onnx"));
 * }</pre>
 */
public final class SamGraphs {
  private SamGraphs() {}

  /**
   * The image encoder for images of the model's input size: {@code image} (B, 3, s, s) in [0, 1] to
   * {@code embedding} (B, channels, g, g).
   *
   * @throws IllegalArgumentException if the parameters are not of FLOAT
   */
  public static OnnxGraph encoder(Sam sam) {
    return encoder(sam, sam.config().input(), sam.config().input());
  }

  /**
   * The image encoder for images of another size: {@code image} (B, 3, height, width) in [0, 1] to
   * {@code embedding} (B, channels, height / patch, width / patch).
   *
   * @throws ShapeException if height or width is not a multiple of the patch
   * @throws IllegalArgumentException if the parameters are not of FLOAT
   */
  public static OnnxGraph encoder(Sam sam, int height, int width) {
    int patch = sam.config().patch();
    if (height < patch || width < patch || height % patch != 0 || width % patch != 0) {
      throw new ShapeException(
          "image encoder: images of (%d, %d), expected multiples of %d"
              .formatted(height, width, patch));
    }
    var graph = new OnnxGraph("image_encoder");
    var image = graph.input("image", "B 3 %d %d".formatted(height, width));
    var embedding =
        new EncoderGraph(graph, sam.imageEncoder(), height / patch, width / patch).of(image);
    int channels = sam.config().channels();
    graph.output(
        "embedding", embedding, "B %d %d %d".formatted(channels, height / patch, width / patch));
    return graph;
  }

  /**
   * The prompt encoder and the mask decoder for boxes: {@code embedding} (B, channels, g, g) and
   * {@code boxes} (K, 4), x0, y0, x1, y1 in pixels of the input image, to {@code masks}, logits (K,
   * m, 4g, 4g), and {@code iou} (K, m). B is 1, or K as in MedSAM's batches.
   *
   * @param alternatives whether it gives the alternative masks instead of the single one
   * @throws IllegalArgumentException if the parameters are not of FLOAT
   */
  public static OnnxGraph decoder(Sam sam, boolean alternatives) {
    var graph = new OnnxGraph("mask_decoder");
    var config = sam.config();
    int g = config.grid();
    var embedding = graph.input("embedding", "B %d %d %d".formatted(config.channels(), g, g));
    var boxes = graph.input("boxes", "K 4");
    new DecoderGraph(graph, sam).of(embedding, boxes, alternatives);
    return graph;
  }

  /**
   * The prompt encoder and the mask decoder for one prompt of any kind, with the inputs of
   * segment_anything's own export: {@code embedding} (1, channels, g, g); {@code point_coords} (1,
   * n, 2), x and y in pixels of the input image; {@code point_labels} (1, n), 1 on the object, 0
   * beside it, 2 and 3 the corners of a box, -1 no point (one such stands last where there is no
   * box); {@code mask_input} (1, 1, 4g, 4g), logits, which count if {@code has_mask_input} (1) is
   * 1. To {@code masks}, logits (1, m, 4g, 4g), and {@code iou} (1, m).
   *
   * @param alternatives whether it gives the alternative masks instead of the single one
   * @throws IllegalArgumentException if the parameters are not of FLOAT
   */
  public static OnnxGraph promptDecoder(Sam sam, boolean alternatives) {
    var graph = new OnnxGraph("mask_decoder");
    var config = sam.config();
    int g = config.grid();
    new DecoderGraph(graph, sam)
        .ofPrompt(
            graph.input("embedding", "1 %d %d %d".formatted(config.channels(), g, g)),
            graph.input("point_coords", "1 n 2"),
            graph.input("point_labels", "1 n"),
            graph.input("mask_input", "1 1 %d %d".formatted(4 * g, 4 * g)),
            graph.input("has_mask_input", "1"),
            alternatives);
    return graph;
  }
}
