// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import java.lang.System.Logger.Level;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The choice among the implementations of one kernel. */
public final class Providers {
  private static final System.Logger LOGGER = System.getLogger(Providers.class.getName());

  private Providers() {}

  /** The plain loops that specify a kernel; always available. */
  public static <K> Provider<K> scalar(Supplier<K> create) {
    return new Simple<>("scalar", 0, Optional::empty, create);
  }

  /** A body on the Vector API; {@code create} is called only where the module is present. */
  public static <K> Provider<K> vector(Supplier<K> create) {
    return new Simple<>("vector", 10, Providers::vectorUnavailable, create);
  }

  /** A body on a CUDA device; taken only where it is forced, since arrays must travel there. */
  public static <K> Provider<K> cuda(Supplier<K> create) {
    return new Simple<>("cuda", -10, Cuda::unavailable, create);
  }

  /** How many floats the vector bodies handle at once; empty where they cannot run. */
  public static OptionalInt lanes() {
    return vectorUnavailable().isPresent()
        ? OptionalInt.empty()
        : OptionalInt.of(VectorLanes.floats());
  }

  private static Optional<String> vectorUnavailable() {
    return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()
        ? Optional.empty()
        : Optional.of("start java with --add-modules jdk.incubator.vector");
  }

  /**
   * The implementation named by the system property, else the best that is available.
   *
   * @param property the system property that forces one, such as {@code antaboga.scan}
   * @throws IllegalStateException if the property names an unknown or an unavailable one; a forced
   *     choice is never replaced silently
   */
  public static <K> K choose(String property, List<? extends Provider<K>> all) {
    return chosen(property, System.getProperty(property), all).create();
  }

  private static <K> Provider<K> chosen(
      String property, @Nullable String forced, List<? extends Provider<K>> all) {
    if (forced != null) {
      var provider =
          all.stream()
              .filter(p -> p.name().equals(forced))
              .findFirst()
              .orElseThrow(
                  () ->
                      new IllegalStateException(
                          property + "=" + forced + ": expected one of " + names(all)));
      provider
          .unavailable()
          .ifPresent(
              reason -> {
                throw new IllegalStateException(property + "=" + forced + ": " + reason);
              });
      return provider;
    }
    var best =
        all.stream()
            .sorted(Comparator.<Provider<K>>comparingInt(Provider::rank).reversed())
            .filter(p -> p.unavailable().isEmpty()) // asked only until one is available
            .findFirst()
            .orElseThrow(() -> new IllegalStateException(report(property, all)));
    LOGGER.log(Level.DEBUG, () -> property + "=" + best.name() + "; " + report(property, all));
    return best;
  }

  /** The name of the implementation that {@link #choose} takes. */
  public static <K> String chosenName(String property, List<? extends Provider<K>> all) {
    return chosen(property, System.getProperty(property), all).name();
  }

  /** One line on each implementation: available, or why not. */
  public static <K> String report(String property, List<? extends Provider<K>> all) {
    return all.stream()
        .map(p -> p.name() + ": " + p.unavailable().orElse("available"))
        .collect(Collectors.joining("; ", property + " [", "]"));
  }

  private static <K> String names(List<? extends Provider<K>> all) {
    return all.stream().map(Provider::name).collect(Collectors.joining(", "));
  }

  private record Simple<K>(String name, int rank, Supplier<Optional<String>> why, Supplier<K> body)
      implements Provider<K> {
    @Override
    public Optional<String> unavailable() {
      return why.get();
    }

    @Override
    public K create() {
      return body.get();
    }
  }
}
