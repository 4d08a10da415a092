// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.loss;

import static antaboga.nn.Numbers.flag;
import static antaboga.nn.Numbers.number;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.golden.Check;
import antaboga.golden.GoldenCase;
import antaboga.golden.GoldenRunner;
import antaboga.ops.Arrays;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Claims the golden cases of losses. */
public final class LossCases {
  private interface Maker {
    Loss of(GoldenCase golden);
  }

  private LossCases() {}

  /** Adds the claims. */
  public static void claim(GoldenRunner runner) {
    claim(
        runner,
        "BCEWithLogitsLoss.*",
        c -> new BinaryCrossEntropy(number(c, "pos_weight", 1), reduction(c)));
    claim(runner, "BCELoss.*", c -> new ProbabilityCrossEntropy(reduction(c)));
    claim(runner, "monai DiceLoss.*", LossCases::dice);
    claim(runner, "monai DiceCELoss.*", LossCases::diceWithEntropy);
    claim(
        runner,
        "monai FocalLoss.*",
        c ->
            new Focal(number(c, "gamma", 2), weight(number(c, "alpha", Double.NaN)), reduction(c)));
    claim(
        runner,
        "monai TverskyLoss.*",
        c ->
            new Tversky(
                activation(c),
                number(c, "alpha", 0.5),
                number(c, "beta", 0.5),
                1e-5,
                reduction(c)));
    claim(runner, "cross_entropy.*", LossCases::crossEntropy);
    claim(
        runner,
        "KDLoss.*",
        c -> new KullbackLeibler(number(c, "T", 1), KullbackLeibler.Divisor.BATCH));
    claim(runner, "pixelwise KD.*", c -> new KullbackLeibler(number(c, "T", 1)));
    claim(
        runner,
        "F\\.kl_div reduction='mean'.*",
        c -> new KullbackLeibler(1, KullbackLeibler.Divisor.ELEMENTS));
    claim(runner, "mse_loss.*", c -> new MeanSquared(reduction(c)));
    claim(runner, "l1_loss.*", c -> new MeanAbsolute(reduction(c)));
    claim(runner, "smooth_l1.*", c -> new SmoothL1(number(c, "beta", 1), reduction(c)));
    claim(runner, "1-cosine_similarity.*", c -> new CosineDistance());
    claim(runner, "soft-target BCE.*", c -> new BinaryDistillation(number(c, "T", 1)));
    claim(runner, "attention transfer.*", c -> new AttentionTransfer());
    claim(
        runner,
        "BceDiceLoss.*",
        c ->
            new ProbabilityCrossEntropy()
                .times(number(c, "wb", 1))
                .plus(Dice.probabilities().smoothed(1, 1).times(number(c, "wd", 1))));
    claim(
        runner,
        "KnowSAM DiceLoss\\(n_classes\\).*",
        c -> (p, y) -> Dice.probabilities().squared().overBatch().of(p, oneHot(y, p)));
    claim(runner, "KnowSAM dice_loss.*", c -> Dice.probabilities());
    claim(runner, "KnowSAM loss_diff1.*", c -> LossCases::lastClass);
    claim(runner, "entropy loss.*", c -> (p, unused) -> new Entropy().of(p));
  }

  private static Reduction reduction(GoldenCase c) {
    var text = c.params().path("reduction").asText(c.function());
    if (text.contains("none") || c.outputs().array("out").shape().length > 0) {
      return Reduction.NONE;
    }
    return text.matches(".*\\bsum\\b.*") && !text.contains("-sum ")
        ? Reduction.SUM
        : Reduction.MEAN;
  }

  private static OptionalDouble weight(double alpha) {
    return Double.isNaN(alpha) ? OptionalDouble.empty() : OptionalDouble.of(alpha);
  }

  private static Squashing activation(GoldenCase c) {
    if (flag(c, "sigmoid")) {
      return Squashing.SIGMOID;
    }
    return flag(c, "softmax") ? Squashing.SOFTMAX : Squashing.NONE;
  }

  private static Dice dice(GoldenCase c) {
    return new Dice(
        activation(c),
        flag(c, "squared_pred"),
        flag(c, "jaccard"),
        flag(c, "batch"),
        !c.params().has("include_background") || c.params().get("include_background").asBoolean(),
        number(c, "smooth_nr", 1e-5),
        number(c, "smooth_dr", 1e-5),
        reduction(c));
  }

  private static Loss diceWithEntropy(GoldenCase c) {
    return dice(c)
        .times(number(c, "lambda_dice", 1))
        .plus(new BinaryCrossEntropy().times(number(c, "lambda_ce", 1)));
  }

  private static Loss crossEntropy(GoldenCase c) {
    var weights = new ArrayList<Double>();
    c.params().path("weight").forEach(w -> weights.add(w.asDouble()));
    return new CrossEntropy(
        List.copyOf(weights),
        (long) number(c, "ignore_index", -100),
        number(c, "label_smoothing", 0));
  }

  /** KnowSAM's loop over classes forgets all but the last one. */
  private static Tensor lastClass(Tensor p, Tensor y) {
    long last = p.size(1) - 1;
    var clamped = p.slice(1, last, last + 1).clamp(1e-8, 1 - 1e-7);
    return new ProbabilityCrossEntropy().of(clamped, y.slice(1, last, last + 1));
  }

  private static Tensor oneHot(Tensor labels, Tensor like) {
    var sizes = like.shape().toArray();
    int positions = (int) (like.shape().elements() / sizes[0] / sizes[1]);
    var values = new float[(int) like.shape().elements()];
    var flat = Arrays.reshape(labels.array(), labels.array().length());
    for (int i = 0; i < flat.length(); i++) {
      int image = i / positions;
      values[(int) ((image * sizes[1] + flat.getLong(i)) * positions + i % positions)] = 1;
    }
    return Tensor.of(values, sizes);
  }

  private static void claim(GoldenRunner runner, String function, Maker maker) {
    runner.claim(function, (c, check) -> run(maker.of(c), c, check));
  }

  private static void run(Loss loss, GoldenCase c, Check check) {
    var target =
        c.inputs().has("target")
            ? floating(c.input("target"))
            : Tensor.of(c.inputs().has("teacher") ? c.input("teacher") : c.input("x"));
    try (var tape = new Tape(0)) {
      var x = tape.watch(Tensor.of(c.input("x")));
      var out = loss.of(x, target);
      check.output("out", out.array());
      if (c.upstream().has("gout")) {
        var back = tape.gradients(out, Tensor.of(c.upstream().get("gout")));
        check.grad("dx", back.of(x).orElseThrow().array());
      }
    }
  }

  private static Tensor floating(INDArray target) {
    var type = target.dataType();
    boolean labels = type == DataType.INT64 || type.isFPType();
    return Tensor.of(labels ? target : target.castTo(DataType.FLOAT));
  }
}
