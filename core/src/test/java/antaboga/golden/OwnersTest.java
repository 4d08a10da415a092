// SPDX-License-Identifier: Apache-2.0
package antaboga.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class OwnersTest {
  @Test
  void firstMatchingLineOwns() {
    var owners = new Owners(List.of("F\\.kl_div.*\tnn", "F\\..*\tcore"));
    assertEquals("nn", owners.owner("F.kl_div of logits"));
    assertEquals("core", owners.owner("F.linear"));
  }

  @Test
  void functionOfNobodyIsCores() {
    assertEquals("core", new Owners(List.of()).owner("linear"));
  }

  @Test
  void refusesAnUnknownModule() {
    assertThrows(IllegalArgumentException.class, () -> new Owners(List.of("F\\..*\tutil")));
  }
}
