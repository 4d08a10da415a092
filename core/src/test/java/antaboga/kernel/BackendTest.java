// SPDX-License-Identifier: Apache-2.0
package antaboga.kernel;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BackendTest {
  private static final String NAME = "nd4j-cuda-11.6";

  @ParameterizedTest
  @ValueSource(ints = {37, 50, 52, 53, 60, 61, 62, 70, 72, 75, 80, 86, 87, 89})
  void takesDevicesOfTheGenerationsThatItHasCodeFor(int capability) {
    assertEquals(Optional.empty(), Backend.refusal(NAME, capability));
  }

  @ParameterizedTest
  @ValueSource(ints = {90, 100, 103, 110, 120, 121})
  void refusesNewerDevicesWithTheWayOut(int capability) {
    assertEquals(
        "nd4j-cuda-11.6 has no code for compute capability %.1f (it has 3.7 to 8.6); use nd4j-native"
                .formatted(capability / 10.0)
            + " with -Dantaboga.scan=cuda",
        Backend.refusal(NAME, capability).orElseThrow());
  }

  @Test
  void doesNotSendOldDevicesToKernelsThatNeedNewerOnes() {
    assertEquals(
        "nd4j-cuda-11.6 has no code for compute capability 3.5 (it has 3.7 to 8.6); use nd4j-native",
        Backend.refusal(NAME, 35).orElseThrow());
  }

  @Test
  void readsTheArtifactOffTheLocation() {
    assertEquals(NAME, Backend.name("jar:file:/m2/nd4j-cuda-11.6-1.0.0-M2.1.jar!/org/nd4j"));
    assertEquals("nd4j-cuda", Backend.name("jar:file:/app/all.jar!/org/nd4j"));
  }

  @Test
  void hasNothingAgainstTheNativeBackend() {
    assertDoesNotThrow(Backend::require);
  }
}
