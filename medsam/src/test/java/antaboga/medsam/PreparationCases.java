// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import antaboga.Tensor;
import antaboga.golden.Check;
import antaboga.golden.GoldenCase;
import antaboga.golden.GoldenRunner;
import antaboga.nn.data.IntensityWindow;
import antaboga.nn.data.SplineResize;
import antaboga.nn.data.SplineResize.Boundary;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Golden cases of the preparation of images. */
final class PreparationCases {
  private PreparationCases() {}

  static void claim(GoldenRunner runner) {
    runner
        .claim("MedSAM_Inference\\.py preprocessing.*", PreparationCases::inference)
        .claim("pre_CT_MR\\.py: resize.*", PreparationCases::training)
        .claim("pre_CT_MR\\.py CT windowing.*", PreparationCases::level)
        .claim("pre_CT_MR\\.py MR.*", PreparationCases::percentiles)
        .claim("ResizeLongestSide\\.apply_image.*", PreparationCases::longestSide);
  }

  private static void inference(GoldenCase c, Check check) {
    var image = image(c.input("image"));
    int size = c.params().get("size").asInt();
    var floats = image.resized(size, Boundary.MIRROR);
    check.output("resized_float_ch0", array(floats[0], size, size));
    var expected = bytes(c.outputs().get("resized_u8"));
    var truncated = new double[size * size * 3];
    for (int i = 0; i < truncated.length; i++) {
      double exact = floats[image.channels() == 1 ? 0 : i % 3][i / 3];
      truncated[i] = (int) exact;
      // the manifest's note: truncation may fall on either side of an integer
      boolean near = Math.abs(exact - Math.rint(exact)) < 1e-3;
      if (near && Math.abs(truncated[i] - (expected[i] & 0xff)) == 1) {
        truncated[i] = expected[i] & 0xff;
      }
    }
    check.output("resized_u8", array(truncated, size, size, 3));
    var planes = new double[3][size * size];
    for (int i = 0; i < truncated.length; i++) {
      planes[i % 3][i / 3] = truncated[i];
    }
    check.output("normalized_ch1", Image.normalized(planes, size).index(0, 0).index(0, 1).array());
    var box = box(c.input("box"));
    check.output(
        "box_scaled",
        array(box.scaled((double) size / image.width(), (double) size / image.height())));
  }

  private static void training(GoldenCase c, Check check) {
    int size = c.params().get("size").asInt();
    var floats = image(c.input("image")).resized(size, Boundary.ZERO);
    check.output("resized_float_ch0", array(floats[0], size, size));
    var label = c.input("label");
    var labels =
        SplineResize.nearest(bytes(label), (int) label.size(0), (int) label.size(1), size, size);
    var values = new double[labels.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = labels[i] & 0xff;
    }
    check.output("label_resized", array(values, size, size));
  }

  private static void level(GoldenCase c, Check check) {
    window(
        c,
        check,
        "ct",
        new IntensityWindow.Level(
            c.params().get("level").asDouble(), c.params().get("width").asDouble()));
  }

  private static void percentiles(GoldenCase c, Check check) {
    var window = IntensityWindow.percentiles();
    var values = floats(c.input("mr"));
    check.number("lower", window.low(values), c.params().get("lower").asDouble());
    check.number("upper", window.high(values), c.params().get("upper").asDouble());
    window(c, check, "mr", window);
  }

  private static void window(GoldenCase c, Check check, String name, IntensityWindow window) {
    var scan = c.input(name);
    var bytes = window.apply(floats(scan));
    var values = new double[bytes.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = bytes[i] & 0xff;
    }
    check.output("u8", array(values, scan.shape()));
  }

  private static void longestSide(GoldenCase c, Check check) {
    var image = image(c.input("image"));
    var longest = new LongestSide(c.params().get("target").asInt());
    var resized = longest.resize(image);
    var values = new double[resized.height() * resized.width() * resized.channels()];
    for (int i = 0; i < values.length; i++) {
      int pixel = i / resized.channels();
      values[i] =
          resized.value(i % resized.channels(), pixel / resized.width(), pixel % resized.width());
    }
    var shape =
        c.input("image").rank() == 2
            ? new long[] {resized.height(), resized.width()}
            : new long[] {resized.height(), resized.width(), 3};
    check.output("resized", array(values, shape));
    check.output(
        "boxes", array(longest.resize(box(c.input("box")), image.height(), image.width())));
  }

  private static Image image(INDArray array) {
    int height = (int) array.size(0);
    int width = (int) array.size(1);
    return array.rank() == 2
        ? Image.grey(height, width, bytes(array))
        : Image.rgb(height, width, bytes(array));
  }

  private static Box box(INDArray array) {
    var sides = Tensor.of(array.castTo(DataType.DOUBLE)).toDoubles();
    return new Box(sides[0], sides[1], sides[2], sides[3]);
  }

  private static INDArray array(Box box) {
    return array(new double[] {box.x0(), box.y0(), box.x1(), box.y1()}, 1, 4);
  }

  private static INDArray array(double[] values, long... shape) {
    return Tensor.of(values, shape).array();
  }

  private static float[] floats(INDArray array) {
    return Tensor.of(array.castTo(DataType.FLOAT)).toFloats();
  }

  private static byte[] bytes(INDArray array) {
    var values = floats(array);
    var bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (int) values[i];
    }
    return bytes;
  }
}
