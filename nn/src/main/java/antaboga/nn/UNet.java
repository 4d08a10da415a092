// SPDX-License-Identifier: Apache-2.0
package antaboga.nn;

import antaboga.Dims;
import antaboga.ShapeException;
import antaboga.Tensor;
import antaboga.Window;
import antaboga.io.OnnxGraph;
import antaboga.io.OnnxValue;
import antaboga.ops.Resample;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;

/**
 * The plain U-Net that semi-supervised methods are compared on: image (B, C, H, W) to logits (B,
 * classes, H, W). A block is twice a 3x3 convolution, batch norm and leaky ReLU of slope 0.01, with
 * dropout after the first in the encoder; a stage begins with max pooling; the decoder narrows by a
 * 1x1 convolution, doubles by bilinear interpolation with aligned corners, and concatenates the
 * skip before its own block. Keys as SSL4MIS's {@code networks/unet.py}. Instance norm may stand in
 * the place of batch norm, and layers of another kind behind the encoder's stages.
 *
 * <p>Source: Ronneberger et al. 2015, arXiv 1505.04597; HiLab-git/SSL4MIS.
 */
public final class UNet implements EncoderDecoder {
  static final double SLOPE = 0.01; // of the leaky ReLU
  private static final Window HALVING = Window.of(2).stride(2);

  record Block(Conv2d first, Layer firstNorm, Dropout dropout, Conv2d second, Layer secondNorm) {
    Tensor forward(Tensor x) {
      var y = firstNorm.forward(first.forward(x)).leakyRelu(SLOPE);
      return secondNorm.forward(second.forward(dropout.forward(y))).leakyRelu(SLOPE);
    }
  }

  record Stage(boolean pooled, Block block, Optional<Layer> after) {
    Tensor forward(Tensor x) {
      var maps = block.forward(pooled ? x.maxPool2d(HALVING) : x);
      return after.map(layer -> layer.forward(maps)).orElse(maps);
    }
  }

  record Up(Conv2d narrow, Block block) {
    Tensor forward(Tensor x, Tensor skip) {
      int height = (int) skip.size(2);
      int width = (int) skip.size(3);
      var wide = narrow.forward(x).resize(Resample.Rule.BILINEAR_CORNERS, height, width);
      return block.forward(Tensor.concat(1, skip, wide));
    }
  }

  private final UNetConfig config;
  private final List<Stage> stages = new ArrayList<>();
  private final List<Up> ups = new ArrayList<>();
  private final Conv2d head;

  /** A network of these sizes. */
  public UNet(Weights w, UNetConfig c) {
    this(w, c, stage -> Optional.empty());
  }

  /**
   * With layers of another kind inside the encoder.
   *
   * @param after what follows a stage, counted from 0, the finest: a layer of maps (B, C, h, w)
   *     that keeps their shape, or nothing
   */
  public UNet(Weights w, UNetConfig c, IntFunction<Optional<Layer>> after) {
    config = c;
    var widths = c.widths();
    int last = widths.size() - 1;
    for (int i = 0; i <= last; i++) {
      var encoder = w.at("encoder");
      var place = i == 0 ? encoder.at("in_conv") : encoder.at("down" + i).at("maxpool_conv").at(1);
      int in = i == 0 ? c.inChannels() : widths.get(i - 1);
      var block = block(place, in, widths.get(i), c.dropout().get(i));
      stages.add(new Stage(i > 0, block, after.apply(i)));
    }
    for (int i = last; i > 0; i--) {
      var place = w.at("decoder").at("up" + (last - i + 1));
      int narrow = widths.get(i - 1);
      var first = new Conv2d(place.at("conv1x1"), widths.get(i), narrow, Window.of(1));
      ups.add(new Up(first, block(place.at("conv"), 2 * narrow, narrow, 0)));
    }
    head =
        new Conv2d(
            w.at("decoder").at("out_conv"), widths.get(0), c.classes(), Window.of(3).padding(1));
  }

  private Block block(Weights place, int in, int out, double dropout) {
    var w = place.at("conv_conv");
    var same = Window.of(3).padding(1);
    return new Block(
        new Conv2d(w.at(0), in, out, same),
        norm(w.at(1), out),
        new Dropout(dropout),
        new Conv2d(w.at(4), out, out, same),
        norm(w.at(5), out));
  }

  private Layer norm(Weights place, int channels) {
    return switch (config.norm()) {
      case BATCH -> new BatchNorm2d(place, channels);
      case INSTANCE -> new GroupNorm(place, channels, channels);
    };
  }

  /** The sizes. */
  public UNetConfig config() {
    return config;
  }

  /**
   * This network for images of one size as a graph of ONNX, with the parameters under their names:
   * {@code image} (B, C, height, width) to {@code logits} (B, classes, height, width).
   *
   * @param after what follows the encoder's stages, in the graph
   * @throws ShapeException if the image cannot be halved as often as the network does
   * @throws IllegalArgumentException if the parameters are not of FLOAT
   */
  public OnnxGraph graph(int height, int width, AfterStage after) {
    requireSize(height, width, "images of (%d, %d)".formatted(height, width));
    return UNetGraph.of(this, height, width, after);
  }

  /** A layer that follows a stage of the encoder, in a graph. */
  @FunctionalInterface
  public interface AfterStage {
    /** Of maps (B, C, height, width). */
    OnnxValue of(Layer layer, OnnxValue maps, int height, int width);
  }

  List<Stage> stages() {
    return stages;
  }

  List<Up> ups() {
    return ups;
  }

  Conv2d head() {
    return head;
  }

  /** The two coarsest maps of the encoder, and the map before the logits. */
  @Override
  public List<Tap> taps() {
    var widths = config.widths();
    int last = widths.size() - 1;
    return List.of(
        new Tap("enc" + (last - 1), widths.get(last - 1), 1 << (last - 1)),
        new Tap("enc" + last, widths.get(last), 1 << last),
        new Tap("dec" + last, widths.get(0), 1));
  }

  @Override
  public List<Tensor> encode(Tensor image) {
    requireSize(image);
    var features = new ArrayList<Tensor>();
    var x = image;
    for (var stage : stages) {
      x = stage.forward(x);
      features.add(x);
    }
    return features;
  }

  private void requireSize(Tensor image) {
    var dims = Dims.of("UNet").bind("image", image, "B " + config.inChannels() + " H W");
    requireSize(dims.size("H"), dims.size("W"), "image has shape " + image.shape());
  }

  private void requireSize(long height, long width, String what) {
    int step = 1 << (config.widths().size() - 1);
    if (height <= 0 || width <= 0 || height % step != 0 || width % step != 0) {
      throw new ShapeException(
          "UNet: %s, expected height and width to be multiples of %d".formatted(what, step));
    }
  }

  @Override
  public Tensor decode(List<Tensor> features) {
    return head.forward(decoded(features));
  }

  private Tensor decoded(List<Tensor> features) {
    int last = features.size() - 1;
    var x = features.get(last);
    for (int i = 0; i < ups.size(); i++) {
      x = ups.get(i).forward(x, features.get(last - 1 - i));
    }
    return x;
  }

  @Override
  public Output observe(Tensor image) {
    var features = encode(image);
    var x = decoded(features);
    int last = features.size() - 1;
    return new Output(
        head.forward(x),
        Map.of(
            "enc" + (last - 1),
            features.get(last - 1),
            "enc" + last,
            features.get(last),
            "dec" + last,
            x));
  }
}
