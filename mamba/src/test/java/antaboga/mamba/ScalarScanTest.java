// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class ScalarScanTest {
  private final ScanKernel scalar = new ScalarScan();

  @Test
  void scalarGradientsAgreeWithCentralDifferences() {
    for (var layout : List.of("time last", "channels last", "crossed", "projected")) {
      assertDifferences(ScanCase.of(2, 3, 2, 4).layout(layout));
    }
    assertDifferences(ScanCase.of(2, 4, 2, 3).weights("constant", "2"));
    assertDifferences(ScanCase.of(1, 4, 2, 3).weights("2", "4"));
    assertDifferences(ScanCase.of(1, 2, 3, 1).weights("1", "constant"));
    assertDifferences(ScanCase.of(2, 2, 3, 3).options(false, false, false, false, false));
  }

  private void assertDifferences(ScanCase scan) {
    var x = scan.inputs(DataType.DOUBLE, 7);
    var inputs =
        Stream.of(
                x.u(),
                x.delta(),
                x.deltaWeight(),
                x.a(),
                own(x.b(), x),
                own(x.c(), x),
                x.d(),
                x.z(),
                x.deltaBias(),
                x.initial())
            .filter(Objects::nonNull)
            .toList();
    var names = scan.run(scalar, DataType.DOUBLE);
    if (x.deltaWeight() != null) {
      names.keySet().removeAll(List.of("db", "dc")); // one array with ddelta
    }
    var gradients = new ArrayList<>(names.values()).subList(2, 2 + inputs.size());
    double h = 1e-6;
    for (int k = 0; k < inputs.size(); k++) {
      var flat = inputs.get(k).reshape(inputs.get(k).length());
      var gradient = ScanCase.values(gradients.get(k));
      for (int i = 0; i < gradient.length; i++) {
        double at = flat.getDouble(i);
        flat.putScalar(i, at + h);
        double up = loss(scan, x);
        flat.putScalar(i, at - h);
        double down = loss(scan, x);
        flat.putScalar(i, at);
        assertEquals(
            (up - down) / (2 * h),
            gradient[i],
            1e-7 * Math.max(1, Math.abs(gradient[i])),
            scan + " input " + k);
      }
    }
  }

  private double loss(ScanCase scan, ScanInputs x) {
    var result = scalar.forward(x, false);
    return result.y().mul(scan.like(result.y(), 8)).sumNumber().doubleValue()
        + result.last().mul(scan.like(result.last(), 9)).sumNumber().doubleValue();
  }

  private static @Nullable INDArray own(INDArray weights, ScanInputs x) {
    return x.deltaWeight() == null ? weights : null;
  }
}
