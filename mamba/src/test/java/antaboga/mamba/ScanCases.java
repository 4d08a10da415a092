// SPDX-License-Identifier: Apache-2.0
package antaboga.mamba;

import antaboga.Tape;
import antaboga.Tensor;
import antaboga.golden.Check;
import antaboga.golden.GoldenCase;
import antaboga.golden.GoldenRunner;
import java.util.List;

/** The scan against mamba_ssm's {@code selective_scan_ref}. */
final class ScanCases {
  private ScanCases() {}

  static void claim(GoldenRunner runner) {
    runner.claim("selective_scan_ref", ScanCases::scan);
  }

  private static void scan(GoldenCase golden, Check check) {
    try (var tape = new Tape(0)) {
      var in = new Leaves(tape, golden, List.of());
      var result =
          SelectiveScan.withLastState(
              in.input("u"),
              in.input("delta"),
              in.input("A"),
              in.input("B"),
              in.input("C"),
              options(golden, in));
      check.output("out", result.y().array());
      check.output("last_state", result.lastState().array());
      var upstream = golden.upstream();
      var loss = result.y().mul(Tensor.of(upstream.get("grad_out"))).sum();
      in.compare(tape.gradients(loss), golden.grads(), check::grad);
      if (!golden.gradsWithLastState().names().isEmpty()) {
        var last = result.lastState().mul(Tensor.of(upstream.get("grad_last_state"))).sum();
        in.compare(
            tape.gradients(loss.add(last)), golden.gradsWithLastState(), check::gradWithLastState);
      }
    }
  }

  private static ScanOptions options(GoldenCase golden, Leaves in) {
    return new ScanOptions(
        ScanLayout.TIME_LAST,
        golden.params().get("delta_softplus").asBoolean(),
        in.optional("delta_bias"),
        in.optional("D"),
        in.optional("z"),
        in.optional("initial_state"));
  }
}
