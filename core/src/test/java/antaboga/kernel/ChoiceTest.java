// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ChoiceTest {
  private static final String PROPERTY = "antaboga.choicetest";

  private record Body(String name, int rank, Optional<String> unavailable)
      implements Provider<String> {
    @Override
    public String create() {
      return name + " body";
    }
  }

  private static final Provider<String> SLOW = new Body("slow", 0, Optional.empty());
  private static final Provider<String> FAST = new Body("fast", 10, Optional.empty());
  private static final Provider<String> ABSENT = new Body("absent", 20, Optional.of("plug it in"));

  private final Choice<String> choice = Choice.of(PROPERTY, List.of(SLOW, FAST, ABSENT));

  @AfterEach
  void forceNothing() {
    System.clearProperty(PROPERTY);
  }

  @Test
  void takesTheBestThatIsAvailableAndKeepsIt() {
    assertEquals("fast body", choice.get());
    assertSame(choice.get(), choice.get());
    assertEquals("fast", choice.name());
  }

  @Test
  void saysWhyNotAnother() {
    assertEquals(
        List.of(
            new Choice.Other("slow", "available, slower"),
            new Choice.Other("absent", "plug it in")),
        choice.others());
    System.setProperty(PROPERTY, "slow");
    assertTrue(choice.others().get(0).why().contains(PROPERTY), choice.others().toString());
  }

  @Test
  void refusesAForcedBodyThatCannotRunEachTimeInTheSameWords() {
    System.setProperty(PROPERTY, "absent");
    for (int i = 0; i < 2; i++) {
      var e = assertThrows(IllegalStateException.class, choice::get);
      assertEquals(PROPERTY + "=absent: plug it in", e.getMessage());
    }
  }

  @Test
  void refusesANameThatIsUnknown() {
    System.setProperty(PROPERTY, "cuda");
    var e = assertThrows(IllegalStateException.class, choice::get);
    assertEquals(PROPERTY + "=cuda: expected one of slow, fast, absent", e.getMessage());
  }
}
