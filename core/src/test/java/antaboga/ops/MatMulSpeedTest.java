// SPDX-License-Identifier: Apache-2.0
package antaboga.ops;

import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.kernel.Workers;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.global.openblas;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The price of a product through Tensor over the bare call, at ViT-B's widths. */
class MatMulSpeedTest {
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
    var best = new long[] {Long.MAX_VALUE, Long.MAX_VALUE};
    Workers.run(
        2,
        task -> { // within a task both stay on one thread
          // in turns, and the best of each: what else the machine does only slows
          for (int i = 0; task == 0 && (i < 15 || (i < 100 && best[1] < 0.85 * best[0])); i++) {
            long start = System.nanoTime();
            try (var tape = new Tape(0)) {
              tape.watch(x).matmul(w);
            }
            long middle = System.nanoTime();
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
            best[0] = Math.min(best[0], middle - start);
            best[1] = Math.min(best[1], System.nanoTime() - middle);
          }
        });
    long tensor = best[0];
    long blas = best[1];
    assertTrue(blas >= 0.85 * tensor, "bare call %d ns, tensor %d ns".formatted(blas, tensor));
  }
}
