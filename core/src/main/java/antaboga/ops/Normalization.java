// SPDX-License-Identifier: Apache-2.0
package antaboga.ops;

import antaboga.Dims;
import antaboga.Op;
import antaboga.Shape;
import antaboga.ShapeException;
import antaboga.kernel.Moments;
import antaboga.kernel.NormKernel;
import antaboga.kernel.NormKernel.Layout;
import antaboga.kernel.NormKernel.Rule;
import antaboga.kernel.Pointwise;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * {@code (x - mean) / sqrt(variance + eps) * weight + bias}, with the biased variance. What mean
 * and variance are taken over, the records tell.
 */
public interface Normalization {
  /**
   * Over the last axis: x (..., W), weight (W), bias (W). Right also where the mean is much larger
   * than the spread.
   */
  record LayerNorm(double eps) implements Op {
    @Override
    public Value apply(INDArray... inputs) {
      var x = rankAtLeast(this, checked(this, 3, inputs)[0], 1);
      int width = Math.toIntExact(x.size(-1));
      affine(this, inputs[1], inputs[2], width);
      var layout = Layout.rows(Math.toIntExact(x.length() / width), width, 1);
      return normalized(x, inputs[1], inputs[2], layout, Rule.CENTRED, eps);
    }
  }

  /** Over the channels of each position: x (B, C, ...), weight (C), bias (C); as SAM's neck. */
  record ChannelNorm(double eps) implements Op {
    @Override
    public Value apply(INDArray... inputs) {
      var x = rankAtLeast(this, checked(this, 3, inputs)[0], 2);
      var weight = inputs[1];
      affine(this, weight, inputs[2], x.size(1));
      var flat = x.reshape('c', x.size(0), x.size(1), x.length() / (x.size(0) * x.size(1)));
      var kernel = NormKernel.chosen();
      var n = kernel.acrossChannels(flat, weight, inputs[2], eps);
      return new Value(
          n.y().reshape('c', x.shape()),
          (g, needed) -> {
            var gradient = g.reshape('c', flat.shape());
            var back = kernel.acrossChannelsBackward(gradient, flat, weight, n.mean(), n.scale());
            return new INDArray[] {back.x().reshape('c', x.shape()), back.weight(), back.bias()};
          });
    }
  }

  /**
   * {@code x / sqrt(mean(x^2) + eps) * weight} over the last axis: x (..., W), weight (W). Source:
   * Zhang and Sennrich 2019, arXiv 1910.07467.
   */
  record RmsNorm(double eps) implements Op.Binary {
    @Override
    public Value apply(INDArray x, INDArray weight) {
      Arrays.sameType(this, x, weight);
      int width = Math.toIntExact(rankAtLeast(this, x, 1).size(-1));
      Dims.of(toString())
          .bind("x", x.reshape('c', x.length() / width, width), "R W")
          .bind("weight", weight, "W");
      var layout = Layout.rows(Math.toIntExact(x.length() / width), width, 1);
      var bias = Arrays.zeros(x.dataType(), width);
      return normalized(x, weight, bias, layout, Rule.ROOT_MEAN_SQUARE, eps);
    }
  }

  /**
   * Over the channels of a group and all positions: x (B, C, ...), weight (C), bias (C). With as
   * many groups as channels it is instance normalisation. Source: Wu and He 2018, arXiv 1803.08494.
   */
  record GroupNorm(int groups, double eps) implements Op {
    @Override
    public Value apply(INDArray... inputs) {
      var x = rankAtLeast(this, checked(this, 3, inputs)[0], 2);
      affine(this, inputs[1], inputs[2], x.size(1));
      if (groups < 1 || x.size(1) % groups != 0) {
        throw new ShapeException(
            this
                + ": x has shape "
                + Shape.text(x.shape())
                + ", expected channels in "
                + groups
                + " equal groups");
      }
      int rows = Math.toIntExact(x.size(0) * groups);
      var layout = Layout.rows(rows, Math.toIntExact(x.length() / rows), groups);
      return normalized(x, inputs[1], inputs[2], layout, Rule.CENTRED, eps);
    }
  }

  /** Over the positions of each channel, without weights: x (B, C, ...). */
  record InstanceNorm(double eps) implements Op.Unary {
    @Override
    public Value apply(INDArray x) {
      Arrays.sameType(this, rankAtLeast(this, x, 2));
      int rows = Math.toIntExact(x.size(0) * x.size(1));
      var layout = Layout.rows(rows, Math.toIntExact(x.length() / rows), 1);
      var one = Arrays.empty(x.dataType(), 1).assign(1);
      var zero = Arrays.zeros(x.dataType(), 1);
      return normalized(x, one, zero, layout, Rule.CENTRED, eps);
    }
  }

  /**
   * By the statistics of the batch: x (B, C, ...), weight (C), bias (C). The running statistics are
   * the layer's; {@link BatchMoments} gives what they follow. Source: Ioffe and Szegedy 2015, arXiv
   * 1502.03167.
   */
  record BatchNorm(double eps) implements Op {
    @Override
    public Value apply(INDArray... inputs) {
      var x = rankAtLeast(this, checked(this, 3, inputs)[0], 2);
      affine(this, inputs[1], inputs[2], x.size(1));
      return normalized(x, inputs[1], inputs[2], channels(x), Rule.CENTRED, eps);
    }
  }

  /**
   * By running statistics, which are constants: x (B, C, ...), weight, bias, mean and variance (C).
   */
  record BatchNormInference(double eps) implements Op {
    @Override
    public Value apply(INDArray... inputs) {
      var x = rankAtLeast(this, checked(this, 5, inputs)[0], 2);
      var weight = inputs[1];
      affine(this, weight, inputs[2], x.size(1));
      affine(this, inputs[3], inputs[4], x.size(1));
      var mean = inputs[3].dup('c');
      var scale = Pointwise.map(inputs[4], v -> 1 / Math.sqrt(v + eps));
      var layout = channels(x);
      var kernel = NormKernel.chosen();
      var y = kernel.forward(x, weight, inputs[2], layout, mean, scale);
      return new Value(
          y,
          (g, needed) -> {
            if (needed[3] || needed[4]) {
              throw new IllegalStateException(
                  this + ": running statistics have no gradient; pass them as constants");
            }
            var back = kernel.backward(g, x, weight, layout, Rule.GIVEN, mean, scale);
            return new INDArray[] {back.x(), back.weight(), back.bias(), mean, scale};
          });
    }
  }

  /**
   * Mean and unbiased variance of each channel over batch and positions: x (B, C, ...), value (2,
   * C).
   */
  record BatchMoments() implements Op.Unary {
    @Override
    public Value apply(INDArray x) {
      Arrays.sameType(this, rankAtLeast(this, x, 2));
      var layout = channels(x);
      if (layout.width() < 2) {
        throw new ShapeException(
            this
                + ": x has shape "
                + Shape.text(x.shape())
                + ", expected more than one value per channel");
      }
      return Value.of(Moments.of(x, layout), g -> Moments.backward(g, x, layout));
    }
  }

  private static Layout channels(INDArray x) {
    int batch = Math.toIntExact(x.size(0));
    int channels = Math.toIntExact(x.size(1));
    int run = Math.toIntExact(x.length() / Math.max(1, (long) batch * channels));
    return Layout.channels(batch, channels, run);
  }

  private static Op.Value normalized(
      INDArray x, INDArray weight, INDArray bias, Layout layout, Rule rule, double eps) {
    var kernel = NormKernel.chosen();
    var n = kernel.forward(x, weight, bias, layout, rule, eps);
    return new Op.Value(
        n.y(),
        (g, needed) -> {
          var back = kernel.backward(g, x, weight, layout, rule, n.mean(), n.scale());
          return new INDArray[] {back.x(), back.weight(), back.bias()};
        });
  }

  private static INDArray[] checked(Op op, int count, INDArray... inputs) {
    if (inputs.length != count) {
      throw new IllegalArgumentException(
          op + ": got " + inputs.length + " inputs, expected " + count);
    }
    DataType type = Arrays.sameType(op, inputs);
    assert type.isFPType();
    return inputs;
  }

  private static INDArray rankAtLeast(Op op, INDArray x, int rank) {
    if (x.rank() < rank || x.length() == 0) {
      throw new ShapeException(
          op
              + ": x has shape "
              + Shape.text(x.shape())
              + ", expected at least "
              + rank
              + " axes, none of size 0");
    }
    return x;
  }

  private static void affine(Op op, INDArray weight, INDArray bias, long channels) {
    Dims.of(op.toString())
        .bind("weight", weight, Long.toString(channels))
        .bind("bias", bias, Long.toString(channels));
  }
}
