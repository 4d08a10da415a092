// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.Dims;
import antaboga.Shape;
import antaboga.ShapeException;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** How the arrays of a scan are laid out; B batches, D channels, L time steps, N states. */
public sealed interface ScanLayout {
  /** u, delta and z (B, D, L); B and C (D, N), (B, N, L) or (B, G, N, L) with G groups. */
  ScanLayout TIME_LAST = new TimeLast();

  /** u, delta and z (B, L, D); B and C (D, N), (B, L, N) or (B, L, G, N) with G groups. */
  ScanLayout CHANNELS_LAST = new ChannelsLast();

  /** Checks the shapes and tells where each element stands. */
  ScanGeometry geometry(INDArray... inputs);

  /** Time runs fastest. */
  record TimeLast() implements ScanLayout {
    @Override
    public ScanGeometry geometry(INDArray... in) {
      var dims = dims(in[0], in[1], "B D L", in[2]);
      weight(dims, "B", in[3], "B N L", "B GB N L", "GB");
      weight(dims, "C", in[4], "B N L", "B GC N L", "GC");
      return ScanGeometry.timeLast(in[0].shape(), dims.count("N"), in[3].shape(), in[4].shape());
    }
  }

  /** Channels run fastest. */
  record ChannelsLast() implements ScanLayout {
    @Override
    public ScanGeometry geometry(INDArray... in) {
      var dims = dims(in[0], in[1], "B L D", in[2]);
      weight(dims, "B", in[3], "B L N", "B L GB N", "GB");
      weight(dims, "C", in[4], "B L N", "B L GC N", "GC");
      return ScanGeometry.channelsLast(
          in[0].shape(), dims.count("N"), in[3].shape(), in[4].shape());
    }
  }

  /**
   * Channels last, with all that depends on time in one array: u (B, L, D), p (B, L, K·(R + 2N)).
   *
   * @param orders for each of K scans of one u the order of its positions; none for one in order
   */
  record Projected(List<int[]> orders) implements ScanLayout {
    int scans() {
      return Math.max(1, orders.size());
    }

    @Override
    public ScanGeometry geometry(INDArray... in) {
      var dims =
          Dims.of("projectedScan")
              .bind("u", in[0], "B L D")
              .bind("p", in[1], "B L P")
              .bind("delta weight", in[2], "KD R")
              .bind("A", in[3], "KD N");
      requireSome(in[0], in[3]);
      long part = dims.size("R") + 2 * dims.size("N");
      if (dims.size("KD") != scans() * dims.size("D") || dims.size("P") != scans() * part) {
        throw new ShapeException(
            "projectedScan: u has shape %s, p %s, delta weight %s, A %s, expected p (B, L, K*(R +"
                    .formatted(text(in[0]), text(in[1]), text(in[2]), text(in[3]))
                + " 2N)), delta weight (K*D, R), A (K*D, N) with K = "
                + scans());
      }
      for (int k = 0; k < orders.size(); k++) {
        requireOrder(k, orders.get(k), dims.count("L"));
      }
      return ScanGeometry.projected(
          in[0].shape(), dims.count("N"), dims.count("R"), orders.isEmpty() ? null : orders);
    }

    /** A position that is left out would stay unset, one outside would reach foreign memory. */
    private static void requireOrder(int k, int[] order, int length) {
      if (order.length != length) {
        throw new ShapeException(
            "projectedScan: order %d has %d positions, expected L = %d as in u"
                .formatted(k, order.length, length));
      }
      var seen = new boolean[length];
      for (int position : order) {
        if (position < 0 || position >= length || seen[position]) {
          throw new ShapeException(
              "projectedScan: order %d names position %d %s, expected each of 0 to %d once"
                  .formatted(
                      k,
                      position,
                      position < 0 || position >= length ? "outside" : "twice",
                      length - 1));
        }
        seen[position] = true;
      }
    }

    @Override
    public String toString() {
      return "Projected[" + scans() + "]";
    }
  }

  private static String text(INDArray x) {
    return Shape.text(x.shape());
  }

  private static Dims dims(INDArray u, INDArray delta, String axes, INDArray a) {
    requireSome(u, a);
    return Dims.of("selectiveScan")
        .bind("u", u, axes)
        .bind("delta", delta, axes)
        .bind("A", a, "D N");
  }

  private static void requireSome(INDArray u, INDArray a) {
    if (u.isEmpty() || a.isEmpty()) {
      throw new ShapeException(
          "selectiveScan: u has shape %s and A %s, expected no axis of size 0"
              .formatted(text(u), text(a)));
    }
  }

  private static void weight(
      Dims dims, String name, INDArray weight, String plain, String grouped, String group) {
    if (weight.rank() == 2) {
      dims.bind(name, weight, "D N");
    } else if (weight.rank() == 4) {
      dims.bind(name, weight, grouped);
      if (dims.size("D") % dims.size(group) != 0) {
        throw new ShapeException(
            "selectiveScan: %s has shape %s, expected groups that divide D = %d"
                .formatted(name, text(weight), dims.size("D")));
      }
    } else {
      dims.bind(name, weight, plain);
    }
  }
}
