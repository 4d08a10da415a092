// SPDX-License-Identifier: Apache-2.0
package antaboga.nn.metric;

import antaboga.golden.Check;
import antaboga.golden.GoldenCase;
import antaboga.golden.GoldenRunner;
import antaboga.nn.metric.Hausdorff.Definition;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.Map;
import java.util.regex.Pattern;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Claims the golden cases of metrics: three libraries, each with its own definitions. */
public final class MetricCases {
  private static final double NONE = Double.NaN;
  private static final double FAR = Double.POSITIVE_INFINITY;
  private static final EmptyMasks LIKE_MONAI = EmptyMasks.of(NONE, 0, NONE);
  private static final EmptyMasks ALWAYS_NONE = EmptyMasks.of(NONE, NONE, NONE);
  private static final EmptyMasks NONE_OR_FAR = EmptyMasks.of(NONE, FAR, FAR);
  private static final EmptyMasks NONE_OR_ZERO = EmptyMasks.of(NONE, 0, 0);
  private static final EmptyMasks ALWAYS_FAR = EmptyMasks.of(FAR, FAR, FAR);

  private static final Pattern NAME =
      Pattern.compile("(?<metric>\\w+?)(_conn(?<conn>\\d))?(_t(?<tolerance>[\\d.]+))?");

  private MetricCases() {}

  /** Adds the claim. */
  public static void claim(GoldenRunner runner) {
    runner.claim("medpy\\.metric\\.binary, monai\\.metrics, .*", MetricCases::run);
  }

  private static void run(GoldenCase c, Check check) {
    var truth = region(c.input("gt"));
    var spacing = spacing(c.params().path("spacing"));
    var pair = Pair.of(region(c.input("pred")), truth, spacing);
    for (Map.Entry<String, JsonNode> entry : c.params().get("expected").properties()) {
      compare(entry.getKey(), entry.getValue(), pair, check);
    }
    if (c.outputs().has("edt_to_gt")) {
      check.output("edt_to_gt", doubles(DistanceTransform.to(truth, spacing), truth.shape()));
    }
    if (c.outputs().has("border_gt_conn1")) {
      var border = truth.border(Connectivity.FACES).toBytes();
      var values = new double[border.length];
      Arrays.setAll(values, i -> border[i]);
      check.output("border_gt_conn1", doubles(values, truth.shape()));
    }
  }

  private static void compare(String name, JsonNode expected, Pair pair, Check check) {
    var metric = metric(name);
    if (expected.asText().startsWith("raises")) {
      try {
        check.fault(name + ": " + metric.of(pair) + ", expected an exception");
      } catch (IllegalArgumentException refused) {
        // as in the library
      }
      return;
    }
    double number =
        switch (expected.asText()) {
          case "nan" -> NONE;
          case "inf" -> FAR;
          default -> expected.asDouble();
        };
    check.number(name, metric.of(pair), number);
  }

  /** The metric of ours that a library's name stands for. */
  private static Metric metric(String name) {
    var match = NAME.matcher(name);
    if (!match.matches()) {
      throw new IllegalArgumentException("metric " + name);
    }
    var number = match.group("conn");
    var connectivity = number == null ? Connectivity.FACES : connectivity(Integer.parseInt(number));
    double tolerance =
        match.group("tolerance") == null ? 0 : Double.parseDouble(match.group("tolerance"));
    return switch (match.group("metric")) {
      case "medpy_dc", "monai_dice_noignore" -> new Dice();
      case "medpy_jc" -> new Iou();
      case "medpy_precision" -> new Precision(0);
      case "medpy_recall" -> new Sensitivity(0);
      case "medpy_specificity" -> new Specificity(0);
      case "medpy_hd" -> new Hausdorff(100, Definition.MAXIMUM, connectivity, EmptyMasks.REFUSED);
      case "medpy_hd95" -> new Hausdorff(95, Definition.POOLED, connectivity, EmptyMasks.REFUSED);
      case "medpy_asd" -> new SurfaceDistance(false, connectivity, EmptyMasks.REFUSED);
      case "medpy_assd" -> new SurfaceDistance(true, connectivity, EmptyMasks.REFUSED);
      case "monai_dice" -> new Dice(LIKE_MONAI);
      case "monai_iou" -> new Iou(LIKE_MONAI);
      case "monai_hd" -> new Hausdorff(100, Definition.MAXIMUM, connectivity, NONE_OR_FAR);
      case "monai_hd95" -> new Hausdorff(95, Definition.MAXIMUM, connectivity, ALWAYS_NONE);
      case "monai_hd95_directed" ->
          new Hausdorff(95, Definition.FORWARD, connectivity, ALWAYS_NONE);
      case "monai_asd" -> new SurfaceDistance(false, connectivity, NONE_OR_FAR);
      case "monai_assd" -> new SurfaceDistance(true, connectivity, NONE_OR_FAR);
      case "monai_nsd" -> new SurfaceDice(tolerance, false, NONE_OR_ZERO);
      case "deepmind_nsd" -> new SurfaceDice(tolerance, true, NONE_OR_ZERO);
      case "medsam_dice_coefficient" -> new Dice(NONE_OR_ZERO);
      case "deepmind_robust_hd95" ->
          new Hausdorff(95, Definition.WEIGHTED, connectivity, ALWAYS_FAR);
      default -> throw new IllegalArgumentException("metric " + name);
    };
  }

  /** By how many axes neighbours may differ, as SciPy counts. */
  private static Connectivity connectivity(int axes) {
    return switch (axes) {
      case 1 -> Connectivity.FACES;
      case 2 -> Connectivity.EDGES;
      default -> Connectivity.FULL;
    };
  }

  private static double[] spacing(JsonNode node) {
    var spacing = new double[node.size()];
    Arrays.setAll(spacing, i -> node.get(i).asDouble());
    return spacing;
  }

  private static Region region(INDArray mask) {
    var shape = Arrays.stream(mask.shape()).mapToInt(Math::toIntExact).toArray();
    return Region.above(mask.castTo(DataType.FLOAT).dup('c').data().asFloat(), 0, shape);
  }

  private static INDArray doubles(double[] values, int[] shape) {
    return Nd4j.createFromArray(values).reshape('c', Arrays.stream(shape).asLongStream().toArray());
  }
}
