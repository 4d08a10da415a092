// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import antaboga.Tensor;
import antaboga.golden.Check;
import antaboga.golden.GoldenCase;
import antaboga.golden.GoldenRunner;
import antaboga.medsam.model.BlockProbe;
import antaboga.medsam.model.MedSamConfig;
import antaboga.medsam.model.Prompts;
import antaboga.medsam.model.Sam;
import antaboga.nn.Weights;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The golden case of MedSAM's true size, with weights and image given by a formula. */
final class VitBCase {
  private static final int SIDE = 1024;
  private static final int IMAGE = 9999;

  private VitBCase() {}

  static void claim(GoldenRunner runner) {
    runner.claim("sam_model_registry\\[.vit_b.\\] at 1024x1024.*", VitBCase::run);
  }

  private static void run(GoldenCase c, Check check) throws IOException {
    var keys = new ObjectMapper().readTree(c.file("keys").toFile());
    long seed = keys.get("seed").asLong();
    var weights = weights(keys, seed);
    var sam = new Sam(weights, MedSamConfig.vitB());
    weights.requireAllUsed();
    check.number("tensors", weights.all().size(), keys.get("tensors").asDouble());
    check.number("parameters", (double) weights.count(), keys.get("parameters").asDouble());
    for (var part : new String[] {"image_encoder", "prompt_encoder", "mask_decoder"}) {
      check.number(part, (double) weights.at(part).count(), keys.get("parts").get(part).asDouble());
    }

    var x = BlockProbe.embed(sam, Tensor.of(image(seed), 1, 3, SIDE, SIDE));
    var statistics = new double[3 * sam.config().depth()];
    for (int i = 0; i < sam.config().depth(); i++) {
      x = BlockProbe.block(sam, i, x);
      System.arraycopy(statistics(x), 0, statistics, 3 * i, 3);
      output(c, check, "sub_block" + i, every(every(every(x, 1, 8), 2, 8), 3, 24).array());
    }
    output(c, check, "block_stats", Tensor.of(statistics, sam.config().depth(), 3).array());
    var embedding = BlockProbe.neck(sam, x);
    output(c, check, "emb", every(every(embedding, 2, 4), 3, 4).array());
    output(c, check, "emb_row", embedding.index(2, 17).array());
    output(c, check, "emb_stats", Tensor.of(statistics(embedding), 3).array());

    var prompts = Prompts.boxes(Tensor.of(c.input("boxes")));
    output(c, check, "sparse", sam.promptEncoder().encode(prompts).sparse().orElseThrow().array());
    long g = sam.config().grid();
    var positions = sam.promptEncoder().densePositions().reshape(1, g, g, -1).permute(0, 3, 1, 2);
    output(c, check, "dense_pe", every(every(positions, 2, 8), 3, 8).array());
    var single = sam.decode(embedding, prompts, false);
    output(c, check, "low_res0", single.logits().slice(0, 0, 1).array());
    output(
        c, check, "low_res1_sub", every(every(single.logits().slice(0, 1, 2), 2, 4), 3, 4).array());
    output(c, check, "iou", single.iou().array());
    var several = sam.decode(embedding, prompts, true);
    output(c, check, "low_res_multi_sub", every(every(several.logits(), 2, 8), 3, 8).array());
    output(c, check, "iou_multi", several.iou().array());
  }

  // the slice kept with the sources has some of the arrays
  private static void output(GoldenCase c, Check check, String name, INDArray actual) {
    if (c.outputs().has(name)) {
      check.output(name, actual);
    }
  }

  private static Weights weights(JsonNode keys, long seed) {
    var arrays = new LinkedHashMap<String, INDArray>();
    for (var key : keys.get("keys")) {
      var values = new float[key.get("count").asInt()];
      var shape = new long[key.get("shape").size()];
      for (int i = 0; i < shape.length; i++) {
        shape[i] = key.get("shape").get(i).asLong();
      }
      long start = (seed << 56) + ((key.get("index").asLong() + 1) << 32);
      float offset = (float) key.get("offset").asDouble();
      float scale = (float) key.get("scale").asDouble();
      IntStream.range(0, values.length)
          .parallel()
          .forEach(i -> values[i] = offset + scale * draw(start + i));
      arrays.put(key.get("name").asText(), Tensor.of(values, shape).array());
    }
    return Weights.from(arrays);
  }

  private static float[] image(long seed) {
    var values = new float[3 * SIDE * SIDE];
    for (int i = 0; i < values.length; i++) {
      int x = i % SIDE;
      int y = i / SIDE % SIDE;
      float grid = (float) ((x / 32 + y / 16) % (3 + seed)) / (float) (4 + seed);
      values[i] = 0.25f * draw((seed << 56) + ((IMAGE + 1L) << 32) + i) + grid;
    }
    return values;
  }

  // splitmix64, its 24 highest bits to [-1, 1)
  private static float draw(long z) {
    z += 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    z ^= z >>> 31;
    return (float) (z >>> 40) / 8_388_608f - 1;
  }

  // entries 0, step, 2 step, … of an axis
  private static Tensor every(Tensor x, int axis, int step) {
    long count = x.size(axis) / step;
    return Tensor.concat(
        axis,
        IntStream.range(0, (int) count)
            .mapToObj(i -> x.slice(axis, (long) i * step, (long) i * step + 1))
            .toList());
  }

  // mean, deviation with divisor n - 1, largest magnitude
  private static double[] statistics(Tensor x) {
    var values = x.toDoubles();
    double sum = 0;
    double largest = 0;
    for (double v : values) {
      sum += v;
      largest = Math.max(largest, Math.abs(v));
    }
    double mean = sum / values.length;
    double squares = 0;
    for (double v : values) {
      squares += (v - mean) * (v - mean);
    }
    return new double[] {mean, Math.sqrt(squares / (values.length - 1)), largest};
  }
}
