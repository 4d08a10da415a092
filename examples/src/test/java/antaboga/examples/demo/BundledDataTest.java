// SPDX-License-Identifier: Apache-2.0
package antaboga.examples.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import antaboga.examples.run.DataFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What the README of the bundled images says of their lists. */
class BundledDataTest {
  private static final Path DATA = Path.of("data", "nuclei");

  @Test
  void noImageIsInTwoLists() throws IOException {
    var lists = new HashMap<String, String>(); // original image to list
    var lines = Files.readAllLines(DATA.resolve("manifest.csv"));
    for (var line : lines.subList(1, lines.size())) {
      var cells = line.split(",", -1);
      var before = lists.putIfAbsent(cells[2], cells[1]);
      assertTrue(before == null || before.equals(cells[1]), line);
    }
    assertEquals(Set.of("train", "val", "test", "source"), Set.copyOf(lists.values()));
  }

  @Test
  void everyListIsComplete() {
    var folder = DataFolder.open(DATA);
    assertEquals(
        List.of(40, 7, 60, 56),
        List.of("train", "val", "test", "source").stream()
            .map(list -> folder.samples(list).size())
            .toList());
  }

  @Test
  void labelledListsAreNested() {
    var folder = DataFolder.open(DATA);
    var two = folder.divide(5, 1).labelled();
    var four = folder.divide(10, 1).labelled();
    var eight = folder.divide(20, 1).labelled();
    assertEquals(List.of(2, 4, 8), List.of(two.size(), four.size(), eight.size()));
    assertTrue(four.containsAll(two) && eight.containsAll(four));
  }
}
