// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.golden.Check;
import antaboga.golden.GoldenCase;
import antaboga.golden.GoldenRunner;
import antaboga.medsam.model.Prompts;
import antaboga.medsam.model.Sam;
import antaboga.medsam.model.SamCases;
import antaboga.medsam.model.Upsampling;
import antaboga.nn.Weights;
import antaboga.nn.optim.AdamW;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Golden cases of SAM's forward pass from pixels, and of MedSAM's training. */
final class TrainingCases {
  private TrainingCases() {}

  static void claim(GoldenRunner runner) {
    runner
        .claim("Sam\\.forward.*", TrainingCases::sam)
        .claim("MedSAM\\.forward \\+ monai DiceLoss.*", TrainingCases::training);
  }

  private static void sam(GoldenCase c, Check check) {
    var sam = SamCases.model(c);
    int input = sam.config().input();
    var image = Tensor.of(c.input("image"));
    var prepared =
        new LongestSide(input)
            .padded(
                image.reshape(1, 3, image.size(1), image.size(2)),
                numbers(c, "pixel_mean"),
                numbers(c, "pixel_std"));
    check.output("preprocessed", prepared.index(0, 0).array());
    boolean several = c.outputs().array("iou").shape()[1] > 1;
    var masks =
        sam.decode(
            sam.imageEncoder().forward(prepared),
            Prompts.boxes(Tensor.of(c.input("boxes"))),
            several);
    check.output("low_res_logits", masks.logits().array());
    check.output("iou", masks.iou().array());
    var logits =
        Upsampling.logits(
            masks.logits(),
            input,
            (int) image.size(1),
            (int) image.size(2),
            c.params().get("original_size").get(0).asLong(),
            c.params().get("original_size").get(1).asLong());
    check.output("masks", SamCases.above(logits, 0, c.outputs().get("masks")));
  }

  private static float[] numbers(GoldenCase c, String name) {
    var list = c.params().get(name);
    var numbers = new float[list.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (float) list.get(i).asDouble();
    }
    return numbers;
  }

  private static void training(GoldenCase c, Check check) {
    var weights = Weights.from(c.state("state_dict"));
    var sam = Sam.withFrozenPrompts(weights, SamCases.config(c.params()));
    var training = new MedSamTraining(sam);
    var images = Tensor.of(c.input("image"));
    var boxes = Tensor.of(c.input("boxes"));
    var masks = Tensor.of(c.input("gt").castTo(DataType.FLOAT));
    try (var tape = new Tape(0)) {
      var terms = training.terms(images, boxes, masks);
      check.output("pred0", terms.prediction().array());
      check.output("dice0", terms.dice().array());
      check.output("bce0", terms.crossEntropy().array());
      var gradients = tape.gradients(terms.total());
      var byName = new LinkedHashMap<String, INDArray>();
      for (var parameter : weights.all()) {
        gradients.of(parameter).ifPresent(g -> byName.put(parameter.name(), g.array()));
      }
      check.state("grads", byName);
      for (var name : c.params().get("params_without_grad")) {
        if (byName.containsKey(name.asText())) {
          check.fault(name.asText() + " has a gradient");
        }
      }
    }
    var p = c.params();
    var optimizer =
        new AdamW(
            AdamW.Config.of(p.get("lr").asDouble())
                .withDecay(p.get("weight_decay").asDouble())
                .withBetas(p.get("betas").get(0).asDouble(), p.get("betas").get(1).asDouble())
                .withEpsilon(p.get("eps").asDouble()),
            weights.trainable());
    var losses = new double[p.get("steps").asInt()];
    for (int step = 0; step < losses.length; step++) {
      losses[step] =
          training.step(images, boxes, masks, optimizer, p.get("lr").asDouble(), step).total();
    }
    check.output("losses", Tensor.of(losses, losses.length).array());
    after(c, check, weights.arrays());
  }

  /*
   * Adam divides a gradient by its own size: one that is rounding noise moves its parameter by the
   * whole rate, in either direction. So an element may be off by the share of noise in its gradient,
   * times the way that it went; ten times the noise, as in the set's other tolerances.
   */
  private static void after(GoldenCase c, Check check, Map<String, INDArray> actual) {
    var p = c.params();
    double way = p.get("steps").asDouble() * p.get("lr").asDouble();
    double noise = 10 * p.get("grad_fp32_noise").asDouble();
    var gradients = c.state("grads");
    var expected = c.state("params_after");
    expected.forEach(
        (name, array) -> {
          var wanted = Tensor.of(array).toDoubles();
          var after = actual.get(name);
          if (after == null) {
            check.fault("params_after: no " + name);
            return;
          }
          var found = Tensor.of(after).toDoubles();
          var gradient = gradients.get(name); // none where nothing was trained
          var steep = gradient == null ? new double[0] : Tensor.of(gradient).toDoubles();
          for (int i = 0; i < wanted.length; i++) {
            double share = steep.length == 0 ? 0 : Math.min(2, noise / Math.abs(steep[i]));
            double allowed =
                c.tolerance().atol() + c.tolerance().rtol() * Math.abs(wanted[i]) + way * share;
            if (!(Math.abs(wanted[i] - found[i]) <= allowed)) {
              check.fault(
                  "params_after.%s[%d]: %s, expected %s within %s"
                      .formatted(name, i, found[i], wanted[i], allowed));
              return;
            }
          }
        });
  }
}
