// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.Tensor;
import java.util.Optional;

/**
 * What a selective scan may have beside its five tensors; named as in mamba_ssm's {@code
 * selective_scan_fn}.
 *
 * @param layout of all arrays
 * @param deltaSoftplus whether delta, with its bias, passes through softplus (threshold 20)
 * @param deltaBias added to delta, (D)
 * @param d weight of the input's skip to the output, (D)
 * @param z gate, as u: the output is multiplied by silu(z)
 * @param initialState the state before the first step, (B, D, N)
 */
public record ScanOptions(
    ScanLayout layout,
    boolean deltaSoftplus,
    Optional<Tensor> deltaBias,
    Optional<Tensor> d,
    Optional<Tensor> z,
    Optional<Tensor> initialState) {

  /** Time last, delta as it is, nothing more. */
  public static ScanOptions plain() {
    return new ScanOptions(
        ScanLayout.TIME_LAST,
        false,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  /** Another layout. */
  public ScanOptions withLayout(ScanLayout layout) {
    return new ScanOptions(layout, deltaSoftplus, deltaBias, d, z, initialState);
  }

  /** Delta passes through softplus. */
  public ScanOptions withDeltaSoftplus() {
    return new ScanOptions(layout, true, deltaBias, d, z, initialState);
  }

  /** A bias is added to delta, (D). */
  public ScanOptions withDeltaBias(Tensor bias) {
    return new ScanOptions(layout, deltaSoftplus, Optional.of(bias), d, z, initialState);
  }

  /** The input is added to the output with a weight, (D). */
  public ScanOptions withD(Tensor weight) {
    return new ScanOptions(layout, deltaSoftplus, deltaBias, Optional.of(weight), z, initialState);
  }

  /** The output is gated by silu(z), z as u. */
  public ScanOptions withZ(Tensor gate) {
    return new ScanOptions(layout, deltaSoftplus, deltaBias, d, Optional.of(gate), initialState);
  }

  /** The state before the first step, (B, D, N). */
  public ScanOptions withInitialState(Tensor state) {
    return new ScanOptions(layout, deltaSoftplus, deltaBias, d, z, Optional.of(state));
  }
}
