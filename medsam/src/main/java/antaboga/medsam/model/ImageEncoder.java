// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.Parameter;
import antaboga.Tape;
import antaboga.Tensor;
import antaboga.Window;
import antaboga.nn.Init;
import antaboga.nn.Layer;
import antaboga.nn.LayerNorm2d;
import antaboga.nn.Weights;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The vision transformer of SAM: x (B, 3, H, W) in [0, 1], y (B, channels, H / patch, W / patch).
 * Images of another size than the tables are made for have them resampled: absolute positions
 * bicubically, relative ones linearly. Source: {@code ImageEncoderViT} of segment_anything; Li et
 * al. 2022, arXiv 2203.16527.
 */
public final class ImageEncoder implements Layer {
  private final PatchEmbed patchEmbed;
  private final Parameter posEmbed; // (1, g, g, width)
  private final List<EncoderBlock> blocks;
  private final Neck neck;
  private final boolean recompute;

  /** Builds the encoder from the place {@code image_encoder}. */
  public ImageEncoder(Weights w, MedSamConfig c) {
    int side = c.image() / c.patch();
    this.posEmbed = w.get("pos_embed", Init.truncatedNormal(0.02), 1, side, side, c.width());
    this.patchEmbed = new PatchEmbed(w.at("patch_embed"), c);
    this.blocks =
        IntStream.range(0, c.depth())
            .mapToObj(i -> new EncoderBlock(w.at("blocks").at(i), c, i))
            .toList();
    this.neck = new Neck(w.at("neck"), c);
    this.recompute = false;
  }

  private ImageEncoder(ImageEncoder encoder) {
    this.posEmbed = encoder.posEmbed;
    this.patchEmbed = encoder.patchEmbed;
    this.blocks = encoder.blocks;
    this.neck = encoder.neck;
    this.recompute = true;
  }

  /**
   * This encoder with these parameters, of whose training pass only what stands between blocks is
   * kept: each is passed a second time for its gradient. The same bits; a step of ViT-B on one
   * image of 1024 pixels takes 4.8 GB instead of 15.8.
   */
  public ImageEncoder recomputed() {
    return new ImageEncoder(this);
  }

  /**
   * The embedding y of images x. Outside a training pass, memory is given back after each block.
   *
   * @throws antaboga.ShapeException if height or width is not a multiple of the patch
   */
  @Override
  public Tensor forward(Tensor x) {
    var tokens = bounded(this::embed, x);
    for (var block : blocks) {
      tokens = passed(block, tokens);
    }
    return passed(neck, tokens);
  }

  private Tensor passed(Layer layer, Tensor x) {
    var y = bounded(layer, x);
    if (!Tape.training()) {
      x.array().close(); // Java's collector would not see its 12 MB
    }
    return y;
  }

  private Tensor bounded(Layer layer, Tensor x) {
    if (!Tape.training()) {
      return Tape.scoped(() -> layer.forward(x));
    }
    return recompute ? Tape.recomputed(() -> layer.forward(x)) : layer.forward(x);
  }

  Tensor embed(Tensor x) {
    var tokens = patchEmbed.forward(x);
    return tokens.add(positions(tokens.size(1), tokens.size(2)));
  }

  Tensor positions(long height, long width) {
    if (posEmbed.size(1) == height && posEmbed.size(2) == width) {
      return posEmbed;
    }
    return Pending.bilinear(posEmbed.permute(0, 3, 1, 2), height, width).permute(0, 2, 3, 1);
  }

  PatchEmbed patchEmbed() {
    return patchEmbed;
  }

  Parameter posEmbed() {
    return posEmbed;
  }

  List<EncoderBlock> blocks() {
    return blocks;
  }

  Neck neck() {
    return neck;
  }

  /** From tokens (B, h, w, width) to the embedding (B, channels, h, w). */
  record Neck(Parameter point, LayerNorm2d norm1, Parameter kernel, LayerNorm2d norm2)
      implements Layer {
    Neck(Weights w, MedSamConfig c) {
      this(
          w.at(0).get("weight", Init.fanIn(c.width()), c.channels(), c.width(), 1, 1),
          new LayerNorm2d(w.at(1), c.channels()),
          w.at(2).get("weight", Init.fanIn(9L * c.channels()), c.channels(), c.channels(), 3, 3),
          new LayerNorm2d(w.at(3), c.channels()));
    }

    @Override
    public Tensor forward(Tensor x) {
      return norm2.forward(spread(norm1.forward(mixed(x))));
    }

    Tensor mixed(Tensor x) {
      return x.linear(point.reshape(point.size(0), point.size(1))).permute(0, 3, 1, 2);
    }

    Tensor spread(Tensor x) {
      return x.conv2d(kernel, Window.of(3).padding(1));
    }
  }
}
