// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Normalisation: {@code y = (x - mean) * scale * weight + bias}, {@code scale = 1 / sqrt(variance +
 * eps)}, with the biased variance of each row. What a row is, {@link Layout} tells.
 *
 * <p>A mean is kept relative to its row's first element: the difference from it is exact where the
 * mean is much larger than the spread, and where it is not, its error is small against the spread.
 */
public interface NormKernel {
  /** Which body is used, and why not another. */
  Choice<NormKernel> CHOICE = Choice.of("antaboga.norm", providers());

  /** Which statistics a row is normalised by. */
  enum Rule {
    /** Its own mean and variance. */
    CENTRED,
    /** Its own mean square; the mean counts as 0. */
    ROOT_MEAN_SQUARE,
    /** Given ones, which are constants in backward; the mean is absolute. */
    GIVEN
  }

  /**
   * Rows of an array: row r has {@code pieces} pieces of {@code run} adjacent elements, piece p at
   * {@code r * rowStride + p * pieceStride}. The weights of row r are those of group {@code r %
   * groups}, each for a span of equally many elements.
   */
  record Layout(int rows, int pieces, int run, int rowStride, int pieceStride, int groups) {
    /** Rows of adjacent elements, (rows, width), whose weights repeat after {@code groups} rows. */
    public static Layout rows(int rows, int width, int groups) {
      return new Layout(rows, 1, width, width, 0, groups);
    }

    /** The channels of (batch, channels, run): one row for each channel, over the batch. */
    public static Layout channels(int batch, int channels, int run) {
      return new Layout(channels, batch, run, run, channels * run, channels);
    }

    /** The number of elements of a row. */
    public int width() {
      return pieces * run;
    }

    /** Where a piece of a row begins. */
    long position(int row, int piece) {
      return (long) row * rowStride + (long) piece * pieceStride;
    }

    /** The number of adjacent elements of a row that share one weight. */
    int span(INDArray weight) {
      return Math.toIntExact((long) width() * groups / weight.length());
    }
  }

  /** Normalised values, and for backward mean and scale of each row. */
  record Normalized(INDArray y, INDArray mean, INDArray scale) {}

  /** Gradients of input, weight and bias. */
  record Gradients(INDArray x, INDArray weight, INDArray bias) {}

  /** Normalises each row by its own statistics. */
  Normalized forward(
      INDArray x, INDArray weight, INDArray bias, Layout layout, Rule rule, double eps);

  /** Normalises each row by given statistics, absolute mean and scale. */
  INDArray forward(
      INDArray x, INDArray weight, INDArray bias, Layout layout, INDArray mean, INDArray scale);

  /** The way back of both forms. */
  Gradients backward(
      INDArray gradient,
      INDArray x,
      INDArray weight,
      Layout layout,
      Rule rule,
      INDArray mean,
      INDArray scale);

  /**
   * Normalises x (B, C, S) over C at each of the B S positions; mean and scale are (B, S), the mean
   * relative to channel 0.
   */
  Normalized acrossChannels(INDArray x, INDArray weight, INDArray bias, double eps);

  /** The way back of {@link #acrossChannels}. */
  Gradients acrossChannelsBackward(
      INDArray gradient, INDArray x, INDArray weight, INDArray mean, INDArray scale);

  /** All bodies. */
  static List<Provider<NormKernel>> providers() {
    return List.of(
        Providers.scalar(() -> new ScalarNorm()), Providers.vector(() -> new VectorNorm()));
  }

  /** The body in use: the best available, or the one named by {@code antaboga.norm}. */
  static NormKernel chosen() {
    return CHOICE.get();
  }
}
