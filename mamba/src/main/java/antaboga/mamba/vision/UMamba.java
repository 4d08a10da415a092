// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba.vision;

import antaboga.ShapeException;
import antaboga.Tensor;
import antaboga.io.OnnxGraph;
import antaboga.nn.EncoderDecoder;
import antaboga.nn.Layer;
import antaboga.nn.UNet;
import antaboga.nn.Weights;
import java.util.List;
import java.util.Optional;

/**
 * A light U-Mamba: a {@link UNet} of instance norms whose coarsest stages each end in a VSS block.
 * Convolutions learn what is near from few labels, scans over the whole image what is far; image
 * (B, C, H, W) to logits (B, classes, H, W), height and width multiples of 16 with five stages.
 *
 * <p>Keys are the U-Net's; a block's begin with {@code encoder.vss.} and the number of its stage.
 *
 * <p>Source: the order of convolutions and scans as in Ma et al. 2024, arXiv 2401.04722; the block
 * is {@link VssBlock}, so that images are scanned in four directions. Sizes are our own.
 */
public final class UMamba implements EncoderDecoder {
  private static final double EPS = 1e-5;

  /** A block of maps (B, C, h, w). */
  private record Scanned(VssBlock block) implements Layer {
    @Override
    public Tensor forward(Tensor x) {
      return block.forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2);
    }
  }

  private final UMambaConfig config;
  private final UNet unet;

  /** A network of these sizes. */
  public UMamba(Weights w, UMambaConfig c) {
    config = c;
    unet = new UNet(w, c.convolutions(), stage -> scanned(w, c, stage));
  }

  private static Optional<Layer> scanned(Weights w, UMambaConfig c, int stage) {
    var widths = c.convolutions().widths();
    if (stage < widths.size() - c.scanned()) {
      return Optional.empty();
    }
    var place = w.at("encoder").at("vss").at(stage);
    var sizes = Ss2dConfig.of(widths.get(stage)).withState(c.state());
    return Optional.of(new Scanned(new VssBlock(place, sizes, EPS, c.dropPath())));
  }

  /** The sizes. */
  public UMambaConfig config() {
    return config;
  }

  /**
   * This network for images of one size as a graph of ONNX, with the parameters under their names:
   * {@code image} (B, C, height, width) to {@code logits} (B, classes, height, width). Its scans
   * are ONNX's own {@code Scan}, which every runtime has.
   *
   * @throws ShapeException if the image cannot be halved as often as the network does
   * @throws IllegalArgumentException if the parameters are not of FLOAT
   */
  public OnnxGraph graph(int height, int width) {
    return unet.graph(
        height,
        width,
        (layer, maps, h, w) -> VssUNetGraph.block(((Scanned) layer).block(), maps, h, w));
  }

  /** The U-Net's. */
  @Override
  public List<Tap> taps() {
    return unet.taps();
  }

  @Override
  public List<Tensor> encode(Tensor image) {
    return unet.encode(image);
  }

  @Override
  public Tensor decode(List<Tensor> features) {
    return unet.decode(features);
  }

  @Override
  public Output observe(Tensor image) {
    return unet.observe(image);
  }
}
