// SPDX-License-Identifier: Apache-2.0
package antaboga.golden;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;

class GoldenTest {
  private static final List<String> GROUPS =
      List.of("inputs", "weights", "upstream", "outputs", "grads", "grads_with_last_state");

  @Test
  void everyArrayHasTheShapeOfTheManifest() {
    for (var c : Golden.load().cases()) {
      for (var group : GROUPS) {
        for (var name : c.group(group).names()) {
          var array = c.group(group).array(name);
          assertArrayEquals(array.shape(), array.read().shape(), c.id() + " " + group + "." + name);
        }
      }
    }
  }

  @Test
  void stateDictHasItsNamesAndSizes() {
    int found = 0;
    for (var c : Golden.load().cases()) {
      if (c.hasFile("state_dict")) {
        var state = c.state("state_dict");
        assertEquals(c.files().get("state_dict").get("tensors").asInt(), state.size(), c.id());
        assertEquals(
            c.files().get("state_dict").get("total").asLong(),
            state.values().stream().mapToLong(x -> x.length()).sum(),
            c.id());
        found++;
      }
    }
    assertTrue(found > 0);
  }

  @Test
  void sliceIsAtMostEightMegabytes() throws IOException {
    try (var files = Files.walk(Golden.slice())) {
      long bytes = files.filter(Files::isRegularFile).mapToLong(f -> f.toFile().length()).sum();
      assertTrue(bytes <= 8 << 20, bytes + " bytes");
    }
  }
}
