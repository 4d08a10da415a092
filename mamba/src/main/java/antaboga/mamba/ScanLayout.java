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

  /**
   * K scans of one u (B, L, D), each visiting the L positions in an order of its own, with their
   * outputs summed: delta (K, B, L, D), B and C (K, B, L, N), everything by position, not by time;
   * a (K·D, N), d and the bias (K·D), states (B, K·D, N), no gate.
   *
   * @param orders for each scan the positions in the order of time
   */
  static ScanLayout along(List<int[]> orders) {
    return new Along(orders.stream().map(int[]::clone).toList());
  }

  /** Checks the shapes and tells where each element stands. */
  ScanGeometry geometry(INDArray u, INDArray delta, INDArray a, INDArray b, INDArray c);

  /** Time runs fastest. */
  record TimeLast() implements ScanLayout {
    @Override
    public ScanGeometry geometry(INDArray u, INDArray delta, INDArray a, INDArray b, INDArray c) {
      var dims = dims(u, delta, "B D L", a);
      weight(dims, "B", b, "B N L", "B GB N L", "GB");
      weight(dims, "C", c, "B N L", "B GC N L", "GC");
      return ScanGeometry.timeLast(u.shape(), dims.count("N"), b.shape(), c.shape());
    }
  }

  /** Channels run fastest. */
  record ChannelsLast() implements ScanLayout {
    @Override
    public ScanGeometry geometry(INDArray u, INDArray delta, INDArray a, INDArray b, INDArray c) {
      var dims = dims(u, delta, "B L D", a);
      weight(dims, "B", b, "B L N", "B L GB N", "GB");
      weight(dims, "C", c, "B L N", "B L GC N", "GC");
      return ScanGeometry.channelsLast(u.shape(), dims.count("N"), b.shape(), c.shape());
    }
  }

  /** Several orders over one u. */
  record Along(List<int[]> orders) implements ScanLayout {
    @Override
    public ScanGeometry geometry(INDArray u, INDArray delta, INDArray a, INDArray b, INDArray c) {
      var dims =
          Dims.of("selectiveScan")
              .bind("u", u, "B L D")
              .bind("delta", delta, orders.size() + " B L D")
              .bind("A", a, "KD N")
              .bind("B", b, orders.size() + " B L N")
              .bind("C", c, orders.size() + " B L N");
      requireSome(u, a);
      if (dims.size("KD") != orders.size() * dims.size("D")
          || orders.stream().anyMatch(order -> order.length != dims.size("L"))) {
        throw new ShapeException(
            "selectiveScan: A has shape %s, u %s, expected A (K*D, N) for K = %d orders of L"
                .formatted(Shape.text(a.shape()), Shape.text(u.shape()), orders.size()));
      }
      return ScanGeometry.along(orders, u.shape(), dims.count("N"));
    }

    @Override
    public String toString() {
      return "Along[" + orders.size() + " orders]";
    }
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
              .formatted(Shape.text(u.shape()), Shape.text(a.shape())));
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
                .formatted(name, Shape.text(weight.shape()), dims.size("D")));
      }
    } else {
      dims.bind(name, weight, plain);
    }
  }
}
