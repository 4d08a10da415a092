// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.Dims;
import antaboga.Parameter;
import antaboga.Tensor;
import antaboga.nn.Init;
import antaboga.nn.LayerNorm;
import antaboga.nn.Weights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Turns prompts into tokens for the mask decoder. Points and the corners of boxes become tokens of
 * their own (sparse), a mask is added to the image (dense). Source: {@code PromptEncoder} of
 * segment_anything.
 */
public final class PromptEncoder {
  private final PositionEmbedding positions;
  private final List<Parameter> corners; // background, foreground, first corner, second corner
  private final Parameter notAPoint;
  private final Parameter noMask;
  private final MaskDownscaling masks;
  private final int input;
  private final int grid;
  private volatile @Nullable Cells cells; // a million sines: made once

  /** Builds the encoder from the place {@code prompt_encoder}. */
  public PromptEncoder(Weights w, MedSamConfig c) {
    this.positions = new PositionEmbedding(w.at("pe_layer"), c.channels() / 2);
    this.corners =
        IntStream.range(0, 4)
            .mapToObj(i -> embedding(w.at("point_embeddings").at(i), c.channels()))
            .toList();
    this.notAPoint = embedding(w.at("not_a_point_embed"), c.channels());
    this.masks = new MaskDownscaling(w.at("mask_downscaling"), c);
    this.noMask = embedding(w.at("no_mask_embed"), c.channels());
    this.input = c.input();
    this.grid = c.grid();
  }

  private static Parameter embedding(Weights w, int channels) {
    return w.get("weight", Init.normal(1), 1, channels);
  }

  /**
   * Prompts as the mask decoder takes them.
   *
   * @param sparse tokens of points and boxes (K, n, C), none if there are neither
   * @param dense what is added to the embedding, (K, g, g, C), or (1, 1, 1, C) without a mask
   * @param count K
   */
  public record Encoded(Optional<Tensor> sparse, Tensor dense, long count) {}

  /** Encodes prompts. */
  public Encoded encode(Prompts prompts) {
    var sparse = new ArrayList<Tensor>();
    if (prompts.points().isPresent() && prompts.labels().isPresent()) {
      // without a box, a point that is none takes its place
      sparse.add(points(prompts.points().get(), prompts.labels().get(), prompts.boxes().isEmpty()));
    }
    prompts.boxes().ifPresent(boxes -> sparse.add(boxes(boxes)));
    var dense = prompts.mask().map(this::mask).orElseGet(this::withoutMask);
    return new Encoded(
        sparse.isEmpty()
            ? Optional.empty()
            : Optional.of(sparse.size() == 1 ? sparse.get(0) : Tensor.concat(1, sparse)),
        dense,
        prompts.count());
  }

  /** What is added to the embedding without a mask: (1, 1, 1, C). */
  Tensor withoutMask() {
    return noMask.reshape(1, 1, 1, noMask.size(1));
  }

  /** The position features of the embedding's cells, row by row: (g g, C). */
  public Tensor densePositions() {
    var known = cells;
    if (known == null || !known.areOf(positions)) {
      known = new Cells(positions, grid);
      cells = known;
    }
    return known.features;
  }

  /** The features of the embedding's cells, and the matrix that they are of. */
  private static final class Cells {
    private final double[] matrix;
    final Tensor features;

    Cells(PositionEmbedding positions, int grid) {
      matrix = positions.matrix().toDoubles();
      features = positions.grid(grid, grid).detach();
    }

    boolean areOf(PositionEmbedding positions) {
      return Arrays.equals(matrix, positions.matrix().toDoubles());
    }
  }

  PositionEmbedding positions() {
    return positions;
  }

  List<Parameter> corners() {
    return corners;
  }

  Parameter noMask() {
    return noMask;
  }

  Parameter notAPoint() {
    return notAPoint;
  }

  MaskDownscaling masks() {
    return masks;
  }

  private Tensor boxes(Tensor boxes) { // (K, 4) to (K, 2, C)
    return features(boxes.toDoubles())
        .reshape(boxes.size(0), 2, noMask.size(1))
        .add(Tensor.concat(0, corners.get(2), corners.get(3)));
  }

  private Tensor points(Tensor points, Tensor labels, boolean pad) { // (K, n, 2) to (K, n', C)
    int prompts = (int) points.size(0);
    int given = (int) points.size(1);
    int each = given + (pad ? 1 : 0);
    var from = points.toDoubles();
    var marks = labels.toDoubles();
    var coordinates = new double[prompts * each * 2];
    var real = new float[prompts * each];
    var kinds = new float[prompts * each * 3]; // one-hot: background, foreground, not a point
    for (int i = 0; i < prompts * each; i++) {
      int at = i / each * given + i % each;
      int mark = i % each < given ? (int) marks[at] : -1;
      if (mark < -1 || mark > 1) {
        throw new IllegalArgumentException(
            "prompts: label " + mark + " of a point, expected 1, 0 or -1");
      }
      kinds[3 * i + (mark < 0 ? 2 : mark)] = 1;
      if (mark >= 0) {
        real[i] = 1;
        coordinates[2 * i] = from[2 * at];
        coordinates[2 * i + 1] = from[2 * at + 1];
      }
    }
    var type = noMask.type();
    var table = Tensor.concat(0, corners.get(0), corners.get(1), notAPoint);
    return features(coordinates)
        .mul(Tensor.of(real, real.length, 1).to(type))
        .add(Tensor.of(kinds, real.length, 3).to(type).matmul(table))
        .reshape(prompts, each, noMask.size(1));
  }

  // of pixels x, y, x, y, …; a pixel's position is its centre
  private Tensor features(double[] pixels) {
    var points = new double[pixels.length / 2][];
    for (int i = 0; i < points.length; i++) {
      points[i] = new double[] {(pixels[2 * i] + 0.5) / input, (pixels[2 * i + 1] + 0.5) / input};
    }
    return positions.of(points);
  }

  private Tensor mask(Tensor mask) {
    int side = 4 * grid;
    Dims.of("prompts").bind("mask", mask, "K 1 %d %d".formatted(side, side));
    return masks.forward(mask);
  }

  /**
   * From a mask (K, 1, 4g, 4g) to (K, g, g, C): two convolutions with norm and GELU, and a third.
   */
  record MaskDownscaling(
      PatchConv first, LayerNorm norm1, PatchConv second, LayerNorm norm2, PatchConv third) {
    private static final double EPS = 1e-6;

    MaskDownscaling(Weights w, MedSamConfig c) {
      this(
          new PatchConv(w.at(0), 1, c.maskChannels() / 4, 2),
          new LayerNorm(w.at(1), c.maskChannels() / 4, EPS),
          new PatchConv(w.at(3), c.maskChannels() / 4, c.maskChannels(), 2),
          new LayerNorm(w.at(4), c.maskChannels(), EPS),
          new PatchConv(w.at(6), c.maskChannels(), c.channels(), 1));
    }

    Tensor forward(Tensor mask) {
      var x = norm1.forward(first.ofImage(mask)).gelu();
      return third.ofChannelsLast(norm2.forward(second.ofChannelsLast(x)).gelu());
    }
  }
}
