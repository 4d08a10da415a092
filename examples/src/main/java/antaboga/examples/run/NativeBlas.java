// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.run;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** What OpenBLAS, once ND4J has loaded it, says of itself. */
final class NativeBlas {
  private NativeBlas() {}

  /** The processor core whose code it runs, such as {@code SkylakeX}. */
  static Optional<String> core() {
    return text("openblas_get_corename");
  }

  /** Its version and how it was built. */
  static Optional<String> build() {
    return text("openblas_get_config");
  }

  private static Optional<String> text(String function) {
    try {
      return library()
          .map(file -> NativeLibrary.getInstance(file).getFunction(function))
          .map(f -> (Pointer) f.invoke(Pointer.class, new Object[0]))
          .map(pointer -> pointer.getString(0).strip());
    } catch (UnsatisfiedLinkError e) {
      return Optional.empty(); // another BLAS: it does not say
    }
  }

  /** The file that this process has mapped. */
  private static Optional<String> library() {
    try (var maps = Files.lines(Path.of("/proc/self/maps"))) {
      return maps.filter(line -> line.contains("/") && line.matches(".*/libopenblas[^/]*$"))
          .map(line -> line.substring(line.indexOf('/')))
          .findFirst();
    } catch (IOException e) {
      return Optional.empty(); // no /proc here
    }
  }
}
