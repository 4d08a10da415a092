// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam.model;

import antaboga.Tensor;
import antaboga.golden.Check;
import antaboga.golden.GoldenCase;
import antaboga.golden.GoldenRunner;
import antaboga.nn.Weights;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Golden cases of the whole model. */
public final class SamCases {
  private static final Pattern SIZES = Pattern.compile("(\\d+)x(\\d+)");

  private static final Pattern CUT = Pattern.compile("input_size=\\(n(-\\d+|),\\s*n(-\\d+|)\\)");
  private static final Pattern ORIGINAL = Pattern.compile("original_size=\\((\\d+),\\s*(\\d+)\\)");

  private SamCases() {}

  /** Claims the cases of this class. */
  public static void claim(GoldenRunner runner) {
    runner
        .claim("ImageEncoderViT\\.forward.*", SamCases::imageEncoder)
        .claim("PromptEncoder\\.get_dense_pe.*", SamCases::densePositions)
        .claim("PromptEncoder\\.forward.*", SamCases::prompt);
  }

  /** The configuration that a case's params name. */
  public static MedSamConfig config(JsonNode p) {
    var global = new TreeSet<Integer>();
    p.get("glob").forEach(block -> global.add(block.asInt()));
    return new MedSamConfig(
        p.get("img").asInt(),
        p.get("img").asInt(),
        p.get("patch").asInt(),
        p.get("dim").asInt(),
        p.get("depth").asInt(),
        p.get("heads").asInt(),
        p.get("mlp_ratio").asDouble(),
        p.get("win").asInt(),
        Set.copyOf(global),
        p.get("relpos").asBoolean(),
        p.get("out").asInt(),
        p.get("dheads").asInt(),
        p.get("mlp").asInt(),
        p.get("mask_ch").asInt(),
        p.get("iou_hid").asInt(),
        p.get("multi").asInt());
  }

  /** The model with the case's weights. */
  public static Sam model(GoldenCase c) {
    var weights = Weights.from(c.state("state_dict"));
    var sam = new Sam(weights, config(c.params()));
    weights.requireAllUsed();
    return sam;
  }

  private static void imageEncoder(GoldenCase c, Check check) {
    var encoder = model(c).imageEncoder();
    var image = Tensor.of(c.input("image"));
    check.output("embedding", encoder.forward(image).array());
    var patches = encoder.patchEmbed().forward(image);
    check.output("patch_embed", patches.array());
    var x = patches.add(encoder.posEmbed());
    check.output("pos_added", x.array());
    for (int i = 0; i < encoder.blocks().size(); i++) {
      var block = encoder.blocks().get(i);
      inside(c, check, "block" + i, block, x);
      x = block.forward(x);
      output(c, check, "block" + i, x);
    }
    var neck = encoder.neck();
    var mixed = neck.mixed(x);
    check.output("neck0", mixed.array());
    var normed = neck.norm1().forward(mixed);
    check.output("neck1", normed.array());
    var spread = neck.spread(normed);
    check.output("neck2", spread.array());
    check.output("neck3", neck.norm2().forward(spread).array());
  }

  private static void inside(GoldenCase c, Check check, String name, EncoderBlock block, Tensor x) {
    var normed = block.norm1().forward(x);
    output(c, check, name + "_norm1", normed);
    var windows = new Windows(Math.max(1, block.window()));
    boolean windowed = block.window() > 0;
    var attended = block.attn().forward(windowed ? windows.partition(normed) : normed);
    output(c, check, name + "_attn", attended);
    var joined = windowed ? windows.join(attended, x.size(1), x.size(2)) : attended;
    output(c, check, name + "_mlp", block.mlp().forward(block.norm2().forward(x.add(joined))));
  }

  private static void output(GoldenCase c, Check check, String name, Tensor x) {
    if (c.outputs().has(name)) {
      check.output(name, x.array());
    }
  }

  private static void densePositions(GoldenCase c, Check check) {
    var sam = model(c);
    long g = sam.config().grid();
    check.output(
        "dense_pe",
        sam.promptEncoder().densePositions().reshape(1, g, g, -1).permute(0, 3, 1, 2).array());
  }

  private static Optional<Tensor> input(GoldenCase c, String name) {
    return c.inputs().has(name) ? Optional.of(Tensor.of(c.input(name))) : Optional.empty();
  }

  private static void prompt(GoldenCase c, Check check) {
    var sam = model(c);
    var embedding = Tensor.of(c.input("image_embedding"));
    var boxes = input(c, "boxes").map(b -> b.reshape(-1, 4)); // SAM also takes (K, 1, 4)
    var prompts =
        new Prompts(boxes, input(c, "points"), input(c, "labels"), input(c, "mask_input"));
    var encoded = sam.promptEncoder().encode(prompts);
    encoded
        .sparse()
        .ifPresentOrElse(
            s -> check.output("sparse", s.array()),
            () -> check.skip("outputs", "sparse", "no token at all: ND4J has no empty arrays"));
    var dense = encoded.dense();
    check.output(
        "dense",
        dense
            .expand(prompts.count(), dense.size(1), dense.size(2), dense.size(3))
            .permute(0, 3, 1, 2)
            .array());
    var single = sam.decode(embedding, prompts, false);
    check.output("low_res_single", single.logits().array());
    check.loosely(
        "outputs",
        "iou_single",
        single.iou().array(),
        5,
        "the noise of one number is luck: the head's other outputs have five times as much");
    var several = sam.decode(embedding, prompts, true);
    check.output("low_res_multi", several.logits().array());
    check.output("iou_multi", several.iou().array());
    if (c.outputs().has("transformer_hs")) {
      long all = sam.config().masks() + 2 + encoded.sparse().map(x -> x.size(1)).orElse(0L);
      var cells = Cells.of(embedding, dense, sam.promptEncoder().densePositions());
      long count = prompts.count();
      var pair = sam.maskDecoder().transformed(cells.expand(count), encoded.sparse(), count, all);
      check.output("transformer_hs", pair.tokens().array());
      check.output("transformer_src", pair.image().array());
    }
    if (c.outputs().has("sam_postprocess")) {
      postprocessed(c, check, several.logits(), sam.config().input());
    }
    for (var name : c.outputs().names()) {
      if (name.startsWith("medsam_prob_")) {
        upsampled(c, check, name.substring("medsam_prob_".length()), single.logits());
      }
    }
  }

  // Sam.postprocess_masks(low_res_multi, input_size=(n-20,n), original_size=(77,95))
  private static void postprocessed(GoldenCase c, Check check, Tensor logits, int input) {
    var text = c.params().get("sam_postprocess").asText();
    var used = CUT.matcher(text);
    var original = ORIGINAL.matcher(text);
    if (!used.find() || !original.find()) {
      throw new IllegalArgumentException("sam_postprocess: " + text);
    }
    check.output(
        "sam_postprocess",
        Upsampling.logits(
                logits,
                input,
                input - cut(used.group(1)),
                input - cut(used.group(2)),
                Long.parseLong(original.group(1)),
                Long.parseLong(original.group(2)))
            .array());
  }

  private static int cut(String minus) {
    return minus.isEmpty() ? 0 : Integer.parseInt(minus.substring(1));
  }

  private static void upsampled(GoldenCase c, Check check, String sizes, Tensor logits) {
    var matcher = SIZES.matcher(sizes);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("sizes " + sizes + ", expected HxW");
    }
    var probability =
        Upsampling.probabilities(
            logits, Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2)));
    check.output("medsam_prob_" + sizes, probability.array());
    check.output(
        "medsam_seg_" + sizes, above(probability, 0.5, c.outputs().get("medsam_seg_" + sizes)));
  }

  /** 1 above the threshold, else 0; within 1e-5 of it either is right (the set's README). */
  public static INDArray above(Tensor x, double threshold, INDArray expected) {
    var values = x.toDoubles();
    var wanted = Tensor.of(expected.castTo(DataType.DOUBLE)).toDoubles();
    for (int i = 0; i < values.length; i++) {
      values[i] =
          Math.abs(values[i] - threshold) < 1e-5 ? wanted[i] : values[i] > threshold ? 1 : 0;
    }
    return Tensor.of(values, x.shape().toArray()).array();
  }
}
