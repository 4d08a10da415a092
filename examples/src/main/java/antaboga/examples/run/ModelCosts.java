// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.Parameter;
import antaboga.mamba.vision.VssUNet;
import antaboga.mamba.vision.VssUNetConfig;
import antaboga.medsam.model.MedSamConfig;
import antaboga.medsam.model.Sam;
import antaboga.nn.Weights;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
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
  record Block(String name, long parameters, long products, long scan) {}

  /** The student and two teachers. */
  static List<ModelCosts> all() {
    return List.of(
        student(256),
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

  /** Student A; a parameter's place tells at how many positions it works. */
  static ModelCosts student(int image) {
    var weights = Weights.init(0);
    var unused = new VssUNet(weights, VssUNetConfig.tiny());
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
    var blocks = new ArrayList<Block>();
    for (var place : positions.entrySet()) {
      long count = place.getValue();
      var here = new TreeMap<String, List<Parameter>>();
      for (var parameter : weights.trainable()) {
        if (parameter.name().startsWith(place.getKey())) {
          here.computeIfAbsent(block(parameter.name()), b -> new ArrayList<>()).add(parameter);
        }
      }
      here.forEach(
          (block, parameters) ->
              blocks.add(
                  new Block(
                      block,
                      sum(parameters, p -> p.shape().elements()),
                      sum(parameters, p -> isFactor(p) ? p.shape().elements() * count : 0),
                      sum(parameters, p -> isState(p) ? 9 * p.shape().elements() * count : 0))));
    }
    var name = "student: %s tiny of %d px".formatted(unused.getClass().getSimpleName(), image);
    return new ModelCosts(name, blocks);
  }

  /** The part that a parameter belongs to: {@code layers.2.blocks.1} or {@code final_up}. */
  private static String block(String parameter) {
    return parameter.replaceFirst(
        "^(layers(?:_up)?\\.\\d+\\.(?:blocks\\.\\d+|[a-z]+)|[a-z_]+)\\..*", "$1");
  }

  private static long square(long side) {
    return side * side;
  }

  private static long sum(List<Parameter> parameters, ToLongFunction<Parameter> cost) {
    return parameters.stream().mapToLong(cost).sum();
  }

  private static boolean isState(Parameter parameter) {
    return parameter.name().endsWith("A_logs");
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
