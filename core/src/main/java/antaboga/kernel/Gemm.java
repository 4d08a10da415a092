// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.Dims;
import antaboga.ops.Arrays;
import java.lang.ref.Reference;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.global.openblas;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Row-major products through BLAS, straight from the arrays' memory: ND4J's {@code mmul} into a
 * row-major result copies, and each of its calls costs some 70 microseconds, many times a small
 * product.
 */
public final class Gemm {
  private Gemm() {}

  /** Whether arrays live in host memory, where BLAS can read them. */
  private static final class Host {
    static final boolean MEMORY = Nd4j.getBackend().getClass().getSimpleName().equals("CpuBackend");
  }

  /**
   * {@code op(a) op(b)} as a new row-major matrix, with op the transpose where asked.
   *
   * @param a dense row-major, (M, K), or (K, M) if transposed
   * @param b dense row-major, (K, N), or (N, K) if transposed
   * @throws antaboga.ShapeException if the inner sizes or the types differ
   */
  public static INDArray product(INDArray a, boolean transposeA, INDArray b, boolean transposeB) {
    var type = Arrays.sameType("matmul", a, b);
    var out = Arrays.empty(type, a.size(transposeA ? 1 : 0), b.size(transposeB ? 0 : 1));
    into(out, a, transposeA, b, transposeB, 1, 0);
    return out;
  }

  /** {@code out = alpha op(a) op(b) + beta out}, all dense, row-major and of one type. */
  public static void into(
      INDArray out,
      INDArray a,
      boolean transposeA,
      INDArray b,
      boolean transposeB,
      double alpha,
      double beta) {
    into(out, a, transposeA, b, transposeB, alpha, beta, "");
  }

  /** One product for each entry of the leading axis: out (P, M, N), and a, b likewise. */
  public static void batched(
      INDArray out,
      INDArray a,
      boolean transposeA,
      INDArray b,
      boolean transposeB,
      double alpha,
      double beta) {
    into(out, a, transposeA, b, transposeB, alpha, beta, "P ");
  }

  private static void into(
      INDArray out,
      INDArray a,
      boolean transposeA,
      INDArray b,
      boolean transposeB,
      double alpha,
      double beta,
      String batch) {
    Arrays.sameType("matmul", out, a, b);
    var dims =
        Dims.of("matmul")
            .bind("a", a, batch + (transposeA ? "K M" : "M K"))
            .bind("b", b, batch + (transposeB ? "N K" : "K N"))
            .bind("out", out, batch + "M N");
    int m = dims.count("M");
    int n = dims.count("N");
    int k = dims.count("K");
    int products = batch.isEmpty() ? 1 : dims.count("P");
    if (!Host.MEMORY) {
      for (int p = 0; p < products; p++) {
        byNd4j(
            batch.isEmpty() ? out : out.slice(p),
            batch.isEmpty() ? a : a.slice(p),
            transposeA,
            batch.isEmpty() ? b : b.slice(p),
            transposeB,
            alpha,
            beta);
      }
      return;
    }
    int opA = transposeA ? openblas.CblasTrans : openblas.CblasNoTrans;
    int opB = transposeB ? openblas.CblasTrans : openblas.CblasNoTrans;
    int rowA = transposeA ? m : k;
    int rowB = transposeB ? k : n;
    boolean floats = out.dataType() == DataType.FLOAT;
    try {
      for (long p = 0; p < products; p++) {
        var pointerA = at(a, p * m * k);
        var pointerB = at(b, p * k * n);
        var pointerOut = at(out, p * m * n);
        if (floats) {
          openblas.cblas_sgemm(
              openblas.CblasRowMajor,
              opA,
              opB,
              m,
              n,
              k,
              (float) alpha,
              new FloatPointer(pointerA),
              rowA,
              new FloatPointer(pointerB),
              rowB,
              (float) beta,
              new FloatPointer(pointerOut),
              n);
        } else {
          openblas.cblas_dgemm(
              openblas.CblasRowMajor,
              opA,
              opB,
              m,
              n,
              k,
              alpha,
              new DoublePointer(pointerA),
              rowA,
              new DoublePointer(pointerB),
              rowB,
              beta,
              new DoublePointer(pointerOut),
              n);
        }
      }
    } finally {
      Reference.reachabilityFence(a);
      Reference.reachabilityFence(b);
      Reference.reachabilityFence(out);
    }
  }

  // a row-major C = A B is a column-major C^T = B^T A^T on the same memory
  private static void byNd4j(
      INDArray out,
      INDArray a,
      boolean transposeA,
      INDArray b,
      boolean transposeB,
      double alpha,
      double beta) {
    Nd4j.gemm(b.transpose(), a.transpose(), out.transpose(), transposeB, transposeA, alpha, beta);
  }

  /** The address of an element: views share the buffer of the array they were taken from. */
  private static final class Address extends Pointer {
    Address(Pointer base, long bytes) {
      super(base);
      address += bytes;
    }
  }

  private static Pointer at(INDArray x, long element) {
    return new Address(x.data().addressPointer(), element * x.dataType().width());
  }
}
