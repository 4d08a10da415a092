// SPDX-License-Identifier: Apache-2.0
package antaboga.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import antaboga.Op;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Every operation of the package has a case in {@link GradCheckTest}, found by its name. */
class EveryOperationTest {
  @Test
  void everyOperationHasAGradientCheck() throws Exception {
    var operations = operations();
    assertFalse(operations.isEmpty(), "no operation found");
    var checked =
        GradCheckTest.names().map(name -> name.split(" ", -1)[0]).collect(Collectors.toSet());
    var missing =
        operations.stream()
            .filter(op -> !checked.contains(op.getSimpleName()) && !checked.contains(nested(op)))
            .map(EveryOperationTest::nested)
            .toList();
    assertEquals(List.of(), missing, "operations without a case in GradCheckTest");
  }

  private static String nested(Class<?> operation) {
    return operation.getName().replaceFirst(".*\\.", "").replace('$', '.');
  }

  private static List<Class<?>> operations() throws IOException, URISyntaxException {
    var folder =
        Path.of(Arrays.class.getProtectionDomain().getCodeSource().getLocation().toURI())
            .resolve("antaboga/ops");
    try (var files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".class") && !name.startsWith("package-info"))
          .sorted()
          .<Class<?>>map(name -> load("antaboga.ops." + name.replace(".class", "")))
          .filter(type -> type.isRecord() && Op.class.isAssignableFrom(type))
          .toList();
    }
  }

  private static Class<?> load(String name) {
    try {
      return Class.forName(name);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }
}
