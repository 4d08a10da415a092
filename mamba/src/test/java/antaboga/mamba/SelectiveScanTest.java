// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.GradCheck;
import antaboga.ShapeException;
import antaboga.Tensor;
import antaboga.kernel.Workers;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

class SelectiveScanTest {
  private final SplittableRandom random = new SplittableRandom(1);

  private Tensor normal(long... shape) {
    return Tensor.normal(random, shape);
  }

  private Tensor step(long... shape) {
    return Tensor.uniform(random, shape).softplus();
  }

  private Tensor rate(long... shape) {
    return Tensor.uniform(random, shape).add(0.1).neg();
  }

  private static Tensor[] doubles(Tensor... tensors) {
    return List.of(tensors).stream().map(x -> x.to(DataType.DOUBLE)).toArray(Tensor[]::new);
  }

  @Test
  void gradientsAgreeWithCentralDifferences() {
    var in =
        doubles(
            normal(2, 6, 5),
            step(2, 6, 5),
            rate(6, 3),
            normal(2, 3, 3, 5),
            normal(2, 2, 3, 5),
            normal(6),
            normal(2, 6, 5),
            normal(6),
            normal(2, 6, 3));
    GradCheck.of(
            x ->
                SelectiveScan.of(
                    x[0],
                    x[1],
                    x[2],
                    x[3],
                    x[4],
                    ScanOptions.plain()
                        .withD(x[5])
                        .withZ(x[6])
                        .withDeltaBias(x[7])
                        .withInitialState(x[8])
                        .withDeltaSoftplus()),
            in)
        .requireBelow(1e-6);
  }

  @Test
  void lastStateHasGradients() {
    var in = doubles(normal(1, 4, 3), step(1, 4, 3), rate(4, 2), normal(1, 2, 3), normal(4, 2));
    GradCheck.of(
            x -> {
              var result =
                  SelectiveScan.withLastState(x[0], x[1], x[2], x[3], x[4], ScanOptions.plain());
              return Tensor.concat(0, result.y().reshape(-1), result.lastState().reshape(-1));
            },
            in)
        .requireBelow(1e-6);
  }

  @Test
  void stepByStepGivesTheSameBitsInDouble() {
    var in = doubles(normal(2, 3, 6), step(2, 3, 6), rate(3, 4), normal(2, 4, 6), normal(2, 4, 6));
    var whole = SelectiveScan.withLastState(in[0], in[1], in[2], in[3], in[4], ScanOptions.plain());
    var options = ScanOptions.plain();
    for (int t = 0; t < 6; t++) {
      var one =
          SelectiveScan.withLastState(
              in[0].slice(2, t, t + 1),
              in[1].slice(2, t, t + 1),
              in[2],
              in[3].slice(2, t, t + 1),
              in[4].slice(2, t, t + 1),
              options);
      assertArrayEquals(whole.y().slice(2, t, t + 1).toDoubles(), one.y().toDoubles());
      options = ScanOptions.plain().withInitialState(one.lastState());
    }
    assertArrayEquals(
        whole.lastState().toDoubles(), options.initialState().orElseThrow().toDoubles());
  }

  @Test
  void channelsLastIsTimeLastTransposed() {
    var u = normal(2, 20, 33);
    var delta = step(2, 20, 33);
    var a = rate(20, 5);
    var b = normal(2, 5, 33);
    var c = normal(2, 2, 5, 33);
    var expected = SelectiveScan.of(u, delta, a, b, c).permute(0, 2, 1);
    var actual =
        SelectiveScan.of(
            u.permute(0, 2, 1),
            delta.permute(0, 2, 1),
            a,
            b.permute(0, 2, 1),
            c.permute(0, 3, 1, 2),
            ScanOptions.plain().withLayout(ScanLayout.CHANNELS_LAST));
    assertArrayEquals(expected.toFloats(), actual.toFloats());
  }

  @Test
  void outputIsLinearInTheInput() {
    var u = normal(1, 9, 40);
    var delta = step(1, 9, 40);
    var a = rate(9, 4);
    var b = normal(1, 4, 40);
    var c = normal(1, 4, 40);
    var once = SelectiveScan.of(u, delta, a, b, c);
    var twice = SelectiveScan.of(u.mul(2), delta, a, b, c);
    assertArrayEquals(once.mul(2).toFloats(), twice.toFloats(), 1e-6f);
  }

  @Test
  @Tag("vector")
  void threadsDoNotChangeBits() {
    var scan = ScanCase.of(3, 50, 6, 70);
    var x = scan.inputs(DataType.FLOAT, 1);
    for (var kernel : List.of(new ScalarScan(), new VectorScan())) {
      var many = all(kernel, scan, x);
      var alone = new float[2][][];
      Workers.run(2, i -> alone[i] = all(kernel, scan, x)); // nested work runs in place
      for (int i = 0; i < many.length; i++) {
        assertArrayEquals(many[i], alone[0][i], kernel.name());
        assertArrayEquals(many[i], alone[1][i], kernel.name());
      }
    }
  }

  private static float[][] all(ScanKernel kernel, ScanCase scan, ScanInputs x) {
    var result = kernel.forward(x, true);
    var g = kernel.backward(x, result, scan.like(result.y(), 2), null);
    return List.of(result.y(), result.last(), g.u(), g.delta(), g.a(), g.b(), g.c()).stream()
        .map(array -> Tensor.of(array).toFloats())
        .toArray(float[][]::new);
  }

  @Test
  void saysWhichShapeDoesNotFit() {
    var message =
        assertThrows(
                ShapeException.class,
                () ->
                    SelectiveScan.of(
                        normal(2, 128, 8),
                        step(2, 128, 8),
                        rate(64, 16),
                        normal(2, 16, 8),
                        normal(2, 16, 8)))
            .getMessage();
    assertEquals(
        "selectiveScan: A has shape (64, 16), expected (D, N) with D = 128 as in u", message);
  }

  @Test
  void rejectsGroupsThatDoNotDivideTheChannels() {
    assertThrows(
        ShapeException.class,
        () ->
            SelectiveScan.of(
                normal(1, 6, 3), step(1, 6, 3), rate(6, 2), normal(1, 4, 2, 3), normal(1, 2, 3)));
  }

  @Test
  void rejectsMixedTypes() {
    assertThrows(
        ShapeException.class,
        () ->
            SelectiveScan.of(
                normal(1, 6, 3),
                step(1, 6, 3).to(DataType.DOUBLE),
                rate(6, 2),
                normal(1, 2, 3),
                normal(1, 2, 3)));
  }

  @Test
  @Tag("vector")
  void takesTheVectorKernelWhereTheModuleIsPresent() {
    var forced = System.getProperty("antaboga.scan", "vector");
    assertEquals(forced, SelectiveScan.choice().name());
    assertTrue(SelectiveScan.choice().toString().contains("scalar: available"));
  }
}
