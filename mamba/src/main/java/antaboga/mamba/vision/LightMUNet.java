// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import antaboga.Dims;
import antaboga.Parameter;
import antaboga.ShapeException;
import antaboga.Tensor;
import antaboga.Window;
import antaboga.nn.Conv2d;
import antaboga.nn.GroupNorm;
import antaboga.nn.Init;
import antaboga.nn.Layer;
import antaboga.nn.Segmenter;
import antaboga.nn.Sequential;
import antaboga.nn.Weights;
import antaboga.ops.Resample.Rule;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * LightM-UNet in two dimensions: image (B, C, H, W) with H and W multiples of 2^(stages - 1),
 * logits (B, classes, H, W). Every encoder stage but the first begins with a {@link MambaLayer}
 * that doubles the channels and a pooling; the decoder is made of small convolutions. Scans run at
 * every scale, over H·W positions at the finest.
 *
 * <p>Keys as the released code's {@code LightMUNet}, with MONAI's {@code conv} inside its
 * convolutions. Source: Liao et al. 2024, arXiv 2403.05246.
 */
public final class LightMUNet implements Segmenter {
  static final int NORM_GROUPS = 8;

  private final LightMUNetConfig config;
  private final Layer first;
  private final List<Layer> encoder = new ArrayList<>();
  private final List<Layer> enlargers = new ArrayList<>();
  private final List<Layer> decoder = new ArrayList<>();
  private final Layer last;

  /** A network of these sizes. */
  public LightMUNet(Weights w, LightMUNetConfig c) {
    config = c;
    first = separable(w.at("convInit"), c.inChannels(), c.width(), 3, false);
    for (int i = 0; i < c.stages(); i++) {
      encoder.add(encoderStage(w.at("down_layers").at(i), c, i));
    }
    for (int i = 0; i < c.stages() - 1; i++) {
      int in = c.width(c.stages() - 1 - i);
      var narrow = convolution(w.at("up_samples").at(i).at(0), in, in / 2, 1, 1, false);
      enlargers.add(narrow.then(x -> x.resizeBy(Rule.BILINEAR, 2)));
      var blocks = new ArrayList<Layer>();
      for (int j = 0; j < c.decoderDepths().get(i); j++) {
        blocks.add(new DecoderBlock(w.at("up_layers").at(i).at(j), in / 2));
      }
      decoder.add(new Sequential(blocks));
    }
    var norm = new GroupNorm(w.at("conv_final").at(0), NORM_GROUPS, c.width());
    last =
        norm.then(Tensor::relu)
            .then(separable(w.at("conv_final").at(2), c.width(), c.classes(), 1, true));
  }

  private static Layer encoderStage(Weights place, LightMUNetConfig c, int stage) {
    var layers = new ArrayList<Layer>();
    int channels = c.width(stage);
    if (stage > 0) {
      layers.add(new MambaLayer(place.at(0).at(0), channels / 2, channels, c.state()));
      layers.add(x -> x.maxPool2d(Window.of(2).stride(2)));
    }
    for (int j = 0; j < c.depths().get(stage); j++) {
      layers.add(new EncoderBlock(place.at(j + 1), channels, c.state()));
    }
    return new Sequential(layers);
  }

  /** {@code x + conv2(relu(norm2(conv1(relu(norm1(x))))))}, where conv1 and conv2 are scans. */
  private record EncoderBlock(GroupNorm norm1, MambaLayer conv1, GroupNorm norm2, MambaLayer conv2)
      implements Layer {
    EncoderBlock(Weights w, int channels, int state) {
      this(
          new GroupNorm(w.at("norm1"), NORM_GROUPS, channels),
          new MambaLayer(w.at("conv1"), channels, channels, state),
          new GroupNorm(w.at("norm2"), NORM_GROUPS, channels),
          new MambaLayer(w.at("conv2"), channels, channels, state));
    }

    @Override
    public Tensor forward(Tensor x) {
      var y = conv1.forward(norm1.forward(x).relu());
      return x.add(conv2.forward(norm2.forward(y).relu()));
    }
  }

  /** {@code relu(norm2(conv(relu(norm1(x))) + s x))}. */
  private record DecoderBlock(GroupNorm norm1, Layer conv, Parameter skipScale, GroupNorm norm2)
      implements Layer {
    DecoderBlock(Weights w, int channels) {
      this(
          new GroupNorm(w.at("norm1"), NORM_GROUPS, channels),
          separable(w.at("conv"), channels, channels, 3, false),
          w.get("skip_scale", Init.ones(), 1),
          new GroupNorm(w.at("norm2"), NORM_GROUPS, channels));
    }

    @Override
    public Tensor forward(Tensor x) {
      var y = conv.forward(norm1.forward(x).relu()).add(x.mul(skipScale));
      return norm2.forward(y).relu();
    }
  }

  /** A convolution of each channel by itself, then one across channels. */
  private static Layer separable(Weights w, int in, int out, int size, boolean bias) {
    return convolution(w.at(0), in, in, size, in, bias)
        .then(convolution(w.at(1), in, out, 1, 1, bias));
  }

  private static Conv2d convolution(
      Weights w, int in, int out, int size, int groups, boolean bias) {
    return new Conv2d(w.at("conv"), in, out, Window.of(size).padding(size / 2), groups, bias);
  }

  /** The sizes. */
  public LightMUNetConfig config() {
    return config;
  }

  /** The two deepest encoder stages, such as {@code enc2} and {@code enc3}, and {@code dec0}. */
  @Override
  public List<Tap> taps() {
    int deepest = config.stages() - 1;
    int above = config.width(deepest - 1);
    return List.of(
        new Tap("enc" + (deepest - 1), above, 1 << (deepest - 1)),
        new Tap("enc" + deepest, config.width(deepest), 1 << deepest),
        new Tap("dec0", above, 1 << (deepest - 1)));
  }

  @Override
  public Output observe(Tensor image) {
    requireSize(image);
    var x = first.forward(image);
    var stages = new ArrayList<Tensor>();
    for (var stage : encoder) {
      x = stage.forward(x);
      stages.add(x);
    }
    var levels = new ArrayList<Tensor>();
    for (int i = 0; i < decoder.size(); i++) {
      var skip = stages.get(decoder.size() - 1 - i);
      x = decoder.get(i).forward(enlargers.get(i).forward(x).add(skip));
      levels.add(x);
    }
    int deepest = config.stages() - 1;
    var features =
        Map.of(
            "enc" + (deepest - 1),
            stages.get(deepest - 1),
            "enc" + deepest,
            stages.get(deepest),
            "dec0",
            levels.get(0));
    return new Output(last.forward(x), features);
  }

  private void requireSize(Tensor image) {
    var dims = Dims.of("LightMUNet").bind("image", image, "B " + config.inChannels() + " H W");
    int step = 1 << (config.stages() - 1);
    if (dims.size("H") % step != 0 || dims.size("W") % step != 0) {
      throw new ShapeException(
          "LightMUNet: image has shape %s, expected height and width to be multiples of %d"
              .formatted(image.shape(), step));
    }
  }
}
