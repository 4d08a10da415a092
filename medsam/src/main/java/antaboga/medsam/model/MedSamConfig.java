// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.Shape;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The sizes of a SAM. {@link #vitB()} is MedSAM's; the others are small teachers of the same
 * architecture, which differ from it in the image encoder alone.
 *
 * @param image side of the square images that the position tables are made for, in pixels
 * @param input side of the images that the model is given: {@code image}, or another multiple of
 *     the patch, for which the tables are resampled
 * @param patch side of a patch, in pixels
 * @param width channels of the image encoder's tokens
 * @param depth number of its blocks
 * @param heads heads of its attention
 * @param mlpRatio width of its hidden layers, as a multiple of {@code width}
 * @param window side of an attention window, in tokens
 * @param global numbers of the blocks, from 0, that attend to the whole image instead
 * @param relative whether attention knows relative positions
 * @param channels of the embedding, of the prompts and of the mask decoder
 * @param decoderHeads heads of the mask decoder's attention
 * @param decoderMlp width of its hidden layers
 * @param maskChannels channels of a mask prompt on its way to the embedding
 * @param iouHidden width of the hidden layers that estimate the quality
 * @param masks number of alternative masks, not counting the single one
 */
public record MedSamConfig(
    int image,
    int input,
    int patch,
    int width,
    int depth,
    int heads,
    double mlpRatio,
    int window,
    Set<Integer> global,
    boolean relative,
    int channels,
    int decoderHeads,
    int decoderMlp,
    int maskChannels,
    int iouHidden,
    int masks) {

  /** Keeps a copy of the set and checks the sizes. */
  public MedSamConfig {
    global = Set.copyOf(global);
    require(
        patch > 0 && image > 0 && image % patch == 0,
        "image",
        image,
        "a multiple of patch, " + patch);
    require(input > 0 && input % patch == 0, "input", input, "a multiple of patch, " + patch);
    require(heads > 0 && width > 0 && width % heads == 0, "width", width, "a multiple of heads");
    require(depth > 0, "depth", depth, "> 0");
    require(mlpRatio > 0, "mlpRatio", mlpRatio, "> 0");
    require(channels > 0 && channels % 8 == 0, "channels", channels, "a multiple of 8");
    require(
        decoderHeads > 0 && channels / 2 % decoderHeads == 0,
        "decoderHeads",
        decoderHeads,
        "a divisor of half the channels");
    require(decoderMlp > 0, "decoderMlp", decoderMlp, "> 0");
    require(
        maskChannels > 0 && maskChannels % 4 == 0, "maskChannels", maskChannels, "a multiple of 4");
    require(iouHidden > 0, "iouHidden", iouHidden, "> 0");
    require(masks > 0, "masks", masks, "> 0");
    boolean windowed = global.size() < depth;
    require(!windowed || window > 0, "window", window, "> 0, as not all blocks are global");
    for (int block : global) {
      require(block >= 0 && block < depth, "global", block, "numbers of blocks below depth");
    }
  }

  private static void require(boolean holds, String name, Object value, String expected) {
    if (!holds) {
      throw new IllegalArgumentException(name + ": " + value + ", expected " + expected);
    }
  }

  /** MedSAM: 93,735,472 parameters, images of 1024 pixels. */
  public static MedSamConfig vitB() {
    return encoder(1024, 16, 768, 12, 12, 14, Set.of(2, 5, 8, 11));
  }

  /**
   * The sizes of the model whose parameters have these names and shapes; the heads of the mask
   * decoder, which no shape shows, are 8 as in every published SAM.
   *
   * @throws IllegalArgumentException if they are no SAM's
   */
  public static MedSamConfig of(Map<String, Shape> parameters) {
    return new ParameterShapes(parameters).config();
  }

  /** A small teacher: 7,594,352 parameters, images of 256 pixels. */
  public static MedSamConfig t6() {
    return encoder(256, 16, 192, 6, 3, 0, first(6));
  }

  /** A small teacher: 11,333,168 parameters, images of 256 pixels. */
  public static MedSamConfig t8() {
    return encoder(256, 16, 256, 8, 4, 0, first(8));
  }

  /** A middling teacher: 26,488,496 parameters, images of 256 pixels. */
  public static MedSamConfig t12() {
    return encoder(256, 16, 384, 12, 6, 0, first(12));
  }

  /** A small teacher on patches of 8 pixels: 7,637,360 parameters, images of 256 pixels. */
  public static MedSamConfig t6of8() {
    return encoder(256, 8, 192, 6, 3, 8, Set.of(1, 3, 5));
  }

  private static Set<Integer> first(int n) {
    return IntStream.range(0, n).boxed().collect(Collectors.toSet());
  }

  private static MedSamConfig encoder(
      int image, int patch, int width, int depth, int heads, int window, Set<Integer> global) {
    return new MedSamConfig(
        image, image, patch, width, depth, heads, 4, window, global, true, 256, 8, 2048, 16, 256,
        3);
  }

  /** The same model for images of another size; its position tables are resampled. */
  public MedSamConfig withInput(int pixels) {
    return new MedSamConfig(
        image,
        pixels,
        patch,
        width,
        depth,
        heads,
        mlpRatio,
        window,
        global,
        relative,
        channels,
        decoderHeads,
        decoderMlp,
        maskChannels,
        iouHidden,
        masks);
  }

  /** Side of the embedding of an input image, in tokens. */
  public int grid() {
    return input / patch;
  }

  /** Side of the masks that the decoder gives, in pixels. */
  public int lowResolution() {
    return 4 * grid();
  }

  /** The window of a block, or 0 if it attends to the whole image. */
  public int window(int block) {
    return global.contains(block) ? 0 : window;
  }

  /** The side for which a block's position tables are made, in tokens. */
  int tableSide(int block) {
    return window(block) == 0 ? image / patch : window;
  }

  /** Width of the image encoder's hidden layers. */
  int hidden() {
    return (int) (width * mlpRatio);
  }

  @Override
  public String toString() {
    return ("SAM of %d px, patch %d, width %d, depth %d, heads %d, window %d, global %s,"
            + " channels %d%s")
        .formatted(
            image,
            patch,
            width,
            depth,
            heads,
            window,
            new TreeSet<>(global),
            channels,
            input == image ? "" : ", input " + input + " px");
  }
}
