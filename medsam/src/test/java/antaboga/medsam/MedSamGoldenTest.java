// SPDX-License-Identifier: Apache-2.0
package antaboga.medsam;

import antaboga.golden.GoldenRunner;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** SAM, MedSAM and their preparation of images against the original code. */
class MedSamGoldenTest {
  @TestFactory
  Stream<DynamicTest> golden() {
    var runner = GoldenRunner.of("medsam");
    PreparationCases.claim(runner);
    return runner.tests();
  }
}
