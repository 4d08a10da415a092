// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.kernel.Blas;
import antaboga.kernel.Workers;
import java.util.Map;
import org.nd4j.linalg.factory.Nd4j;

/** What {@code info} prints: machine, kernels, natives, models. */
public final class Inventory {
  private final Terminal terminal;

  /** An inventory for a terminal. */
  public Inventory(Terminal terminal) {
    this.terminal = terminal;
  }

  /** Prints everything; takes a second or two, since the natives are loaded for it. */
  public void print() {
    terminal.print("Machine");
    table(Machine.facts());

    terminal.print("");
    terminal.print("Kernels (-Dantaboga.NAME=BODY forces one)");
    for (var choice : Kernels.choices()) {
      terminal.print("  %-14s %-8s %s", choice.kernel(), choice.chosen(), choice.others());
    }

    terminal.print("");
    terminal.print("Natives");
    var set = Blas.prepare();
    table(natives(set));

    for (var model : ModelCosts.all()) {
      terminal.print("");
      terminal.print(model.table());
    }
  }

  private static Map<String, String> natives(String environment) {
    var backend = Nd4j.getBackend();
    var facts = new java.util.LinkedHashMap<String, String>();
    facts.put("ND4J backend", backend.getClass().getSimpleName() + " " + backend.buildInfo());
    facts.put("natives of", org.bytedeco.javacpp.Loader.getPlatform());
    facts.put("BLAS core", NativeBlas.core().orElse("unknown: this BLAS does not say"));
    facts.put("BLAS build", NativeBlas.build().orElse("unknown"));
    facts.put("environment", environment);
    facts.put("worker threads", "" + Workers.threads());
    return facts;
  }

  private void table(Map<String, String> facts) {
    facts.forEach((name, value) -> terminal.print("  %-22s %s", name, value));
  }
}
