// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import java.net.URL;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * ND4J's CUDA backend holds machine code for some compute capabilities and nothing that a newer
 * driver could compile. On another device it would fail in its first kernel, so this is asked
 * before ND4J loads it.
 */
final class Backend {
  private static final String CLASS = "org/nd4j/linalg/jcublas/JCublasBackend.class";

  /** Of nd4j-cuda-11.6 1.0.0-M2.1, read from its binary; times ten. */
  private static final List<Integer> CODE = List.of(37, 50, 52, 60, 61, 70, 75, 80, 86);

  private Backend() {}

  private static final class Found {
    static final @Nullable String REFUSAL = search();

    private static @Nullable String search() {
      var backend = resource();
      var capability = backend == null ? Optional.<Integer>empty() : Cuda.capability();
      return capability.flatMap(c -> refusal(name(String.valueOf(backend)), c)).orElse(null);
    }
  }

  private static @Nullable URL resource() {
    return Backend.class.getClassLoader().getResource(CLASS);
  }

  /** Whether ND4J's CUDA backend is on the class path. */
  static boolean isCuda() {
    return resource() != null;
  }

  /**
   * Refuses a device that ND4J's CUDA backend, where it is on the class path, has no code for.
   *
   * @throws IllegalStateException with the reason and the way out
   */
  static void require() {
    if (Found.REFUSAL != null) {
      throw new IllegalStateException(Found.REFUSAL);
    }
  }

  /** The artifact that a class was loaded from. */
  static String name(String location) {
    var found = Pattern.compile("nd4j-cuda-\\d+\\.\\d+").matcher(location);
    return found.find() ? found.group() : "nd4j-cuda";
  }

  /**
   * Why a backend cannot run on a device, if so. Machine code runs on later devices of its own
   * generation: 8.6 on 8.9, not on 9.0.
   *
   * @param capability compute capability, times ten
   */
  static Optional<String> refusal(String backend, int capability) {
    if (CODE.stream().anyMatch(code -> code / 10 == capability / 10 && code <= capability)) {
      return Optional.empty();
    }
    return Optional.of(
        "%s has no code for compute capability %.1f (it has %.1f to %.1f); use nd4j-native%s"
            .formatted(
                backend,
                capability / 10.0,
                CODE.get(0) / 10.0,
                CODE.get(CODE.size() - 1) / 10.0,
                capability < Cuda.OLDEST ? "" : " with -Dantaboga.scan=cuda"));
  }
}
