// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.kernel.ConvolutionKernel;
import antaboga.kernel.DepthwiseKernel;
import antaboga.kernel.GeluKernel;
import antaboga.kernel.NormKernel;
import antaboga.kernel.Provider;
import antaboga.kernel.Providers;
import antaboga.kernel.SiluKernel;
import antaboga.kernel.SoftmaxKernel;
import antaboga.mamba.SelectiveScan;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Which body of each kernel this process uses, and why not another. */
final class Kernels {
  /** One kernel: the body in use, and a word on each of the others. */
  record Choice(String kernel, String chosen, String others) {}

  private Kernels() {}

  static List<Choice> choices() {
    var choices = new ArrayList<Choice>();
    choices.add(scan());
    choices.add(choice("convolution", ConvolutionKernel.providers()));
    choices.add(choice("depthwise", DepthwiseKernel.providers()));
    choices.add(choice("norm", NormKernel.providers()));
    choices.add(choice("softmax", SoftmaxKernel.providers()));
    choices.add(choice("gelu", GeluKernel.providers()));
    choices.add(choice("silu", SiluKernel.providers()));
    return choices;
  }

  private static <K> Choice choice(String kernel, List<Provider<K>> providers) {
    var property = "antaboga." + kernel;
    try {
      var chosen = Providers.chosenName(property, providers);
      var others =
          providers.stream()
              .filter(provider -> !provider.name().equals(chosen))
              .map(p -> p.name() + ": " + p.unavailable().orElse("available, slower"))
              .collect(Collectors.joining("; "));
      return new Choice(kernel, chosen, others);
    } catch (IllegalStateException e) {
      return new Choice(kernel, "none", String.valueOf(e.getMessage()));
    }
  }

  /** The scan's providers are its own; it tells in a line. */
  private static Choice scan() {
    try {
      var all = SelectiveScan.kernels();
      var chosen = SelectiveScan.kernel();
      var others =
          List.of(all.substring(all.indexOf('[') + 1, all.lastIndexOf(']')).split("; ")).stream()
              .filter(body -> !body.startsWith(chosen + ":"))
              .map(body -> body.replaceFirst(": available$", ": available, slower"))
              .collect(Collectors.joining("; "));
      return new Choice("scan", chosen, others);
    } catch (IllegalStateException e) {
      return new Choice("scan", "none", String.valueOf(e.getMessage()));
    }
  }
}
