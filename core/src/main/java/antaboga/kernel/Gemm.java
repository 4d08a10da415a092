// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import antaboga.Dims;
import antaboga.ops.Arrays;
import java.lang.ref.Reference;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.global.openblas;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Row-major products through BLAS, straight from the arrays' memory: ND4J's {@code mmul} into a
 * row-major result copies, and each of its calls costs some 70 microseconds, many times a small
 * product.
 */
public final class Gemm {
  private static final int MOST_PARTS = 16;
  private static final int FEW_PARTS = 4;
  private static final int FEW_ROWS = 128;
  private static final int LEAST_HEIGHT = 512;
  private static final int LEAST_WIDTH = 768;
  private static final int NARROW = 64;
  private static final int WIDE = 256;

  /** Rows of every block of doubles: what BLAS makes of a row then never depends on the others. */
  private static final int DOUBLE_HEIGHT = 16;

  private static final double BLOCK_OPERATIONS = 4e6; // some 50 microseconds of one core

  /** Up to so many rows of floats, BLAS would spend its time on packing b. */
  private static final int THIN = 8;

  private static final int THIN_OPERATIONS = 1 << 19;

  private Gemm() {}

  /** Whether arrays live in host memory, where BLAS can read them. */
  private static final class Host {
    static final boolean MEMORY = Nd4j.getBackend().getClass().getSimpleName().equals("CpuBackend");

    /** Whether each call of BLAS stays on its thread, and the workers share the calls. */
    static final boolean ONE_THREAD = MEMORY && !Blas.asIs();

    static {
      if (ONE_THREAD) {
        Nd4j.factory().blas().setMaxThreads(1);
      }
    }
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
    into(out, a, transposeA, b, transposeB, alpha, beta, "", null);
  }

  /**
   * {@code out = x W^T + b}, the bias laid down block by block just before the product.
   *
   * @param x (M, K)
   * @param weight (N, K)
   * @param bias (N)
   */
  public static void linear(INDArray out, INDArray x, INDArray weight, INDArray bias) {
    into(out, x, false, weight, true, 1, 1, "", bias);
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
    into(out, a, transposeA, b, transposeB, alpha, beta, "P ", null);
  }

  private static void into(
      INDArray out,
      INDArray a,
      boolean transposeA,
      INDArray b,
      boolean transposeB,
      double alpha,
      double beta,
      String batch,
      @Nullable INDArray bias) {
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
    var rows = bias == null ? null : Rows.of(bias, out);
    if (!Host.MEMORY) {
      if (rows != null) {
        rows.fill(0, m, 0, n);
      }
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
    // BLAS's own threads wait for one another, so one busy core stalls them all: here each product
    // is cut into blocks, by sizes alone, and whichever worker is free takes the next
    var sizes = new Sizes(m, n, k);
    var cut = cut(out.dataType(), transposeA, sizes);
    try {
      run(
          products * cut.count(),
          task -> {
            long p = task / cut.count();
            int row = cut.row(task % cut.count());
            int column = cut.column(task % cut.count());
            var to = at(out, p * m * n + (long) row * n + column);
            var left = at(a, p * m * k + (transposeA ? row : (long) row * k));
            var right = at(b, p * k * n + (transposeB ? (long) column * k : column));
            if (rows != null) {
              rows.fill(
                  row, Math.min(cut.height, m - row), column, Math.min(cut.width, n - column));
            }
            if (cut.thin) {
              int width = Math.min(cut.width, n - column);
              thin(to, left, right, transposeB, m, width, sizes, (float) alpha, (float) beta);
              return;
            }
            if (cut.filled && cut.height > m - row) {
              filledUp(to, left, right, transposeB, m - row, cut.height, sizes, alpha, beta);
              return;
            }
            block(
                to,
                n,
                left,
                transposeA ? m : k,
                transposeA,
                right,
                transposeB ? k : n,
                transposeB,
                out.dataType(),
                new Sizes(Math.min(cut.height, m - row), Math.min(cut.width, n - column), k),
                alpha,
                beta);
          });
    } finally {
      Reference.reachabilityFence(a);
      Reference.reachabilityFence(b);
      Reference.reachabilityFence(out);
    }
  }

  private static Cut cut(DataType type, boolean transposeA, Sizes sizes) {
    if (!Host.ONE_THREAD) {
      return new Cut(sizes.m, sizes.n, sizes.m, sizes.n, false, false);
    }
    if (type == DataType.DOUBLE && !transposeA) {
      return new Cut(sizes.m, sizes.n, DOUBLE_HEIGHT, sizes.n, true, false);
    }
    if (type == DataType.FLOAT && !transposeA && sizes.m <= THIN) {
      long width = Math.max(16, THIN_OPERATIONS / Math.max(1L, (long) sizes.m * sizes.k));
      return new Cut(sizes.m, sizes.n, sizes.m, (int) Math.min(sizes.n, width), false, true);
    }
    return Cut.of(sizes.m, sizes.n, sizes.k);
  }

  /** Row by row as products of b's block and a vector. */
  private static void thin(
      Pointer out,
      Pointer a,
      Pointer b,
      boolean transposeB,
      int rows,
      int width,
      Sizes sizes,
      float alpha,
      float beta) {
    for (int row = 0; row < rows; row++) {
      openblas.cblas_sgemv(
          openblas.CblasRowMajor,
          transposeB ? openblas.CblasNoTrans : openblas.CblasTrans,
          transposeB ? width : sizes.k,
          transposeB ? sizes.k : width,
          alpha,
          new FloatPointer(b),
          transposeB ? sizes.k : sizes.n,
          new FloatPointer(new Address(a, (long) row * sizes.k * Float.BYTES)),
          1,
          beta,
          new FloatPointer(new Address(out, (long) row * sizes.n * Float.BYTES)),
          1);
    }
  }

  /** A block of doubles with too few rows, among rows of zeros. */
  private static void filledUp(
      Pointer out,
      Pointer a,
      Pointer b,
      boolean transposeB,
      int rows,
      int height,
      Sizes sizes,
      double alpha,
      double beta) {
    long inner = (long) rows * sizes.k * Double.BYTES;
    long outer = (long) rows * sizes.n * Double.BYTES;
    try (var from = new DoublePointer((long) height * sizes.k);
        var to = new DoublePointer((long) height * sizes.n)) {
      Pointer.memset(from, 0, (long) height * sizes.k * Double.BYTES);
      Pointer.memset(to, 0, (long) height * sizes.n * Double.BYTES);
      Pointer.memcpy(from, a, inner);
      Pointer.memcpy(to, out, outer);
      block(
          to,
          sizes.n,
          from,
          sizes.k,
          false,
          b,
          transposeB ? sizes.k : sizes.n,
          transposeB,
          DataType.DOUBLE,
          new Sizes(height, sizes.n, sizes.k),
          alpha,
          beta);
      Pointer.memcpy(out, to, outer);
    }
  }

  private static void run(int tasks, IntConsumer task) {
    if (Host.ONE_THREAD) {
      Workers.run(tasks, task);
    } else {
      IntStream.range(0, tasks).forEach(task);
    }
  }

  private record Sizes(int m, int n, int k) {}

  /** Lays one row into many. */
  private record Rows(Tiles row, Tiles out, long width, boolean floats) {
    static Rows of(INDArray row, INDArray out) {
      return new Rows(Tiles.of(row), Tiles.of(out), out.size(-1), out.dataType() == DataType.FLOAT);
    }

    void fill(int first, int count, int column, int length) {
      if (floats) {
        var part = Scratch.floats(0, length);
        row.read(column, part, 0, length);
        for (int r = first; r < first + count; r++) {
          out.write(r * width + column, part, 0, length);
        }
      } else {
        var part = Scratch.doubles(0, length);
        row.read(column, part, 0, length);
        for (int r = first; r < first + count; r++) {
          out.write(r * width + column, part, 0, length);
        }
      }
    }
  }

  /**
   * Blocks of the result; each packs its rows of A and columns of B anew, so they are not small.
   *
   * @param filled whether a block with too few rows is filled up with zeros
   * @param thin whether there are so few rows that each is a product of its own
   */
  private record Cut(int m, int n, int height, int width, boolean filled, boolean thin) {
    static Cut of(int m, int n, int k) {
      double worthwhile = Math.max(1, 2.0 * m * n * k / BLOCK_OPERATIONS);
      if (m <= FEW_ROWS) { // to pack few rows again costs little
        int columns = parts(n, Math.max(NARROW, Math.min(WIDE, n / FEW_PARTS)), worthwhile);
        return new Cut(m, n, m, (n + columns - 1) / columns, false, false);
      }
      int rows = parts(m, LEAST_HEIGHT, worthwhile);
      int columns = parts(n, LEAST_WIDTH, worthwhile / rows);
      return new Cut(m, n, (m + rows - 1) / rows, (n + columns - 1) / columns, false, false);
    }

    private static int parts(int size, int least, double most) {
      return (int) Math.max(1, Math.min(Math.min(MOST_PARTS, most), (double) size / least));
    }

    private int across() {
      return (n + width - 1) / width;
    }

    int count() {
      return (m + height - 1) / height * across();
    }

    int row(int block) {
      return block / across() * height;
    }

    int column(int block) {
      return block % across() * width;
    }
  }

  /** One product by one thread; the numbers after the pointers are the lengths of their rows. */
  private static void block(
      Pointer out,
      int rowOut,
      Pointer a,
      int rowA,
      boolean transposeA,
      Pointer b,
      int rowB,
      boolean transposeB,
      DataType type,
      Sizes sizes,
      double alpha,
      double beta) {
    int opA = transposeA ? openblas.CblasTrans : openblas.CblasNoTrans;
    int opB = transposeB ? openblas.CblasTrans : openblas.CblasNoTrans;
    if (type == DataType.FLOAT) {
      openblas.cblas_sgemm(
          openblas.CblasRowMajor,
          opA,
          opB,
          sizes.m,
          sizes.n,
          sizes.k,
          (float) alpha,
          new FloatPointer(a),
          rowA,
          new FloatPointer(b),
          rowB,
          (float) beta,
          new FloatPointer(out),
          rowOut);
    } else {
      openblas.cblas_dgemm(
          openblas.CblasRowMajor,
          opA,
          opB,
          sizes.m,
          sizes.n,
          sizes.k,
          alpha,
          new DoublePointer(a),
          rowA,
          new DoublePointer(b),
          rowB,
          beta,
          new DoublePointer(out),
          rowOut);
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
