// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import antaboga.kernel.Blas;
import antaboga.kernel.Providers;
import antaboga.kernel.Workers;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
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
    terminal.print("Kernels%s", lanes());
    terminal.print(Kernels.table());
    terminal.print("  %s", "-Dantaboga.NAME=BODY in ANTABOGA_OPTS forces a body");

    terminal.print("");
    terminal.print("Natives");
    var set = Blas.prepare();
    table(natives(set));

    terminal.print("");
    terminal.print(
        "Models, one image each; the selective scan's operations, 9 B L D N, stand apart");
    for (var model : ModelCosts.all()) {
      terminal.print("");
      terminal.print(model.table());
    }
  }

  private static String lanes() {
    var lanes = Providers.lanes();
    return lanes.isPresent()
        ? " (vector bodies handle %d floats at once)".formatted(lanes.getAsInt())
        : "";
  }

  private static Map<String, String> natives(String environment) {
    var facts = new LinkedHashMap<String, String>();
    facts.put("ND4J", version() + ", " + Nd4j.getBackend().getClass().getSimpleName());
    facts.put("platform", Loader.getPlatform());
    facts.put("BLAS core", NativeBlas.core().orElse("unknown: this BLAS does not say"));
    facts.put("BLAS build", NativeBlas.build().orElse("unknown"));
    facts.put("environment", environment);
    facts.put("worker threads", "" + Workers.threads());
    facts.put("tensors", "at most %.1f GiB".formatted(Pointer.maxBytes() / 0x1p30));
    return facts;
  }

  private static String version() {
    var about = new Properties();
    try (var file =
        Nd4j.class.getResourceAsStream("/META-INF/maven/org.nd4j/nd4j-api/pom.properties")) {
      if (file != null) {
        about.load(file);
      }
    } catch (IOException e) {
      return "unknown version"; // repacked jars
    }
    return about.getProperty("version", "unknown version");
  }

  private void table(Map<String, String> facts) {
    facts.forEach((name, value) -> terminal.print("  %-22s %s", name, value));
  }
}
