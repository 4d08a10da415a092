// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The body of one kernel that this process uses: the best that is available, or the one that a
 * system property names. Made at first use; a forced body that cannot run is refused each time in
 * the same words.
 */
public final class Choice<K> {
  /** A body that is not used, and why. */
  public record Other(String name, String why) {}

  private final String property;
  private final List<Provider<K>> bodies;
  private volatile @Nullable K chosen;

  private Choice(String property, List<Provider<K>> bodies) {
    this.property = property;
    this.bodies = List.copyOf(bodies);
  }

  /** A choice among bodies, which the property may force. */
  public static <K> Choice<K> of(String property, List<Provider<K>> bodies) {
    return new Choice<>(property, bodies);
  }

  /**
   * The body.
   *
   * @throws IllegalStateException if the property names one that is unknown or cannot run here
   */
  public K get() {
    var known = chosen;
    return known != null ? known : choose();
  }

  private synchronized K choose() {
    var known = chosen;
    if (known == null) {
      known = Providers.choose(property, bodies);
      chosen = known;
    }
    return known;
  }

  /** The system property that forces a body, such as {@code antaboga.scan}. */
  public String property() {
    return property;
  }

  /** The name of the body that {@link #get} gives; throws as that does. */
  public String name() {
    return Providers.chosenName(property, bodies);
  }

  /** The bodies that are not used. */
  public List<Other> others() {
    var name = name();
    boolean forced = System.getProperty(property) != null;
    var passed = forced ? "available; " + property + " forces another" : "available, slower";
    return bodies.stream()
        .filter(body -> !body.name().equals(name))
        .map(body -> new Other(body.name(), body.unavailable().orElse(passed)))
        .toList();
  }

  @Override
  public String toString() {
    return Providers.report(property, bodies);
  }
}
