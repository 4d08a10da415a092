// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import com.sun.jna.Library;
import com.sun.jna.Native;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Sets what the native libraries read from the environment when they load, unless the user already
 * has: {@code OMP_WAIT_POLICY=passive} (else idle threads of one library spin against the other's)
 * and, on AMD processors whose AVX-512 OpenBLAS does not recognise, {@code
 * OPENBLAS_CORETYPE=SkylakeX} (about twice the speed of a matrix product on Zen 5).
 *
 * <p>{@code -Dantaboga.blas=asis} leaves the environment alone, and BLAS its own threads, which
 * {@link Gemm} otherwise replaces by the workers.
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
   * @throws IllegalStateException if ND4J's backend has no code for this machine's CUDA device
   */
  public static String prepare() {
    Backend.require();
    ShapeCache.install();
    return Prepared.REPORT;
  }

  /** Whether the user keeps BLAS as it is, its own threads included. */
  static boolean asIs() {
    return "asis".equals(System.getProperty("antaboga.blas"));
  }

  private static String prepareOnce() {
    var report = "environment left alone";
    if (asIs()) {
      report += " (antaboga.blas=asis)";
    } else if (System.getProperty("os.name").startsWith("Windows")) {
      report += " (Windows)";
    } else {
      var missing = wanted(cpuinfo());
      missing.keySet().removeAll(System.getenv().keySet());
      if (!missing.isEmpty()) {
        var library = Native.load("c", CLibrary.class);
        missing.forEach((name, value) -> library.setenv(name, value, 1));
        report =
            missing.entrySet().stream()
                .map(e -> e.getKey() + "=" + e.getValue())
                .collect(Collectors.joining(" ", "set ", ""));
      }
    }
    LOGGER.log(Level.DEBUG, report);
    return report;
  }

  /** What the libraries should read on a processor that the text of /proc/cpuinfo describes. */
  static Map<String, String> wanted(String cpuinfo) {
    var wanted = new TreeMap<>(Map.of("OMP_WAIT_POLICY", "passive"));
    var words = new HashSet<>(List.of(cpuinfo.split("\\s+")));
    if (words.contains("AuthenticAMD")
        && words.containsAll(Set.of("avx512f", "avx512bw", "avx512dq", "avx512vl"))) {
      wanted.put("OPENBLAS_CORETYPE", "SkylakeX");
    }
    return wanted;
  }

  private static String cpuinfo() {
    try {
      return Files.readString(Path.of("/proc/cpuinfo"));
    } catch (IOException e) {
      return ""; // not Linux: the library's own choice stands
    }
  }
}
