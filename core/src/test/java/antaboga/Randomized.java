// SPDX-License-Identifier: Apache-2.0
package antaboga;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContextProvider;

/**
 * A test of a property, run several times with a generator as its argument. The seeds follow from
 * the test's name and stand in each run's name; {@code -Dantaboga.seed=5DEECE66D} runs that one
 * alone.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@TestTemplate
@ExtendWith(Randomized.Seeds.class)
public @interface Randomized {
  /** How many runs. */
  int times() default 20;

  /** Gives each run its seed. */
  final class Seeds implements TestTemplateInvocationContextProvider {
    @Override
    public boolean supportsTestTemplate(ExtensionContext context) {
      return true;
    }

    @Override
    public Stream<TestTemplateInvocationContext> provideTestTemplateInvocationContexts(
        ExtensionContext context) {
      var method = context.getRequiredTestMethod();
      var chosen = System.getProperty("antaboga.seed", "");
      if (!chosen.isBlank()) {
        return Stream.of(new Run(Long.parseUnsignedLong(chosen, 16)));
      }
      var names = new Random((context.getRequiredTestClass().getName() + method).hashCode());
      return LongStream.generate(names::nextLong)
          .limit(method.getAnnotation(Randomized.class).times())
          .mapToObj(Run::new);
    }
  }

  /** One run. */
  record Run(long seed) implements TestTemplateInvocationContext, ParameterResolver {
    @Override
    public String getDisplayName(int invocation) {
      return "-Dantaboga.seed=" + Long.toHexString(seed).toUpperCase(java.util.Locale.ROOT);
    }

    @Override
    public List<Extension> getAdditionalExtensions() {
      return List.of(this);
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
      return parameter.getParameter().getType() == Random.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
      return new Random(seed);
    }
  }
}
