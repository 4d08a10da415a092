// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.kernel.AttentionKernel;
import antaboga.kernel.Choice;
import antaboga.kernel.ConvolutionKernel;
import antaboga.kernel.DepthwiseKernel;
import antaboga.kernel.GeluKernel;
import antaboga.kernel.NormKernel;
import antaboga.kernel.ResampleKernel;
import antaboga.kernel.SiluKernel;
import antaboga.kernel.SoftmaxKernel;
import antaboga.mamba.SelectiveScan;
import java.util.List;
import java.util.stream.Collectors;

/** Which body of each kernel this process uses, and why not another. */
final class Kernels {
  private Kernels() {}

  static List<Choice<?>> choices() {
    return List.of(
        SelectiveScan.choice(),
        AttentionKernel.CHOICE,
        ConvolutionKernel.CHOICE,
        DepthwiseKernel.CHOICE,
        NormKernel.CHOICE,
        SoftmaxKernel.CHOICE,
        GeluKernel.CHOICE,
        SiluKernel.CHOICE,
        ResampleKernel.CHOICE);
  }

  /**
   * Refuses a forced body that is unknown or cannot run, before any work.
   *
   * @throws IllegalStateException with the property and the reason
   */
  static void require() {
    choices().forEach(Choice::name);
  }

  /** A line for each kernel. */
  static String table() {
    return choices().stream().map(Kernels::row).collect(Collectors.joining("\n"));
  }

  private static String row(Choice<?> choice) {
    var kernel = choice.property().replaceFirst("^antaboga\\.", "");
    try {
      var others =
          choice.others().stream()
              .map(other -> other.name() + ": " + other.why())
              .collect(Collectors.joining("; "));
      return "  %-12s %-8s %s".formatted(kernel, choice.name(), others);
    } catch (IllegalStateException e) {
      return "  %-12s %-8s %s".formatted(kernel, "none", e.getMessage());
    }
  }
}
