// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import antaboga.Dims;
import antaboga.Parameter;
import antaboga.ShapeException;
import antaboga.Tensor;
import antaboga.io.OnnxGraph;
import antaboga.nn.EncoderDecoder;
import antaboga.nn.Init;
import antaboga.nn.Layer;
import antaboga.nn.Recomputed;
import antaboga.nn.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A U-Net of VSS blocks, VM-UNet at any width: image (B, C, H, W) with H and W multiples of 32,
 * logits (B, classes, H, W). Keys as VM-UNet's VSSM. Skips are the inputs of the encoder stages,
 * added before the decoder enlarges its map.
 *
 * <p>Source: Ruan et al. 2024, arXiv 2402.02491.
 */
public final class VssUNet implements EncoderDecoder {
  static final int STAGES = 4;
  private static final int PATCH = 4;
  private static final double EPS = 1e-5;

  /** Blocks of one resolution and, where there is one, the change of resolution beside them. */
  record Stage(List<? extends Layer> blocks) {
    Tensor forward(Tensor x) {
      var y = x;
      for (var block : blocks) {
        y = block.forward(y);
      }
      return y;
    }

    Stage recomputed() {
      return new Stage(blocks.stream().map(Recomputed::new).toList());
    }
  }

  private static final int HEAD = 4;

  private final VssUNetConfig config;
  private final PatchEmbed patchEmbed;
  private final List<Stage> encoder = new ArrayList<>();
  private final List<PatchMerge> merges = new ArrayList<>();
  private final List<Stage> decoder = new ArrayList<>();
  private final List<PatchExpand> expands = new ArrayList<>();
  private final PatchExpand finalUp;
  private final Parameter finalWeight;
  private final Parameter finalBias;
  private final Layer head;

  /** A network of these sizes. */
  public VssUNet(Weights w, VssUNetConfig c) {
    config = c;
    patchEmbed = new PatchEmbed(w.at("patch_embed"), c.inChannels(), c.width(), PATCH);
    var rates = rates(c.depths(), c.dropPath());
    for (int i = 0; i < STAGES; i++) {
      var place = w.at("layers").at(i);
      encoder.add(stage(place, c, i, rates.get(i)));
      if (i < STAGES - 1) {
        merges.add(new PatchMerge(place.at("downsample"), c.width(i)));
      }
    }
    var falling = reversed(rates(reversed(c.decoderDepths()), c.dropPath()));
    for (int i = 0; i < STAGES; i++) {
      var place = w.at("layers_up").at(i);
      int level = STAGES - 1 - i;
      if (i > 0) {
        expands.add(new PatchExpand(place.at("upsample"), c.width(level + 1), c.width(level), 2));
      }
      decoder.add(stage(place, c, level, reversed(falling.get(i))));
    }
    finalUp = new PatchExpand(w.at("final_up"), c.width(), c.width() / PATCH, PATCH);
    long last = c.width() / PATCH;
    finalWeight = w.at("final_conv").get("weight", Init.fanIn(last), c.classes(), last, 1, 1);
    finalBias = w.at("final_conv").get("bias", Init.fanIn(last), c.classes());
    head = this::logits;
  }

  private VssUNet(VssUNet net) {
    config = net.config;
    patchEmbed = net.patchEmbed;
    net.encoder.forEach(stage -> encoder.add(stage.recomputed()));
    merges.addAll(net.merges);
    net.decoder.forEach(stage -> decoder.add(stage.recomputed()));
    expands.addAll(net.expands);
    finalUp = net.finalUp;
    finalWeight = net.finalWeight;
    finalBias = net.finalBias;
    head = new Recomputed(this::logits);
  }

  /**
   * This network with these parameters, of whose training pass only what stands between blocks is
   * kept: each is passed a second time for its gradient. The same bits in a fraction of the memory,
   * for about a third more time; for large images or batches.
   */
  public VssUNet recomputed() {
    return new VssUNet(this);
  }

  /**
   * Starts the ends of a network of one class, before training, for pixels of deviation 1, such as
   * {@link antaboga.nn.ZScored} shows, and for lesions of this share of them. Between the ends,
   * norms let directions pass alone, and at a training's rate it takes many steps until
   *
   * <ul>
   *   <li>the patch embedding's bias is wide enough for grey and bright patches to differ in
   *       direction: it starts as wide as the projection of an even patch of 1;
   *   <li>the head's weights are large enough for a logit that is certain: they start {@value
   *       #HEAD} times as wide as PyTorch's;
   *   <li>its bias says how rare a lesion is: it starts at ln(share / (1 - share)), as in Lin et
   *       al. 2017, arXiv 1708.02002, section 4.1.
   * </ul>
   *
   * @param share of the pixels that are a lesion's, in (0, 1)
   * @return this
   */
  public VssUNet started(double share) {
    if (!(share > 0 && share < 1)) {
      throw new IllegalArgumentException("VssUNet: share " + share + ", expected in (0, 1)");
    }
    patchEmbed.widen();
    finalWeight.assign(finalWeight.array().mul(HEAD));
    finalBias.assign(finalBias.array().mul(0).add(Math.log(share / (1 - share))));
    return this;
  }

  private static Stage stage(Weights place, VssUNetConfig c, int level, List<Double> rates) {
    var blocks = new ArrayList<VssBlock>();
    var config = Ss2dConfig.of(c.width(level)).withState(c.state());
    for (int j = 0; j < rates.size(); j++) {
      blocks.add(new VssBlock(place.at("blocks").at(j), config, EPS, rates.get(j)));
    }
    return new Stage(List.copyOf(blocks));
  }

  /** Rates of all blocks, rising linearly from 0, stage by stage. */
  private static List<List<Double>> rates(List<Integer> depths, double highest) {
    int blocks = depths.stream().mapToInt(d -> d).sum();
    var rates = new ArrayList<List<Double>>();
    int block = 0;
    for (int depth : depths) {
      var stage = new ArrayList<Double>();
      for (int j = 0; j < depth; j++, block++) {
        stage.add(blocks == 1 ? 0 : highest * block / (blocks - 1));
      }
      rates.add(stage);
    }
    return rates;
  }

  private static <T> List<T> reversed(List<T> list) {
    var copy = new ArrayList<>(list);
    java.util.Collections.reverse(copy);
    return copy;
  }

  /** The sizes. */
  public VssUNetConfig config() {
    return config;
  }

  /**
   * This network for images of one size as a graph of ONNX, with the parameters under their names:
   * {@code image} (B, C, height, width) to {@code logits} (B, classes, height, width). Its scans
   * are ONNX's own {@code Scan}, which every runtime has.
   *
   * @throws ShapeException if height or width is not a multiple of 32
   * @throws IllegalArgumentException if the parameters are not of FLOAT
   */
  public OnnxGraph graph(int height, int width) {
    requireMultiples(height, width, "images of (%d, %d)".formatted(height, width));
    return VssUNetGraph.of(this, height, width);
  }

  PatchEmbed patchEmbed() {
    return patchEmbed;
  }

  List<Stage> encoder() {
    return encoder;
  }

  List<PatchMerge> merges() {
    return merges;
  }

  List<Stage> decoder() {
    return decoder;
  }

  List<PatchExpand> expands() {
    return expands;
  }

  PatchExpand finalUp() {
    return finalUp;
  }

  Parameter finalWeight() {
    return finalWeight;
  }

  Parameter finalBias() {
    return finalBias;
  }

  @Override
  public List<Tap> taps() {
    return List.of(
        new Tap("enc2", config.width(2), 16),
        new Tap("enc3", config.width(3), 32),
        new Tap("dec3", config.width(), PATCH));
  }

  @Override
  public Tensor forward(Tensor image) {
    return pass(image).logits;
  }

  @Override
  public Output observe(Tensor image) {
    var pass = pass(image);
    return new Output(
        pass.logits,
        Map.of(
            "enc2", channelsFirst(pass.enc2),
            "enc3", channelsFirst(pass.enc3),
            "dec3", channelsFirst(pass.dec3)));
  }

  /** Logits (B, classes, H, W) and maps with channels last. */
  private record Pass(Tensor logits, Tensor enc2, Tensor enc3, Tensor dec3) {}

  private Pass pass(Tensor image) {
    var encoded = encoded(image);
    var x = decoded(encoded.features);
    return new Pass(head.forward(x), encoded.enc2, encoded.last(), x);
  }

  /** What the decoder is given, finest first, and one more map; all with channels last. */
  private record Encoded(List<Tensor> features, Tensor enc2) {
    Tensor last() {
      return features.get(STAGES - 1);
    }
  }

  private Encoded encoded(Tensor image) {
    requireSize(image);
    var x = encoder.get(0).forward(patchEmbed.forward(image));
    var features = new ArrayList<Tensor>();
    var enc2 = x;
    for (int i = 1; i < STAGES; i++) {
      enc2 = x;
      x = merges.get(i - 1).forward(x);
      features.add(x);
      x = encoder.get(i).forward(x);
    }
    features.add(x);
    return new Encoded(features, enc2);
  }

  private Tensor decoded(List<Tensor> features) {
    var x = decoder.get(0).forward(features.get(STAGES - 1));
    for (int i = 1; i < STAGES; i++) {
      x = expands.get(i - 1).forward(x.add(features.get(STAGES - 1 - i)));
      x = decoder.get(i).forward(x);
    }
    return x;
  }

  @Override
  public List<Tensor> encode(Tensor image) {
    return encoded(image).features.stream().map(VssUNet::channelsFirst).toList();
  }

  @Override
  public Tensor decode(List<Tensor> features) {
    return head.forward(decoded(features.stream().map(x -> x.permute(0, 2, 3, 1)).toList()));
  }

  private Tensor logits(Tensor x) {
    var weight = finalWeight.reshape(config.classes(), -1);
    var y = finalUp.forward(x).linear(weight, finalBias); // a 1 × 1 convolution
    return config.classes() == 1 ? y.reshape(y.size(0), 1, y.size(1), y.size(2)) : channelsFirst(y);
  }

  private static Tensor channelsFirst(Tensor x) {
    return x.permute(0, 3, 1, 2);
  }

  private void requireSize(Tensor image) {
    var dims = Dims.of("VssUNet").bind("image", image, "B " + config.inChannels() + " H W");
    requireMultiples(dims.size("H"), dims.size("W"), "image has shape " + image.shape());
  }

  private static void requireMultiples(long height, long width, String given) {
    int step = PATCH << (STAGES - 1);
    if (height < step || width < step || height % step != 0 || width % step != 0) {
      throw new ShapeException(
          "VssUNet: %s, expected height and width to be multiples of %d".formatted(given, step));
    }
  }
}
