// SPDX-License-Identifier: Apache-2.0
package antaboga.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class OwnersTest {
  @Test
  void everyFunctionHasAnOwnerOrWaits() {
    var owners = Owners.load();
    var nobodys =
        Golden.load().cases().stream()
            .map(GoldenCase::function)
            .filter(function -> owners.owner(function).isEmpty() && !owners.notYet(function))
            .collect(Collectors.toSet());
    assertEquals(Set.of(), nobodys, "add them to owners.tsv");
  }

  @Test
  void firstMatchingLineOwns() {
    var owners = new Owners(List.of("F\\.kl_div.*\tnn", "F\\..*\tcore"), List.of());
    assertEquals("nn", owners.owner("F.kl_div of logits"));
    assertEquals("core", owners.owner("F.linear"));
    assertEquals("", owners.owner("linear"));
  }

  @Test
  void refusesAnUnknownModule() {
    assertThrows(
        IllegalArgumentException.class, () -> new Owners(List.of("F\\..*\tutil"), List.of()));
  }
}
