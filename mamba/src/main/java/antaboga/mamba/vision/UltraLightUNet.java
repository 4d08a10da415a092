// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import antaboga.Dims;
import antaboga.ShapeException;
import antaboga.Tensor;
import antaboga.Window;
import antaboga.io.OnnxGraph;
import antaboga.nn.Conv2d;
import antaboga.nn.GroupNorm;
import antaboga.nn.Init;
import antaboga.nn.Layer;
import antaboga.nn.Segmenter;
import antaboga.nn.Weights;
import antaboga.ops.Resample.Rule;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;

/**
 * UltraLight VM-UNet: image (B, C, H, W) with H and W multiples of 32, logits (B, classes, H, W).
 * Convolutions at the fine scales, {@link PvmLayer}s at the coarse ones, an {@link AttentionBridge}
 * on the skips. Keys as upstream's {@code UltraLight_VM_UNet}, which ends with a sigmoid.
 *
 * <p>Source: Wu et al. 2024, arXiv 2403.20035.
 */
public final class UltraLightUNet implements Segmenter {
  private static final int CONVOLUTIONS = 3;
  private static final int SCALES = 5;
  private static final int GROUPS = 4;
  private static final int STEP = 1 << SCALES;

  private final UltraLightConfig config;
  private final List<Layer> encoders = new ArrayList<>();
  private final List<GroupNorm> encoderNorms = new ArrayList<>();
  private final List<Layer> decoders = new ArrayList<>();
  private final List<GroupNorm> decoderNorms = new ArrayList<>();
  private final Optional<AttentionBridge> bridge;
  private final Conv2d last;

  /** A network of these sizes. */
  public UltraLightUNet(Weights w, UltraLightConfig c) {
    this(w, c, false);
  }

  /** With the bridge's weights as those of convolutions, upstream's {@code split_att='conv'}. */
  UltraLightUNet(Weights w, UltraLightConfig c, boolean convolutions) {
    config = c;
    var widths = c.widths();
    for (int i = 0; i <= SCALES; i++) {
      int in = i == 0 ? c.inChannels() : widths.get(i - 1);
      var place = w.at("encoder" + (i + 1)).at(0);
      encoders.add(
          i < CONVOLUTIONS
              ? convolution(place, in, widths.get(i), 3)
              : new PvmLayer(place, in, widths.get(i)));
      if (i < SCALES) {
        encoderNorms.add(new GroupNorm(w.at("ebn" + (i + 1)), GROUPS, widths.get(i)));
      }
    }
    bridge =
        c.bridge()
            ? Optional.of(
                new AttentionBridge(w.at("scab"), widths.subList(0, SCALES), convolutions))
            : Optional.empty();
    for (int i = 0; i < SCALES; i++) {
      int in = widths.get(SCALES - i);
      int out = widths.get(SCALES - 1 - i);
      var place = w.at("decoder" + (i + 1)).at(0);
      decoders.add(
          i < CONVOLUTIONS ? new PvmLayer(place, in, out) : convolution(place, in, out, 3));
      decoderNorms.add(new GroupNorm(w.at("dbn" + (i + 1)), GROUPS, out));
    }
    last = convolution(w.at("final"), widths.get(0), c.classes(), 1);
  }

  private static Conv2d convolution(Weights w, int in, int out, int size) {
    var weight = Init.normal(Math.sqrt(2.0 / (size * size * out)));
    return new Conv2d(w, in, out, Window.of(size).padding(size / 2), 1, true, weight, Init.zeros());
  }

  /** The sizes. */
  public UltraLightConfig config() {
    return config;
  }

  /**
   * This network for images of one size as a graph of ONNX, with the parameters under their names:
   * {@code image} (B, C, height, width) to {@code logits} (B, classes, height, width).
   *
   * @throws ShapeException if height or width is not a multiple of 32
   * @throws IllegalArgumentException if the parameters are not of FLOAT
   */
  public OnnxGraph graph(int height, int width) {
    requireMultiples(height, width, "images of (%d, %d)".formatted(height, width));
    return UltraLightGraph.of(this, height, width);
  }

  List<Layer> encoders() {
    return encoders;
  }

  List<GroupNorm> encoderNorms() {
    return encoderNorms;
  }

  List<Layer> decoders() {
    return decoders;
  }

  List<GroupNorm> decoderNorms() {
    return decoderNorms;
  }

  Optional<AttentionBridge> bridge() {
    return bridge;
  }

  Conv2d last() {
    return last;
  }

  @Override
  public List<Tap> taps() {
    return List.of(
        new Tap("t4", config.widths().get(3), 16),
        new Tap("t5", config.widths().get(4), 32),
        new Tap("decoder4", config.widths().get(1), 4));
  }

  @Override
  public Output observe(Tensor image) {
    var seen = pass(image);
    var features = new LinkedHashMap<String, Tensor>();
    for (var tap : taps()) {
      features.put(tap.name(), seen.at(tap.name()));
    }
    return new Output(seen.at("logits"), features);
  }

  /** What a pass computes on the way, by upstream's names. */
  record Seen(Map<String, Tensor> tensors) {
    Tensor at(String name) {
      var x = tensors.get(name);
      if (x == null) {
        throw new NoSuchElementException(name + " among " + tensors.keySet());
      }
      return x;
    }

    private Tensor keep(String name, Tensor x) {
      tensors.put(name, x);
      return x;
    }
  }

  /** Norms are seen before pooling or enlarging, tN and decoderN after all of their stage. */
  Seen pass(Tensor image) {
    requireSize(image);
    var seen = new Seen(new LinkedHashMap<>());
    var scales = new ArrayList<Tensor>();
    var x = image;
    for (int i = 0; i < SCALES; i++) {
      x = seen.keep("ebn" + (i + 1), encoderNorms.get(i).forward(encoders.get(i).forward(x)));
      x = x.maxPool2d(Window.of(2).stride(2)).gelu();
      scales.add(seen.keep("t" + (i + 1), x));
    }
    var skips = bridge.map(b -> b.forward(scales)).orElse(scales);
    x = seen.keep("encoder6", encoders.get(SCALES).forward(x)).gelu();
    for (int i = 0; i < SCALES; i++) {
      x = seen.keep("dbn" + (i + 1), decoderNorms.get(i).forward(decoders.get(i).forward(x)));
      x = (i == 0 ? x : x.resizeBy(Rule.BILINEAR_CORNERS, 2)).gelu();
      x = seen.keep("decoder" + (i + 1), x.add(skips.get(SCALES - 1 - i)));
    }
    x = seen.keep("final", last.forward(x));
    seen.keep("logits", x.resizeBy(Rule.BILINEAR_CORNERS, 2));
    return seen;
  }

  private void requireSize(Tensor image) {
    var dims = Dims.of("UltraLightUNet").bind("image", image, "B " + config.inChannels() + " H W");
    requireMultiples(dims.size("H"), dims.size("W"), "image has shape " + image.shape());
  }

  private static void requireMultiples(long height, long width, String given) {
    if (height < STEP || width < STEP || height % STEP != 0 || width % STEP != 0) {
      throw new ShapeException(
          "UltraLightUNet: %s, expected height and width to be multiples of %d"
              .formatted(given, STEP));
    }
  }
}
