// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.Parameter;
import antaboga.medsam.model.MedSamConfig;
import antaboga.medsam.model.Sam;
import antaboga.nn.Weights;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToLongFunction;

/**
 * What a model costs: parameters, counted over the tensors that it really has; multiply-adds of
 * products and convolutions for one image; and, apart, the selective scan's operations, {@code 9 B
 * L D N}.
 *
 * @param name of the model
 * @param blocks in the order of the pass
 */
record ModelCosts(String name, List<Block> blocks) {
  /** One block: parameters, multiply-adds, and operations of the scan. */
  record Block(String name, long parameters, long products, long scan) {
    Block plus(Block other) {
      return new Block(
          name, parameters + other.parameters, products + other.products, scan + other.scan);
    }
  }

  /** Four students and two teachers. */
  static List<ModelCosts> all() {
    return List.of(
        student(Network.VSS_UNET_TINY, 256),
        student(Network.LIGHT_M_UNET, 256),
        student(Network.ULTRALIGHT_VM_UNET, 256),
        student(Network.U_MAMBA, 256),
        teacher("teacher T6", MedSamConfig.t6()),
        teacher("MedSAM", MedSamConfig.vitB()));
  }

  long parameters() {
    return blocks.stream().mapToLong(Block::parameters).sum();
  }

  long products() {
    return blocks.stream().mapToLong(Block::products).sum();
  }

  long scan() {
    return blocks.stream().mapToLong(Block::scan).sum();
  }

  /** A network with one image; a parameter's place tells at how many positions it works. */
  static ModelCosts student(Network network, int image) {
    var weights = Weights.init(0);
    var unused = network.build(weights);
    var positions =
        switch (network) {
          case VSS_UNET_TINY, VM_UNET -> vssUNet(image);
          case LIGHT_M_UNET -> lightMUNet(image);
          case ULTRALIGHT_VM_UNET -> ultraLight(image);
          case U_MAMBA, U_NET -> uNet(image);
        };
    var costs = new LinkedHashMap<String, Block>();
    for (var place : positions.keySet()) {
      for (var parameter : weights.trainable()) {
        if (place.equals(place(parameter, positions))) {
          var cost = cost(parameter, positions.getOrDefault(place, 0L));
          costs.merge(cost.name(), cost, Block::plus);
        }
      }
    }
    var name =
        "student %s of %d px: %s".formatted(network, image, unused.getClass().getSimpleName());
    return new ModelCosts(name, List.copyOf(costs.values()));
  }

  private static Block cost(Parameter parameter, long positions) {
    long count = parameter.shape().elements();
    return new Block(
        block(parameter.name()),
        count,
        isFactor(parameter) ? count * positions : 0,
        isState(parameter) ? 9 * count * positions : 0);
  }

  /** The first place that the name begins with. */
  private static String place(Parameter parameter, Map<String, Long> places) {
    return places.keySet().stream().filter(parameter.name()::startsWith).findFirst().orElseThrow();
  }

  private static Map<String, Long> vssUNet(int image) {
    long grid = image / 4;
    var positions = new LinkedHashMap<String, Long>();
    positions.put("patch_embed", grid * grid);
    for (int i = 0; i < 4; i++) {
      positions.put("layers." + i + ".blocks", square(grid >> i));
      positions.put("layers." + i + ".downsample", square(grid >> (i + 1)));
    }
    for (int i = 0; i < 4; i++) {
      positions.put("layers_up." + i + ".upsample", square(grid >> (4 - i)));
      positions.put("layers_up." + i + ".blocks", square(grid >> (3 - i)));
    }
    positions.put("final_up", grid * grid);
    positions.put("final_conv", square(image));
    return positions;
  }

  /** A stage's first layer works before the pooling that it begins with. */
  private static Map<String, Long> lightMUNet(int image) {
    var positions = new LinkedHashMap<String, Long>();
    positions.put("convInit", square(image));
    for (int i = 0; i < 4; i++) {
      positions.put("down_layers." + i + ".0", square(image >> Math.max(0, i - 1)));
      positions.put("down_layers." + i, square(image >> i));
    }
    for (int i = 0; i < 3; i++) {
      positions.put("up_samples." + i, square(image >> (3 - i)));
      positions.put("up_layers." + i, square(image >> (2 - i)));
    }
    positions.put("conv_final", square(image));
    return positions;
  }

  /** A PVM layer's block serves four quarters of the channels. */
  private static Map<String, Long> ultraLight(int image) {
    var positions = new LinkedHashMap<String, Long>();
    for (int i = 0; i < 6; i++) {
      positions.put("encoder" + (i + 1) + ".0.mamba", 4 * square(image >> i));
      positions.put("encoder" + (i + 1), square(image >> i));
      positions.put("ebn" + (i + 1), 0L);
    }
    long scales = 0;
    for (int i = 1; i < 6; i++) {
      scales += square(image >> i);
    }
    positions.put("scab.satt", scales);
    positions.put("scab.catt.get_all_att", 128L);
    positions.put("scab.catt", 1L);
    for (int i = 0; i < 5; i++) {
      int shift = Math.min(5, 6 - i);
      positions.put("decoder" + (i + 1) + ".0.mamba", 4 * square(image >> shift));
      positions.put("decoder" + (i + 1), square(image >> shift));
      positions.put("dbn" + (i + 1), 0L);
    }
    positions.put("final", square(image / 2));
    return positions;
  }

  private static Map<String, Long> uNet(int image) {
    var positions = new LinkedHashMap<String, Long>();
    positions.put("encoder.in_conv", square(image));
    for (int i = 0; i < 5; i++) {
      positions.put("encoder.vss." + i, square(image >> i));
    }
    for (int i = 1; i < 5; i++) {
      positions.put("encoder.down" + i, square(image >> i));
      positions.put("decoder.up" + i + ".conv1x1", square(image >> (5 - i)));
      positions.put("decoder.up" + i, square(image >> (4 - i)));
    }
    positions.put("decoder.out_conv", square(image));
    return positions;
  }

  /** The part that a parameter belongs to: {@code layers.2.blocks.1} or {@code final_up}. */
  private static String block(String parameter) {
    return parameter.replaceFirst(
        "^(layers(?:_up)?\\.\\d+\\.(?:blocks\\.\\d+|[a-z]+)|(?:down|up)_layers\\.\\d+\\.\\d+"
            + "|up_samples\\.\\d+|encoder\\.vss\\.\\d|encoder\\.[a-z_]+\\d*|decoder\\.up\\d\\.conv(?:1x1)?"
            + "|decoder\\.out_conv|[A-Za-z_]+\\d*)\\..*",
        "$1");
  }

  private static long square(long side) {
    return side * side;
  }

  private static long sum(List<Parameter> parameters, ToLongFunction<Parameter> cost) {
    return parameters.stream().mapToLong(cost).sum();
  }

  private static boolean isState(Parameter parameter) {
    return parameter.name().matches(".*A_logs?");
  }

  /** Whether every position of the map is multiplied by it. */
  private static boolean isFactor(Parameter parameter) {
    var name = parameter.name();
    boolean vector = parameter.shape().rank() < 2 || name.endsWith("dt_projs_bias");
    return !vector && !isState(parameter) && !name.endsWith("Ds");
  }

  /** A teacher: image encoder once for each image, the rest once for each box. */
  static ModelCosts teacher(String name, MedSamConfig c) {
    var weights = Weights.init(0);
    var unused = new Sam(weights, c);
    var products = new LinkedHashMap<String, Long>();
    long tokens = square(c.grid());
    long width = c.width();
    products.put("image_encoder.patch_embed", tokens * 3 * square(c.patch()) * width);
    for (int block = 0; block < c.depth(); block++) {
      products.put("image_encoder.blocks." + block + ".", block(c, block));
    }
    long neck = tokens * c.channels() * (width + 9L * c.channels());
    products.put("image_encoder.neck", neck);
    products.put("prompt_encoder", 0L);
    products.put("mask_decoder", decoder(c));
    var blocks = new ArrayList<Block>();
    for (Map.Entry<String, Long> entry : products.entrySet()) {
      var here =
          weights.all().stream()
              .filter(p -> p.name().startsWith(entry.getKey()))
              .filter(p -> !p.name().endsWith("gaussian_matrix")) // a buffer
              .toList();
      blocks.add(
          new Block(
              entry.getKey().replaceFirst("\\.$", ""),
              sum(here, p -> p.shape().elements()),
              entry.getValue(),
              0));
    }
    blocks.add(
        new Block(
            "image_encoder.pos_embed",
            sum(
                weights.all().stream().filter(p -> p.name().endsWith("pos_embed")).toList(),
                p -> p.shape().elements()),
            0,
            0));
    return new ModelCosts(name + ": " + unused.config(), blocks);
  }

  /** Windows are padded: their queries and keys cost more, the other layers do not. */
  private static long block(MedSamConfig c, int block) {
    long width = c.width();
    long side = c.grid();
    long window = c.window(block);
    long windows = window == 0 ? 1 : square((side + window - 1) / window);
    long inside = window == 0 ? square(side) : square(window);
    long attended = windows * inside;
    long projections = attended * 4 * width * width;
    long attention = 2 * windows * inside * inside * width;
    long positions = c.relative() ? 2 * attended * (window == 0 ? side : window) * width : 0;
    long mlp = (long) (2 * square(side) * width * width * c.mlpRatio());
    return projections + attention + positions + mlp;
  }

  /** One box: 7 tokens (quality, four masks, two corners) against the image's. */
  private static long decoder(MedSamConfig c) {
    long t = 7;
    long image = square(c.grid());
    long width = c.channels();
    long half = width / 2;
    long self = 4 * t * width * width + 2 * t * t * width;
    long cross = 2 * (t + image) * width * half + 2 * t * image * half;
    long mlp = 2 * t * width * c.decoderMlp();
    long layers = 2 * (self + 2 * cross + mlp) + cross;
    long up = image * width * width + 4 * image * width / 4 * width / 2;
    long hyper = (c.masks() + 1L) * (2 * width * width + width * width / 8);
    long masks = (c.masks() + 1L) * 16 * image * width / 8;
    long quality = width * c.iouHidden() + square(c.iouHidden()) + c.iouHidden() * (c.masks() + 1L);
    return layers + up + hyper + masks + quality;
  }

  /** A table for people. */
  String table() {
    var table = new StringBuilder();
    table.append("%s%n".formatted(name));
    table.append(
        "  %-28s %14s %14s %14s%n".formatted("block", "parameters", "multiply-adds", "scan"));
    for (var block : blocks) {
      table.append(row(block.name(), block.parameters(), block.products(), block.scan()));
    }
    table.append(row("all", parameters(), products(), scan()));
    return table.toString().stripTrailing();
  }

  private static String row(String name, long parameters, long products, long scan) {
    return String.format(
        Locale.ROOT,
        "  %-28s %,14d %14s %14s%n",
        name,
        parameters,
        millions(products),
        millions(scan));
  }

  private static String millions(long count) {
    return count == 0
        ? "-"
        : count < 1_000_000_000
            ? String.format(Locale.ROOT, "%.2f M", count / 1e6)
            : String.format(Locale.ROOT, "%.3f G", count / 1e9);
  }
}
