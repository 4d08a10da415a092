// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import com.sun.jna.Library;
import com.sun.jna.Native;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Sets what the native libraries read from the environment when they load, unless the user already
 * has: {@code OMP_WAIT_POLICY=passive} (else idle threads of one library spin against the other's)
 * and, on AMD processors whose AVX-512 OpenBLAS does not recognise, {@code
 * OPENBLAS_CORETYPE=SkylakeX} (about twice the speed of a matrix product on Zen 5).
 *
 * <p>{@code -Dantaboga.blas=asis} leaves the environment alone.
 */
public final class Blas {
  private static final System.Logger LOGGER = System.getLogger(Blas.class.getName());

  /** Where JNA finds the C library's function. */
  interface CLibrary extends Library {
    int setenv(String name, String value, int overwrite);
  }

  private Blas() {}

  private static final class Prepared {
    static final String REPORT = prepareOnce();
  }

  /**
   * Prepares the environment, once; must run before the first use of an ND4J class.
   *
   * @return what was set, in one line
   */
  public static String prepare() {
    return Prepared.REPORT;
  }

  private static String prepareOnce() {
    String report;
    if ("asis".equals(System.getProperty("antaboga.blas"))) {
      report = "environment left alone (antaboga.blas=asis)";
    } else if (System.getProperty("os.name").startsWith("Windows")) {
      report = "environment left alone (Windows)";
    } else {
      var wanted = new TreeMap<String, String>();
      wanted.put("OMP_WAIT_POLICY", "passive");
      if (amdWithAvx512()) {
        wanted.put("OPENBLAS_CORETYPE", "SkylakeX");
      }
      wanted.keySet().removeIf(name -> System.getenv(name) != null);
      var library = Native.load("c", CLibrary.class);
      wanted.forEach((name, value) -> library.setenv(name, value, 1));
      report =
          wanted.isEmpty()
              ? "environment as the user set it"
              : wanted.entrySet().stream()
                  .map(e -> e.getKey() + "=" + e.getValue())
                  .collect(Collectors.joining(" ", "set ", ""));
    }
    LOGGER.log(Level.DEBUG, report);
    return report;
  }

  private static boolean amdWithAvx512() {
    var cpuinfo = Path.of("/proc/cpuinfo");
    if (!Files.isReadable(cpuinfo)) {
      return false;
    }
    try (var lines = Files.lines(cpuinfo)) {
      var words =
          lines
              .limit(40)
              .flatMap(line -> java.util.Arrays.stream(line.split("\\s+")))
              .collect(Collectors.toSet());
      return words.contains("AuthenticAMD")
          && words.containsAll(Set.of("avx512f", "avx512bw", "avx512dq", "avx512vl"));
    } catch (IOException e) {
      return false; // no /proc: the library's own choice stands
    }
  }
}
