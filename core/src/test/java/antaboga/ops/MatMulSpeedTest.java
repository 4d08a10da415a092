// SPDX-License-Identifier: Apache-2.0
package antaboga.ops;

import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.kernel.Workers;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.global.openblas;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The price of a product through Tensor over the bare call, at ViT-B's widths. */
@Tag("timing")
class MatMulSpeedTest {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final int ROWS = 1024; // a quarter of ViT-B's tokens keeps the test short

  @ParameterizedTest
  @CsvSource({"768, 2304", "768, 768", "768, 3072", "3072, 768"})
  void reachesNearlyTheSpeedOfTheBareCall(int in, int out) {
    var random = new SplittableRandom(1);
    var x = Tensor.normal(random, ROWS, in);
    var w = Tensor.normal(random, in, out);
    var px = new FloatPointer(x.array().data().addressPointer());
    var pw = new FloatPointer(w.array().data().addressPointer());
    var result = new FloatPointer((long) ROWS * out);
    var quotients = new ArrayList<Double>();
    Workers.run(
        2,
        task -> { // within a task both stay on one thread
          // in turns, by the thread's own time: what else the machine does slows both alike
          for (int i = 0; task == 0 && (i < 15 || (i < 100 && median(quotients) < 0.85)); i++) {
            long start = THREADS.getCurrentThreadCpuTime();
            try (var tape = new Tape(0)) {
              tape.watch(x).matmul(w);
            }
            long middle = THREADS.getCurrentThreadCpuTime();
            openblas.cblas_sgemm(
                openblas.CblasRowMajor,
                openblas.CblasNoTrans,
                openblas.CblasNoTrans,
                ROWS,
                out,
                in,
                1,
                px,
                in,
                pw,
                out,
                0,
                result,
                out);
            long end = THREADS.getCurrentThreadCpuTime();
            quotients.add((double) (end - middle) / (middle - start));
          }
        });
    assertTrue(
        median(quotients) >= 0.85, () -> "the bare call's time over the tensor's: " + quotients);
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
  }
}
